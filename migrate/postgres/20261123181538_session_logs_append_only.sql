-- By hand: what happened to a session is neither changed nor taken away.
-- +goose Up
CREATE TRIGGER "session_logs_append_only" BEFORE UPDATE OR DELETE ON "session_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "session_logs_no_truncate" BEFORE TRUNCATE ON "session_logs" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
ALTER TABLE "session_logs" ENABLE ALWAYS TRIGGER "session_logs_append_only", ENABLE ALWAYS TRIGGER "session_logs_no_truncate";
