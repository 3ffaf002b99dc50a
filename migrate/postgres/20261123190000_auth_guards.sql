-- By hand: tries at secrets of accounts, by account, device and address. Machinery
-- of the servers, which share it, and of no interest to anybody else: no entity.
-- Times are in microseconds since 1970. See internal/auth/loginguard.go.
-- +goose Up
CREATE TABLE "auth_guards" ("key" character varying NOT NULL, "owner" character varying NOT NULL, "tries" integer NOT NULL, "pending" integer NOT NULL, "pending_until" bigint NOT NULL, "since" bigint NOT NULL, "last" bigint NOT NULL, "blocked_until" bigint NOT NULL, "told_until" bigint NOT NULL, "forget_at" bigint NOT NULL, PRIMARY KEY ("key"));
CREATE INDEX "authguard_owner" ON "auth_guards" ("owner");
CREATE INDEX "authguard_forget_at" ON "auth_guards" ("forget_at");
