-- +goose Up
-- create index "appointment_customer_id_practitioner_user_id" to table: "appointments"
CREATE INDEX "appointment_customer_id_practitioner_user_id" ON "appointments" ("customer_id", "practitioner_user_id");
