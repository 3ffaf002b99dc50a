-- +goose Up
-- modify "customers" table
ALTER TABLE "customers" ADD COLUMN "document_sealed" bytea NULL;
-- create index "organizationalunit_name_id" to table: "organizational_units"
CREATE INDEX "organizationalunit_name_id" ON "organizational_units" ("name", "id");
-- modify "permissions" table
ALTER TABLE "permissions" ADD COLUMN "reserved" boolean NOT NULL DEFAULT false;
