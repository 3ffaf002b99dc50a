-- By hand: the sessions in the shape that reports written for the former system
-- read.
-- +goose Up
CREATE VIEW "user_sessions" AS
  SELECT "id", "user_id", "created_at", "last_activity_at" AS "last_activity", "expires_at",
         "status" = 'ACTIVE' AND "idle_expires_at" > now() AND "expires_at" > now() AS "is_active",
         "ip_address", "user_agent"
    FROM "enhanced_user_sessions"
   WHERE "deleted_at" IS NULL;
