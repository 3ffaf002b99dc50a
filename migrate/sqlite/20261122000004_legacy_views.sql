-- By hand: the sessions in the shape that reports written for the former system
-- read. A migration that rebuilds the table has to drop the view before and make
-- it again after.
-- +goose Up
CREATE VIEW `user_sessions` AS
  SELECT `id`, `user_id`, `created_at`, `last_activity_at` AS `last_activity`, `expires_at`,
         `status` = 'ACTIVE' AND `idle_expires_at` > strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')
           AND `expires_at` > strftime('%Y-%m-%d %H:%M:%f+00:00', 'now') AS `is_active`,
         `ip_address`, `user_agent`
    FROM `enhanced_user_sessions`
   WHERE `deleted_at` IS NULL;
