-- By hand: on which day the door last let a user through by a permission. Written
-- by the servers in batches, so that reviews find grants that nobody uses: no
-- entity. last_used_on is in days since 1970. See internal/accounts/uses.go.
-- +goose Up
CREATE TABLE "permission_uses" ("user_id" uuid NOT NULL, "permission" character varying NOT NULL, "last_used_on" bigint NOT NULL, PRIMARY KEY ("user_id", "permission"));
CREATE INDEX "permissionuse_last_used_on" ON "permission_uses" ("last_used_on");
