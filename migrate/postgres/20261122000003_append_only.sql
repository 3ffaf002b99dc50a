-- By hand: what is on record is neither changed nor taken away, whoever asks.
--
-- Rows are refused one by one, not statements: deleting a user makes PostgreSQL
-- run an UPDATE of the logs that touches none of them. ALWAYS: also in a session
-- that replays a replica's changes.
-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "audit_logs_append_only" BEFORE UPDATE OR DELETE ON "audit_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_logs_no_truncate" BEFORE TRUNCATE ON "audit_logs" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "audit_logs" ENABLE ALWAYS TRIGGER "audit_logs_append_only", ENABLE ALWAYS TRIGGER "audit_logs_no_truncate";
CREATE TRIGGER "operation_logs_append_only" BEFORE UPDATE OR DELETE ON "operation_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "operation_logs_no_truncate" BEFORE TRUNCATE ON "operation_logs" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "operation_logs" ENABLE ALWAYS TRIGGER "operation_logs_append_only", ENABLE ALWAYS TRIGGER "operation_logs_no_truncate";
CREATE TRIGGER "order_events_append_only" BEFORE UPDATE OR DELETE ON "order_events" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "order_events_no_truncate" BEFORE TRUNCATE ON "order_events" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "order_events" ENABLE ALWAYS TRIGGER "order_events_append_only", ENABLE ALWAYS TRIGGER "order_events_no_truncate";
CREATE TRIGGER "points_entries_append_only" BEFORE UPDATE OR DELETE ON "points_entries" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "points_entries_no_truncate" BEFORE TRUNCATE ON "points_entries" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "points_entries" ENABLE ALWAYS TRIGGER "points_entries_append_only", ENABLE ALWAYS TRIGGER "points_entries_no_truncate";
