-- By hand: the chain that the rows of the logs are sealed into, the list of those
-- that wait for it, and its key, sealed. Machinery of the servers: no entities. What
-- is in the chain is neither changed nor taken away. See internal/chain.
--
-- The list is kept by triggers, so that nothing that writes to a log forgets it.
-- +goose Up
CREATE TABLE "audit_keys" ("id" integer NOT NULL, "sealed" bytea NOT NULL, PRIMARY KEY ("id"));
CREATE TABLE "audit_pending" ("id" bigint GENERATED ALWAYS AS IDENTITY, "stream" smallint NOT NULL, "row_id" uuid NOT NULL, "refused" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"));
CREATE INDEX "auditpending_row_id" ON "audit_pending" ("row_id");
CREATE TABLE "audit_chain" ("seq" bigint NOT NULL, "stream" smallint NOT NULL, "row_id" uuid NOT NULL, "row_mac" bytea NOT NULL, "mac" bytea NOT NULL, "sealed_at" bigint NOT NULL, PRIMARY KEY ("seq"));
CREATE UNIQUE INDEX "auditchain_row_id" ON "audit_chain" ("row_id");
CREATE TRIGGER "audit_chain_append_only" BEFORE UPDATE OR DELETE ON "audit_chain" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_chain_no_truncate" BEFORE TRUNCATE ON "audit_chain" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "audit_chain" ENABLE ALWAYS TRIGGER "audit_chain_append_only", ENABLE ALWAYS TRIGGER "audit_chain_no_truncate";
INSERT INTO "audit_pending" ("stream", "row_id")
  SELECT stream, id FROM (SELECT 1 AS stream, id FROM "operation_logs" UNION ALL SELECT 2, id FROM "audit_logs" UNION ALL SELECT 3, id FROM "session_logs") AS l ORDER BY id;
-- +goose StatementBegin
CREATE FUNCTION "list_for_chain"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "audit_pending" ("stream", "row_id") VALUES (TG_ARGV[0]::smallint, NEW."id");
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "operation_logs_chain" AFTER INSERT ON "operation_logs" FOR EACH ROW EXECUTE FUNCTION "list_for_chain"(1);
CREATE TRIGGER "audit_logs_chain" AFTER INSERT ON "audit_logs" FOR EACH ROW EXECUTE FUNCTION "list_for_chain"(2);
CREATE TRIGGER "session_logs_chain" AFTER INSERT ON "session_logs" FOR EACH ROW EXECUTE FUNCTION "list_for_chain"(3);
