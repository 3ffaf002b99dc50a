-- By hand: of two exclusive claims of one resource whose times overlap, the
-- second is refused. Times that touch do not overlap.
-- +goose Up
CREATE EXTENSION IF NOT EXISTS btree_gist;
ALTER TABLE "resource_claims" ADD CONSTRAINT "resource_claims_no_overlap"
  EXCLUDE USING gist ("resource_kind" WITH =, "resource_id" WITH =, tstzrange("busy_from", "busy_to", '[)') WITH &&)
  WHERE ("exclusive");
