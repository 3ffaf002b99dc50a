-- +goose Up
-- modify "audit_logs" table
ALTER TABLE "audit_logs" ADD COLUMN "acting_for" uuid NULL;
-- create "signing_keys" table
CREATE TABLE "signing_keys" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "kid" character varying NOT NULL, "state" character varying NOT NULL, "public_key" bytea NOT NULL, "private_sealed" bytea NULL, "activated_at" timestamptz NULL, "retired_at" timestamptz NULL, "revoked_at" timestamptz NULL, PRIMARY KEY ("id"));
-- create index "signingkey_kid" to table: "signing_keys"
CREATE UNIQUE INDEX "signingkey_kid" ON "signing_keys" ("kid");
-- create index "signingkey_state" to table: "signing_keys"
CREATE INDEX "signingkey_state" ON "signing_keys" ("state");
-- modify "operation_logs" table
ALTER TABLE "operation_logs" ADD COLUMN "acting_for" uuid NULL;
-- modify "refresh_tokens" table
ALTER TABLE "refresh_tokens" ADD COLUMN "parent_id" uuid NULL, ADD COLUMN "replaced_by" uuid NULL, ADD COLUMN "successor_sealed" bytea NULL, ADD COLUMN "reuse_count" integer NOT NULL DEFAULT 0;
-- modify "users" table
ALTER TABLE "users" ADD COLUMN "lock_reason" character varying NULL;
-- create "api_tokens" table
CREATE TABLE "api_tokens" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "name" character varying NOT NULL, "hint" character varying NOT NULL, "token_hash" bytea NOT NULL, "scopes" jsonb NOT NULL, "expires_at" timestamptz NOT NULL, "last_used_at" timestamptz NULL, "last_used_ip" character varying NOT NULL DEFAULT '', "revoked_at" timestamptz NULL, "revoke_reason" character varying NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "api_tokens_users_api_tokens" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "apitoken_expires_at" to table: "api_tokens"
CREATE INDEX "apitoken_expires_at" ON "api_tokens" ("expires_at");
-- create index "apitoken_token_hash" to table: "api_tokens"
CREATE UNIQUE INDEX "apitoken_token_hash" ON "api_tokens" ("token_hash");
-- create index "apitoken_user_id_id" to table: "api_tokens"
CREATE INDEX "apitoken_user_id_id" ON "api_tokens" ("user_id", "id");
-- create "authenticators" table
CREATE TABLE "authenticators" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "name" character varying NOT NULL, "secret_sealed" bytea NULL, "last_step" bigint NOT NULL DEFAULT 0, "credential_id" bytea NULL, "credential" bytea NULL, "confirmed_at" timestamptz NULL, "last_used_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "authenticators_users_authenticators" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "authenticator_credential_id" to table: "authenticators"
CREATE UNIQUE INDEX "authenticator_credential_id" ON "authenticators" ("credential_id") WHERE (credential_id IS NOT NULL);
-- create index "authenticator_user_id_kind" to table: "authenticators"
CREATE INDEX "authenticator_user_id_kind" ON "authenticators" ("user_id", "kind");
-- create "blacklisted_tokens" table
CREATE TABLE "blacklisted_tokens" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "kind" character varying NOT NULL, "token_hash" bytea NOT NULL, "session_id" uuid NULL, "token_epoch" integer NULL, "reason" character varying NOT NULL, "revoked_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "ip_address" character varying NOT NULL DEFAULT '', "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "blacklisted_tokens_users_blacklisted_tokens" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "blacklistedtoken_created_at" to table: "blacklisted_tokens"
CREATE INDEX "blacklistedtoken_created_at" ON "blacklisted_tokens" ("created_at");
-- create index "blacklistedtoken_expires_at" to table: "blacklisted_tokens"
CREATE INDEX "blacklistedtoken_expires_at" ON "blacklisted_tokens" ("expires_at");
-- create index "blacklistedtoken_token_hash" to table: "blacklisted_tokens"
CREATE UNIQUE INDEX "blacklistedtoken_token_hash" ON "blacklisted_tokens" ("token_hash");
-- create index "blacklistedtoken_user_id" to table: "blacklisted_tokens"
CREATE INDEX "blacklistedtoken_user_id" ON "blacklisted_tokens" ("user_id");
-- modify "enhanced_user_sessions" table
ALTER TABLE "enhanced_user_sessions" ADD COLUMN "last_ip_address" character varying NOT NULL DEFAULT '', ADD COLUMN "amr" jsonb NOT NULL DEFAULT '["pwd"]', ADD COLUMN "reauthenticated_at" timestamptz NULL, ADD COLUMN "impersonation_reason" character varying NULL, ADD COLUMN "impersonator_id" uuid NULL, ADD CONSTRAINT "enhanced_user_sessions_users_impersonations" FOREIGN KEY ("impersonator_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- create index "usersession_impersonator_id" to table: "enhanced_user_sessions"
CREATE INDEX "usersession_impersonator_id" ON "enhanced_user_sessions" ("impersonator_id");
-- create "one_time_tokens" table
CREATE TABLE "one_time_tokens" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "purpose" character varying NOT NULL, "token_hash" bytea NOT NULL, "payload" bytea NULL, "bound_to" bytea NULL, "attempts" integer NOT NULL DEFAULT 0, "expires_at" timestamptz NOT NULL, "used_at" timestamptz NULL, "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "one_time_tokens_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "onetimetoken_expires_at" to table: "one_time_tokens"
CREATE INDEX "onetimetoken_expires_at" ON "one_time_tokens" ("expires_at");
-- create index "onetimetoken_token_hash" to table: "one_time_tokens"
CREATE UNIQUE INDEX "onetimetoken_token_hash" ON "one_time_tokens" ("token_hash");
-- create index "onetimetoken_user_id_purpose" to table: "one_time_tokens"
CREATE INDEX "onetimetoken_user_id_purpose" ON "one_time_tokens" ("user_id", "purpose");
-- create "outbox_messages" table
CREATE TABLE "outbox_messages" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "channel" character varying NOT NULL, "template" character varying NOT NULL, "recipient" character varying NOT NULL, "content_sealed" bytea NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "attempts" integer NOT NULL DEFAULT 0, "next_attempt_at" timestamptz NOT NULL, "sent_at" timestamptz NULL, "last_error" text NOT NULL DEFAULT '', "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "outbox_messages_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "outboxmessage_created_at" to table: "outbox_messages"
CREATE INDEX "outboxmessage_created_at" ON "outbox_messages" ("created_at");
-- create index "outboxmessage_status_next_attempt_at" to table: "outbox_messages"
CREATE INDEX "outboxmessage_status_next_attempt_at" ON "outbox_messages" ("status", "next_attempt_at");
-- create index "outboxmessage_user_id" to table: "outbox_messages"
CREATE INDEX "outboxmessage_user_id" ON "outbox_messages" ("user_id");
-- create "password_histories" table
CREATE TABLE "password_histories" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "password_hash" text NOT NULL, "changed_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, "changed_by_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "password_histories_users_password_changes" FOREIGN KEY ("changed_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "password_histories_users_password_history" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "passwordhistory_changed_by_id" to table: "password_histories"
CREATE INDEX "passwordhistory_changed_by_id" ON "password_histories" ("changed_by_id");
-- create index "passwordhistory_user_id_id" to table: "password_histories"
CREATE INDEX "passwordhistory_user_id_id" ON "password_histories" ("user_id", "id");
-- create "rate_limit_logs" table
CREATE TABLE "rate_limit_logs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "scope" character varying NOT NULL, "key" character varying NOT NULL, "action" character varying NOT NULL, "attempts" integer NOT NULL, "window_start" timestamptz NOT NULL, "window_end" timestamptz NOT NULL, "last_attempt_at" timestamptz NOT NULL, "blocked_until" timestamptz NOT NULL, "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "rate_limit_logs_users_rate_limit_logs" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "ratelimitlog_blocked_until_id" to table: "rate_limit_logs"
CREATE INDEX "ratelimitlog_blocked_until_id" ON "rate_limit_logs" ("blocked_until", "id");
-- create index "ratelimitlog_created_at" to table: "rate_limit_logs"
CREATE INDEX "ratelimitlog_created_at" ON "rate_limit_logs" ("created_at");
-- create index "ratelimitlog_scope_key" to table: "rate_limit_logs"
CREATE INDEX "ratelimitlog_scope_key" ON "rate_limit_logs" ("scope", "key");
-- create index "ratelimitlog_user_id" to table: "rate_limit_logs"
CREATE INDEX "ratelimitlog_user_id" ON "rate_limit_logs" ("user_id");
-- create "recovery_codes" table
CREATE TABLE "recovery_codes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "code_hash" bytea NOT NULL, "used_at" timestamptz NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "recovery_codes_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "recoverycode_user_id_code_hash" to table: "recovery_codes"
CREATE UNIQUE INDEX "recoverycode_user_id_code_hash" ON "recovery_codes" ("user_id", "code_hash");
-- create "session_logs" table
CREATE TABLE "session_logs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "ip_address" character varying NOT NULL DEFAULT '', "user_agent" text NOT NULL DEFAULT '', "request_id" character varying NOT NULL DEFAULT '', "operation" character varying NOT NULL DEFAULT '', "acting_for" uuid NULL, "event" character varying NOT NULL, "details" text NOT NULL DEFAULT '', "user_id" uuid NOT NULL, "session_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "session_logs_enhanced_user_sessions_logs" FOREIGN KEY ("session_id") REFERENCES "enhanced_user_sessions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "session_logs_users_session_logs" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "sessionlog_created_at" to table: "session_logs"
CREATE INDEX "sessionlog_created_at" ON "session_logs" ("created_at");
-- create index "sessionlog_event_id" to table: "session_logs"
CREATE INDEX "sessionlog_event_id" ON "session_logs" ("event", "id");
-- create index "sessionlog_session_id_id" to table: "session_logs"
CREATE INDEX "sessionlog_session_id_id" ON "session_logs" ("session_id", "id");
-- create index "sessionlog_user_id_id" to table: "session_logs"
CREATE INDEX "sessionlog_user_id_id" ON "session_logs" ("user_id", "id");
