-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
BEGIN IMMEDIATE;
-- add column "acting_for" to table: "audit_logs"
ALTER TABLE `audit_logs` ADD COLUMN `acting_for` uuid NULL;
-- add column "acting_for" to table: "operation_logs"
ALTER TABLE `operation_logs` ADD COLUMN `acting_for` uuid NULL;
-- create "new_refresh_tokens" table
CREATE TABLE `new_refresh_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `deleted_at` datetime NULL, `retention_until` datetime NULL, `token_hash` blob NOT NULL, `generation` integer NOT NULL, `parent_id` uuid NULL, `replaced_by` uuid NULL, `successor_sealed` blob NULL, `reuse_count` integer NOT NULL DEFAULT (0), `ip_address` text NOT NULL DEFAULT (''), `user_agent` text NOT NULL DEFAULT (''), `expires_at` datetime NOT NULL, `used_at` datetime NULL, `revoked_at` datetime NULL, `revoke_reason` text NULL, `user_id` uuid NOT NULL, `session_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `refresh_tokens_users_refresh_tokens` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `refresh_tokens_enhanced_user_sessions_refresh_tokens` FOREIGN KEY (`session_id`) REFERENCES `enhanced_user_sessions` (`id`) ON DELETE NO ACTION);
-- copy rows from old table "refresh_tokens" to new temporary table "new_refresh_tokens"
INSERT INTO `new_refresh_tokens` (`id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `deleted_at`, `retention_until`, `token_hash`, `generation`, `ip_address`, `user_agent`, `expires_at`, `used_at`, `revoked_at`, `revoke_reason`, `user_id`, `session_id`) SELECT `id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `deleted_at`, `retention_until`, `token_hash`, `generation`, `ip_address`, `user_agent`, `expires_at`, `used_at`, `revoked_at`, `revoke_reason`, `user_id`, `session_id` FROM `refresh_tokens`;
-- drop "refresh_tokens" table after copying rows
DROP TABLE `refresh_tokens`;
-- rename temporary table "new_refresh_tokens" to "refresh_tokens"
ALTER TABLE `new_refresh_tokens` RENAME TO `refresh_tokens`;
-- create index "refreshtoken_token_hash" to table: "refresh_tokens"
CREATE UNIQUE INDEX `refreshtoken_token_hash` ON `refresh_tokens` (`token_hash`);
-- create index "refreshtoken_session_id_generation" to table: "refresh_tokens"
CREATE UNIQUE INDEX `refreshtoken_session_id_generation` ON `refresh_tokens` (`session_id`, `generation`);
-- create index "refreshtoken_user_id" to table: "refresh_tokens"
CREATE INDEX `refreshtoken_user_id` ON `refresh_tokens` (`user_id`);
-- add column "lock_reason" to table: "users"
ALTER TABLE `users` ADD COLUMN `lock_reason` text NULL;
-- by hand: SQLite renames no table while a view names one that is not there
DROP VIEW IF EXISTS `user_sessions`;
-- create "new_enhanced_user_sessions" table
CREATE TABLE `new_enhanced_user_sessions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `deleted_at` datetime NULL, `retention_until` datetime NULL, `status` text NOT NULL DEFAULT ('ACTIVE'), `device_name` text NULL, `fingerprint_hash` text NULL, `ip_address` text NOT NULL DEFAULT (''), `last_ip_address` text NOT NULL DEFAULT (''), `user_agent` text NOT NULL DEFAULT (''), `authenticated_at` datetime NOT NULL, `amr` json NOT NULL DEFAULT '["pwd"]', `reauthenticated_at` datetime NULL, `impersonation_reason` text NULL, `last_activity_at` datetime NOT NULL, `idle_expires_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `ended_at` datetime NULL, `end_reason` text NULL, `user_id` uuid NOT NULL, `impersonator_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `enhanced_user_sessions_users_sessions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `enhanced_user_sessions_users_impersonations` FOREIGN KEY (`impersonator_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- copy rows from old table "enhanced_user_sessions" to new temporary table "new_enhanced_user_sessions"
INSERT INTO `new_enhanced_user_sessions` (`id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `deleted_at`, `retention_until`, `status`, `device_name`, `fingerprint_hash`, `ip_address`, `user_agent`, `authenticated_at`, `last_activity_at`, `idle_expires_at`, `expires_at`, `ended_at`, `end_reason`, `user_id`) SELECT `id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `deleted_at`, `retention_until`, `status`, `device_name`, `fingerprint_hash`, `ip_address`, `user_agent`, `authenticated_at`, `last_activity_at`, `idle_expires_at`, `expires_at`, `ended_at`, `end_reason`, `user_id` FROM `enhanced_user_sessions`;
-- drop "enhanced_user_sessions" table after copying rows
DROP TABLE `enhanced_user_sessions`;
-- rename temporary table "new_enhanced_user_sessions" to "enhanced_user_sessions"
ALTER TABLE `new_enhanced_user_sessions` RENAME TO `enhanced_user_sessions`;
-- by hand: the view again
CREATE VIEW `user_sessions` AS
  SELECT `id`, `user_id`, `created_at`, `last_activity_at` AS `last_activity`, `expires_at`,
         `status` = 'ACTIVE' AND `idle_expires_at` > strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')
           AND `expires_at` > strftime('%Y-%m-%d %H:%M:%f+00:00', 'now') AS `is_active`,
         `ip_address`, `user_agent`
    FROM `enhanced_user_sessions`
   WHERE `deleted_at` IS NULL;
-- create index "usersession_user_id_status" to table: "enhanced_user_sessions"
CREATE INDEX `usersession_user_id_status` ON `enhanced_user_sessions` (`user_id`, `status`);
-- create index "usersession_idle_expires_at" to table: "enhanced_user_sessions"
CREATE INDEX `usersession_idle_expires_at` ON `enhanced_user_sessions` (`idle_expires_at`);
-- create index "usersession_impersonator_id" to table: "enhanced_user_sessions"
CREATE INDEX `usersession_impersonator_id` ON `enhanced_user_sessions` (`impersonator_id`);
-- create "api_tokens" table
CREATE TABLE `api_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `name` text NOT NULL, `hint` text NOT NULL, `token_hash` blob NOT NULL, `scopes` json NOT NULL, `expires_at` datetime NOT NULL, `last_used_at` datetime NULL, `last_used_ip` text NOT NULL DEFAULT (''), `revoked_at` datetime NULL, `revoke_reason` text NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `api_tokens_users_api_tokens` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- create index "apitoken_token_hash" to table: "api_tokens"
CREATE UNIQUE INDEX `apitoken_token_hash` ON `api_tokens` (`token_hash`);
-- create index "apitoken_user_id_id" to table: "api_tokens"
CREATE INDEX `apitoken_user_id_id` ON `api_tokens` (`user_id`, `id`);
-- create index "apitoken_expires_at" to table: "api_tokens"
CREATE INDEX `apitoken_expires_at` ON `api_tokens` (`expires_at`);
-- create "authenticators" table
CREATE TABLE `authenticators` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `kind` text NOT NULL, `name` text NOT NULL, `secret_sealed` blob NULL, `last_step` integer NOT NULL DEFAULT (0), `credential_id` blob NULL, `credential` blob NULL, `confirmed_at` datetime NULL, `last_used_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `authenticators_users_authenticators` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- create index "authenticator_user_id_kind" to table: "authenticators"
CREATE INDEX `authenticator_user_id_kind` ON `authenticators` (`user_id`, `kind`);
-- create index "authenticator_credential_id" to table: "authenticators"
CREATE UNIQUE INDEX `authenticator_credential_id` ON `authenticators` (`credential_id`) WHERE credential_id IS NOT NULL;
-- create "blacklisted_tokens" table
CREATE TABLE `blacklisted_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `kind` text NOT NULL, `token_hash` blob NOT NULL, `session_id` uuid NULL, `token_epoch` integer NULL, `reason` text NOT NULL, `revoked_at` datetime NOT NULL, `expires_at` datetime NOT NULL, `ip_address` text NOT NULL DEFAULT (''), `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `blacklisted_tokens_users_blacklisted_tokens` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- create index "blacklistedtoken_token_hash" to table: "blacklisted_tokens"
CREATE UNIQUE INDEX `blacklistedtoken_token_hash` ON `blacklisted_tokens` (`token_hash`);
-- create index "blacklistedtoken_user_id" to table: "blacklisted_tokens"
CREATE INDEX `blacklistedtoken_user_id` ON `blacklisted_tokens` (`user_id`);
-- create index "blacklistedtoken_created_at" to table: "blacklisted_tokens"
CREATE INDEX `blacklistedtoken_created_at` ON `blacklisted_tokens` (`created_at`);
-- create index "blacklistedtoken_expires_at" to table: "blacklisted_tokens"
CREATE INDEX `blacklistedtoken_expires_at` ON `blacklisted_tokens` (`expires_at`);
-- create "one_time_tokens" table
CREATE TABLE `one_time_tokens` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `purpose` text NOT NULL, `token_hash` blob NOT NULL, `payload` blob NULL, `bound_to` blob NULL, `attempts` integer NOT NULL DEFAULT (0), `expires_at` datetime NOT NULL, `used_at` datetime NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `one_time_tokens_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "onetimetoken_token_hash" to table: "one_time_tokens"
CREATE UNIQUE INDEX `onetimetoken_token_hash` ON `one_time_tokens` (`token_hash`);
-- create index "onetimetoken_user_id_purpose" to table: "one_time_tokens"
CREATE INDEX `onetimetoken_user_id_purpose` ON `one_time_tokens` (`user_id`, `purpose`);
-- create index "onetimetoken_expires_at" to table: "one_time_tokens"
CREATE INDEX `onetimetoken_expires_at` ON `one_time_tokens` (`expires_at`);
-- create "outbox_messages" table
CREATE TABLE `outbox_messages` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `channel` text NOT NULL, `template` text NOT NULL, `recipient` text NOT NULL, `content_sealed` blob NULL, `status` text NOT NULL DEFAULT ('PENDING'), `attempts` integer NOT NULL DEFAULT (0), `next_attempt_at` datetime NOT NULL, `sent_at` datetime NULL, `last_error` text NOT NULL DEFAULT (''), `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `outbox_messages_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "outboxmessage_status_next_attempt_at" to table: "outbox_messages"
CREATE INDEX `outboxmessage_status_next_attempt_at` ON `outbox_messages` (`status`, `next_attempt_at`);
-- create index "outboxmessage_user_id" to table: "outbox_messages"
CREATE INDEX `outboxmessage_user_id` ON `outbox_messages` (`user_id`);
-- create index "outboxmessage_created_at" to table: "outbox_messages"
CREATE INDEX `outboxmessage_created_at` ON `outbox_messages` (`created_at`);
-- create "password_histories" table
CREATE TABLE `password_histories` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `password_hash` text NOT NULL, `changed_at` datetime NOT NULL, `user_id` uuid NOT NULL, `changed_by_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `password_histories_users_password_history` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `password_histories_users_password_changes` FOREIGN KEY (`changed_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "passwordhistory_user_id_id" to table: "password_histories"
CREATE INDEX `passwordhistory_user_id_id` ON `password_histories` (`user_id`, `id`);
-- create index "passwordhistory_changed_by_id" to table: "password_histories"
CREATE INDEX `passwordhistory_changed_by_id` ON `password_histories` (`changed_by_id`);
-- create "rate_limit_logs" table
CREATE TABLE `rate_limit_logs` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `scope` text NOT NULL, `key` text NOT NULL, `action` text NOT NULL, `attempts` integer NOT NULL, `window_start` datetime NOT NULL, `window_end` datetime NOT NULL, `last_attempt_at` datetime NOT NULL, `blocked_until` datetime NOT NULL, `user_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `rate_limit_logs_users_rate_limit_logs` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "ratelimitlog_blocked_until_id" to table: "rate_limit_logs"
CREATE INDEX `ratelimitlog_blocked_until_id` ON `rate_limit_logs` (`blocked_until`, `id`);
-- create index "ratelimitlog_user_id" to table: "rate_limit_logs"
CREATE INDEX `ratelimitlog_user_id` ON `rate_limit_logs` (`user_id`);
-- create index "ratelimitlog_scope_key" to table: "rate_limit_logs"
CREATE INDEX `ratelimitlog_scope_key` ON `rate_limit_logs` (`scope`, `key`);
-- create index "ratelimitlog_created_at" to table: "rate_limit_logs"
CREATE INDEX `ratelimitlog_created_at` ON `rate_limit_logs` (`created_at`);
-- create "recovery_codes" table
CREATE TABLE `recovery_codes` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `code_hash` blob NOT NULL, `used_at` datetime NULL, `user_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `recovery_codes_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION);
-- create index "recoverycode_user_id_code_hash" to table: "recovery_codes"
CREATE UNIQUE INDEX `recoverycode_user_id_code_hash` ON `recovery_codes` (`user_id`, `code_hash`);
-- create "session_logs" table
CREATE TABLE `session_logs` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `ip_address` text NOT NULL DEFAULT (''), `user_agent` text NOT NULL DEFAULT (''), `request_id` text NOT NULL DEFAULT (''), `operation` text NOT NULL DEFAULT (''), `acting_for` uuid NULL, `event` text NOT NULL, `details` text NOT NULL DEFAULT (''), `user_id` uuid NOT NULL, `session_id` uuid NOT NULL, PRIMARY KEY (`id`), CONSTRAINT `session_logs_users_session_logs` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `session_logs_enhanced_user_sessions_logs` FOREIGN KEY (`session_id`) REFERENCES `enhanced_user_sessions` (`id`) ON DELETE NO ACTION);
-- create index "sessionlog_session_id_id" to table: "session_logs"
CREATE INDEX `sessionlog_session_id_id` ON `session_logs` (`session_id`, `id`);
-- create index "sessionlog_user_id_id" to table: "session_logs"
CREATE INDEX `sessionlog_user_id_id` ON `session_logs` (`user_id`, `id`);
-- create index "sessionlog_event_id" to table: "session_logs"
CREATE INDEX `sessionlog_event_id` ON `session_logs` (`event`, `id`);
-- create index "sessionlog_created_at" to table: "session_logs"
CREATE INDEX `sessionlog_created_at` ON `session_logs` (`created_at`);
-- create "signing_keys" table
CREATE TABLE `signing_keys` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `kid` text NOT NULL, `state` text NOT NULL, `public_key` blob NOT NULL, `private_sealed` blob NULL, `activated_at` datetime NULL, `retired_at` datetime NULL, `revoked_at` datetime NULL, PRIMARY KEY (`id`));
-- create index "signingkey_kid" to table: "signing_keys"
CREATE UNIQUE INDEX `signingkey_kid` ON `signing_keys` (`kid`);
-- create index "signingkey_state" to table: "signing_keys"
CREATE INDEX `signingkey_state` ON `signing_keys` (`state`);
COMMIT;
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
