-- +goose Up
-- drop index "auditlog_subject_id" from table: "audit_logs"
DROP INDEX "auditlog_subject_id";
-- modify "audit_logs" table
ALTER TABLE "audit_logs" ADD COLUMN "fields_shown" text NULL, ADD COLUMN "purpose" character varying NULL;
-- create index "auditlog_subject_id_event_id" to table: "audit_logs"
CREATE INDEX "auditlog_subject_id_event_id" ON "audit_logs" ("subject_id", "event", "id");
