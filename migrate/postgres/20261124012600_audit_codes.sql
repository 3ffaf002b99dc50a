-- +goose Up
-- modify "audit_logs" table
ALTER TABLE "audit_logs" ADD COLUMN "mac" bytea NULL;
-- modify "operation_logs" table
ALTER TABLE "operation_logs" ALTER COLUMN "old_values" TYPE json, ALTER COLUMN "new_values" TYPE json, ADD COLUMN "mac" bytea NULL;
-- modify "session_logs" table
ALTER TABLE "session_logs" ADD COLUMN "mac" bytea NULL;
