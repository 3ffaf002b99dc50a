-- +goose Up
-- drop index "auditlog_subject_id_event_id" from table: "audit_logs"
DROP INDEX "auditlog_subject_id_event_id";
-- create index "auditlog_request_id" to table: "audit_logs"
CREATE INDEX "auditlog_request_id" ON "audit_logs" ("request_id");
-- create index "auditlog_subject_id_id" to table: "audit_logs"
CREATE INDEX "auditlog_subject_id_id" ON "audit_logs" ("subject_id", "id");
-- create index "operationlog_request_id" to table: "operation_logs"
CREATE INDEX "operationlog_request_id" ON "operation_logs" ("request_id");
-- create index "sessionlog_request_id" to table: "session_logs"
CREATE INDEX "sessionlog_request_id" ON "session_logs" ("request_id");
