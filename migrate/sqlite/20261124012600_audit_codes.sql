-- +goose Up
-- add column "mac" to table: "audit_logs"
ALTER TABLE `audit_logs` ADD COLUMN `mac` blob NULL;
-- add column "mac" to table: "operation_logs"
ALTER TABLE `operation_logs` ADD COLUMN `mac` blob NULL;
-- add column "mac" to table: "session_logs"
ALTER TABLE `session_logs` ADD COLUMN `mac` blob NULL;
