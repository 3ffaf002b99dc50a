-- By hand: how far the chain is archived. What a checkpoint covers lies in a file
-- that was verified, and only that may be taken away from the logs and the chain;
-- it is still not changed. A checkpoint names an entry that the chain holds, and is
-- later than all before. Its manifest is signed; see internal/archive.
-- +goose Up
CREATE TABLE "audit_checkpoints" ("last_seq" bigint NOT NULL, "code" bytea NOT NULL, "manifest" text NOT NULL, PRIMARY KEY ("last_seq"));
-- +goose StatementBegin
CREATE FUNCTION "checkpoint_fits"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW."last_seq" <= (SELECT max("last_seq") FROM "audit_checkpoints")
    OR NOT EXISTS (SELECT 1 FROM "audit_chain" c WHERE c."seq" = NEW."last_seq" AND c."mac" = NEW."code") THEN
    RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "audit_checkpoints_fits" BEFORE INSERT ON "audit_checkpoints" FOR EACH ROW EXECUTE FUNCTION "checkpoint_fits"();
CREATE TRIGGER "audit_checkpoints_append_only" BEFORE UPDATE OR DELETE ON "audit_checkpoints" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_checkpoints_no_truncate" BEFORE TRUNCATE ON "audit_checkpoints" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "audit_checkpoints" ENABLE ALWAYS TRIGGER "audit_checkpoints_fits", ENABLE ALWAYS TRIGGER "audit_checkpoints_append_only", ENABLE ALWAYS TRIGGER "audit_checkpoints_no_truncate";
-- +goose StatementBegin
CREATE FUNCTION "refuse_removal"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM "audit_chain" c WHERE c."row_id" = OLD."id" AND c."seq" <= (SELECT max("last_seq") FROM "audit_checkpoints")) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME;
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION "refuse_unlinking"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD."seq" <= (SELECT max("last_seq") FROM "audit_checkpoints") THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME;
END
$$;
-- +goose StatementEnd
DROP TRIGGER "audit_logs_append_only" ON "audit_logs";
CREATE TRIGGER "audit_logs_append_only" BEFORE UPDATE ON "audit_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_logs_no_removal" BEFORE DELETE ON "audit_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_removal"();
ALTER TABLE "audit_logs" ENABLE ALWAYS TRIGGER "audit_logs_append_only", ENABLE ALWAYS TRIGGER "audit_logs_no_removal";
DROP TRIGGER "operation_logs_append_only" ON "operation_logs";
CREATE TRIGGER "operation_logs_append_only" BEFORE UPDATE ON "operation_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "operation_logs_no_removal" BEFORE DELETE ON "operation_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_removal"();
ALTER TABLE "operation_logs" ENABLE ALWAYS TRIGGER "operation_logs_append_only", ENABLE ALWAYS TRIGGER "operation_logs_no_removal";
DROP TRIGGER "session_logs_append_only" ON "session_logs";
CREATE TRIGGER "session_logs_append_only" BEFORE UPDATE ON "session_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "session_logs_no_removal" BEFORE DELETE ON "session_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_removal"();
ALTER TABLE "session_logs" ENABLE ALWAYS TRIGGER "session_logs_append_only", ENABLE ALWAYS TRIGGER "session_logs_no_removal";
DROP TRIGGER "audit_chain_append_only" ON "audit_chain";
CREATE TRIGGER "audit_chain_append_only" BEFORE UPDATE ON "audit_chain" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_chain_no_removal" BEFORE DELETE ON "audit_chain" FOR EACH ROW EXECUTE FUNCTION "refuse_unlinking"();
ALTER TABLE "audit_chain" ENABLE ALWAYS TRIGGER "audit_chain_append_only", ENABLE ALWAYS TRIGGER "audit_chain_no_removal";
