-- +goose Up
-- add column "fields_shown" to table: "audit_logs"
ALTER TABLE `audit_logs` ADD COLUMN `fields_shown` text NULL;
-- add column "purpose" to table: "audit_logs"
ALTER TABLE `audit_logs` ADD COLUMN `purpose` text NULL;
-- drop index "auditlog_subject_id" from table: "audit_logs"
DROP INDEX `auditlog_subject_id`;
-- create index "auditlog_subject_id_event_id" to table: "audit_logs"
CREATE INDEX `auditlog_subject_id_event_id` ON `audit_logs` (`subject_id`, `event`, `id`);
