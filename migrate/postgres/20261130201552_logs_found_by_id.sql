-- +goose Up
-- drop index "auditlog_created_at" from table: "audit_logs"
DROP INDEX "auditlog_created_at";
-- drop index "operationlog_created_at" from table: "operation_logs"
DROP INDEX "operationlog_created_at";
-- drop index "sessionlog_created_at" from table: "session_logs"
DROP INDEX "sessionlog_created_at";
