-- By hand: the key of each person whose data are sealed, itself sealed; no key any
-- more once it is destroyed, and the row stays so that none is made again.
-- Machinery of the servers: no entity. destroyed_at is in microseconds since 1970.
-- See internal/datakeys.
-- +goose Up
CREATE TABLE "data_keys" ("subject_id" uuid NOT NULL, "sealed" bytea NULL, "destroyed_at" bigint NULL, PRIMARY KEY ("subject_id"),
  CONSTRAINT "data_keys_destroyed" CHECK (("sealed" IS NULL) = ("destroyed_at" IS NOT NULL)));
