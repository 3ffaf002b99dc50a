-- +goose Up
-- drop index "appointment_practitioner_user_id_starts_at" from table: "appointments"
DROP INDEX `appointment_practitioner_user_id_starts_at`;
-- create index "appointment_of_practitioner" to table: "appointments"
CREATE INDEX `appointment_of_practitioner` ON `appointments` (`practitioner_user_id`, `starts_at`, `booking_id`, `deleted_at`);
