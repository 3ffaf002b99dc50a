-- +goose Up
-- drop index "booking_status_starts_at_id" from table: "bookings"
DROP INDEX "booking_status_starts_at_id";
-- create index "booking_status_starts_at_id" to table: "bookings"
CREATE INDEX "booking_status_starts_at_id" ON "bookings" ("status", "starts_at", "id") WHERE (deleted_at IS NULL);
-- create index "booking_unit_id_status_starts_at_id" to table: "bookings"
CREATE INDEX "booking_unit_id_status_starts_at_id" ON "bookings" ("unit_id", "status", "starts_at", "id") WHERE (deleted_at IS NULL);
