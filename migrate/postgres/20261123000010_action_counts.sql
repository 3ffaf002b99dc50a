-- By hand: how often clients have done what they may do only so often. Machinery
-- of the servers, which share it, and of no interest to anybody else: no entity.
-- full_at is in microseconds since 1970. See internal/ratelimit.
-- +goose Up
CREATE TABLE "action_counts" ("key" character varying NOT NULL, "full_at" bigint NOT NULL, PRIMARY KEY ("key"));
CREATE INDEX "actioncount_full_at" ON "action_counts" ("full_at");
