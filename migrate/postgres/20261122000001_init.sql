-- +goose Up
-- create "given_names" table
CREATE TABLE "given_names" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "first_name" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "given_names_first_name_key" to table: "given_names"
CREATE UNIQUE INDEX "given_names_first_name_key" ON "given_names" ("first_name");
-- create "organizational_units" table
CREATE TABLE "organizational_units" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "name" character varying NOT NULL, "description" text NULL, "kind" character varying NOT NULL DEFAULT 'DEPARTMENT', "timezone" character varying NOT NULL DEFAULT 'UTC', "parent_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "organizational_units_organizational_units_children" FOREIGN KEY ("parent_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "organizationalunit_name" to table: "organizational_units"
CREATE UNIQUE INDEX "organizationalunit_name" ON "organizational_units" ("name") WHERE (deleted_at IS NULL);
-- create index "organizationalunit_parent_id" to table: "organizational_units"
CREATE INDEX "organizationalunit_parent_id" ON "organizational_units" ("parent_id");
-- create "sexes" table
CREATE TABLE "sexes" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "sex" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "sexes_sex_key" to table: "sexes"
CREATE UNIQUE INDEX "sexes_sex_key" ON "sexes" ("sex");
-- create "surnames" table
CREATE TABLE "surnames" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "surname" character varying NOT NULL, PRIMARY KEY ("id"));
-- create index "surnames_surname_key" to table: "surnames"
CREATE UNIQUE INDEX "surnames_surname_key" ON "surnames" ("surname");
-- create "users" table
CREATE TABLE "users" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "username" character varying NOT NULL, "username_key" character varying NOT NULL, "email" character varying NOT NULL, "email_key" character varying NOT NULL, "email_verified_at" timestamptz NULL, "phone" character varying NULL, "password_hash" text NULL, "must_change_password" boolean NOT NULL DEFAULT false, "password_changed_at" timestamptz NULL, "is_active" boolean NOT NULL DEFAULT true, "is_locked" boolean NOT NULL DEFAULT false, "locked_until" timestamptz NULL, "failed_login_attempts" integer NOT NULL DEFAULT 0, "last_failed_login_at" timestamptz NULL, "last_login_at" timestamptz NULL, "is_customer" boolean NOT NULL DEFAULT false, "token_epoch" integer NOT NULL DEFAULT 1, "permission_epoch" integer NOT NULL DEFAULT 1, "locale" character varying NOT NULL DEFAULT 'en', "timezone" character varying NOT NULL DEFAULT 'UTC', "first_name_id" uuid NULL, "organizational_unit_id" uuid NULL, "sex_id" uuid NULL, "surname_id" uuid NULL, "password_changed_by_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "users_given_names_users" FOREIGN KEY ("first_name_id") REFERENCES "given_names" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "users_organizational_units_users" FOREIGN KEY ("organizational_unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "users_sexes_users" FOREIGN KEY ("sex_id") REFERENCES "sexes" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "users_surnames_users" FOREIGN KEY ("surname_id") REFERENCES "surnames" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "users_users_passwords_set" FOREIGN KEY ("password_changed_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "user_email_key" to table: "users"
CREATE UNIQUE INDEX "user_email_key" ON "users" ("email_key") WHERE (deleted_at IS NULL);
-- create index "user_first_name_id" to table: "users"
CREATE INDEX "user_first_name_id" ON "users" ("first_name_id");
-- create index "user_organizational_unit_id" to table: "users"
CREATE INDEX "user_organizational_unit_id" ON "users" ("organizational_unit_id");
-- create index "user_password_changed_by_id" to table: "users"
CREATE INDEX "user_password_changed_by_id" ON "users" ("password_changed_by_id");
-- create index "user_sex_id" to table: "users"
CREATE INDEX "user_sex_id" ON "users" ("sex_id");
-- create index "user_surname_id" to table: "users"
CREATE INDEX "user_surname_id" ON "users" ("surname_id");
-- create index "user_username_id" to table: "users"
CREATE INDEX "user_username_id" ON "users" ("username", "id");
-- create index "user_username_key" to table: "users"
CREATE UNIQUE INDEX "user_username_key" ON "users" ("username_key") WHERE (deleted_at IS NULL);
-- create "customers" table
CREATE TABLE "customers" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "number" character varying NOT NULL, "birth_date" character varying NULL, "email" character varying NULL, "phone" character varying NULL, "address" text NULL, "notes" text NULL, "anonymized_at" timestamptz NULL, "legal_hold" boolean NOT NULL DEFAULT false, "given_name_id" uuid NULL, "unit_id" uuid NULL, "sex_id" uuid NULL, "surname_id" uuid NULL, "account_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "customers_given_names_customers" FOREIGN KEY ("given_name_id") REFERENCES "given_names" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "customers_organizational_units_customers" FOREIGN KEY ("unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "customers_sexes_customers" FOREIGN KEY ("sex_id") REFERENCES "sexes" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "customers_surnames_customers" FOREIGN KEY ("surname_id") REFERENCES "surnames" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "customers_users_customers" FOREIGN KEY ("account_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "customer_account_id" to table: "customers"
CREATE INDEX "customer_account_id" ON "customers" ("account_id");
-- create index "customer_given_name_id" to table: "customers"
CREATE INDEX "customer_given_name_id" ON "customers" ("given_name_id");
-- create index "customer_number_id" to table: "customers"
CREATE INDEX "customer_number_id" ON "customers" ("number", "id");
-- create index "customer_sex_id" to table: "customers"
CREATE INDEX "customer_sex_id" ON "customers" ("sex_id");
-- create index "customer_surname_id" to table: "customers"
CREATE INDEX "customer_surname_id" ON "customers" ("surname_id");
-- create index "customer_unit_id" to table: "customers"
CREATE INDEX "customer_unit_id" ON "customers" ("unit_id");
-- create index "customers_number_key" to table: "customers"
CREATE UNIQUE INDEX "customers_number_key" ON "customers" ("number");
-- create "bookings" table
CREATE TABLE "bookings" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "number" character varying NOT NULL, "status" character varying NOT NULL, "source" character varying NOT NULL, "starts_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "hold_expires_at" timestamptz NULL, "total_amount" bigint NOT NULL, "currency" character varying NOT NULL, "cancelled_at" timestamptz NULL, "cancel_reason" text NULL, "customer_id" uuid NOT NULL, "unit_id" uuid NULL, "created_by" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "bookings_customers_bookings" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "bookings_organizational_units_bookings" FOREIGN KEY ("unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "bookings_users_created_bookings" FOREIGN KEY ("created_by") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "bookings_amount" CHECK (total_amount >= 0), CONSTRAINT "bookings_ends_after_start" CHECK (ends_at > starts_at));
-- create index "booking_created_by" to table: "bookings"
CREATE INDEX "booking_created_by" ON "bookings" ("created_by");
-- create index "booking_customer_id_starts_at" to table: "bookings"
CREATE INDEX "booking_customer_id_starts_at" ON "bookings" ("customer_id", "starts_at");
-- create index "booking_hold_expires_at" to table: "bookings"
CREATE INDEX "booking_hold_expires_at" ON "bookings" ("hold_expires_at") WHERE (hold_expires_at IS NOT NULL);
-- create index "booking_starts_at_id" to table: "bookings"
CREATE INDEX "booking_starts_at_id" ON "bookings" ("starts_at", "id");
-- create index "booking_status_starts_at_id" to table: "bookings"
CREATE INDEX "booking_status_starts_at_id" ON "bookings" ("status", "starts_at", "id");
-- create index "booking_unit_id_starts_at" to table: "bookings"
CREATE INDEX "booking_unit_id_starts_at" ON "bookings" ("unit_id", "starts_at");
-- create index "bookings_number_key" to table: "bookings"
CREATE UNIQUE INDEX "bookings_number_key" ON "bookings" ("number");
-- create "practitioner_profiles" table
CREATE TABLE "practitioner_profiles" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "title" character varying NOT NULL DEFAULT '', "display_name" character varying NOT NULL, "specialty" character varying NOT NULL DEFAULT '', "timezone" character varying NOT NULL DEFAULT 'UTC', "is_accepting" boolean NOT NULL DEFAULT true, "unit_id" uuid NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "practitioner_profiles_organizational_units_practitioners" FOREIGN KEY ("unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "practitioner_profiles_users_practitioner_profile" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "practitioner_profiles_user_id_key" to table: "practitioner_profiles"
CREATE UNIQUE INDEX "practitioner_profiles_user_id_key" ON "practitioner_profiles" ("user_id");
-- create index "practitionerprofile_display_name_id" to table: "practitioner_profiles"
CREATE INDEX "practitionerprofile_display_name_id" ON "practitioner_profiles" ("display_name", "id");
-- create index "practitionerprofile_unit_id" to table: "practitioner_profiles"
CREATE INDEX "practitionerprofile_unit_id" ON "practitioner_profiles" ("unit_id");
-- create "products" table
CREATE TABLE "products" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "sku" character varying NOT NULL, "name" character varying NOT NULL, "description" text NOT NULL DEFAULT '', "kind" character varying NOT NULL, "price_amount" bigint NOT NULL, "currency" character varying NOT NULL, "tax_rate" integer NOT NULL DEFAULT 0, "is_available" boolean NOT NULL DEFAULT true, "available_from" timestamptz NULL, "available_to" timestamptz NULL, "track_stock" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"), CONSTRAINT "products_price" CHECK (price_amount >= 0), CONSTRAINT "products_tax_rate" CHECK ((tax_rate >= 0) AND (tax_rate <= 10000)));
-- create index "product_name_id" to table: "products"
CREATE INDEX "product_name_id" ON "products" ("name", "id");
-- create index "product_sku" to table: "products"
CREATE UNIQUE INDEX "product_sku" ON "products" ("sku") WHERE (deleted_at IS NULL);
-- create index "product_sku_id" to table: "products"
CREATE INDEX "product_sku_id" ON "products" ("sku", "id");
-- create "appointments" table
CREATE TABLE "appointments" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "status" character varying NOT NULL, "starts_at" timestamptz NOT NULL, "ends_at" timestamptz NOT NULL, "busy_from" timestamptz NOT NULL, "busy_to" timestamptz NOT NULL, "notes" text NULL, "booking_id" uuid NOT NULL, "customer_id" uuid NOT NULL, "unit_id" uuid NULL, "practitioner_id" uuid NOT NULL, "service_id" uuid NOT NULL, "practitioner_user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "appointments_bookings_appointments" FOREIGN KEY ("booking_id") REFERENCES "bookings" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_customers_appointments" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_organizational_units_appointments" FOREIGN KEY ("unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "appointments_practitioner_profiles_appointments" FOREIGN KEY ("practitioner_id") REFERENCES "practitioner_profiles" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_products_appointments" FOREIGN KEY ("service_id") REFERENCES "products" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_users_appointments" FOREIGN KEY ("practitioner_user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "appointments_busy_around_it" CHECK ((busy_from <= starts_at) AND (busy_to >= ends_at)), CONSTRAINT "appointments_ends_after_start" CHECK (ends_at > starts_at));
-- create index "appointment_booking_id" to table: "appointments"
CREATE INDEX "appointment_booking_id" ON "appointments" ("booking_id");
-- create index "appointment_customer_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_customer_id_starts_at" ON "appointments" ("customer_id", "starts_at");
-- create index "appointment_practitioner_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_practitioner_id_starts_at" ON "appointments" ("practitioner_id", "starts_at");
-- create index "appointment_practitioner_user_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_practitioner_user_id_starts_at" ON "appointments" ("practitioner_user_id", "starts_at");
-- create index "appointment_service_id" to table: "appointments"
CREATE INDEX "appointment_service_id" ON "appointments" ("service_id");
-- create index "appointment_starts_at_id" to table: "appointments"
CREATE INDEX "appointment_starts_at_id" ON "appointments" ("starts_at", "id");
-- create index "appointment_unit_id_starts_at" to table: "appointments"
CREATE INDEX "appointment_unit_id_starts_at" ON "appointments" ("unit_id", "starts_at");
-- create "audit_logs" table
CREATE TABLE "audit_logs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "event" character varying NOT NULL, "actor" character varying NOT NULL, "subject_id" uuid NULL, "resource" character varying NOT NULL DEFAULT '', "permission_checked" character varying NOT NULL DEFAULT '', "decision" character varying NOT NULL DEFAULT '', "success" boolean NOT NULL, "error_code" character varying NOT NULL DEFAULT '', "details" text NOT NULL DEFAULT '', "ip_address" character varying NOT NULL DEFAULT '', "user_agent" text NOT NULL DEFAULT '', "request_id" character varying NOT NULL DEFAULT '', "operation" character varying NOT NULL DEFAULT '', "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "audit_logs_users_audit_logs" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "auditlog_created_at" to table: "audit_logs"
CREATE INDEX "auditlog_created_at" ON "audit_logs" ("created_at");
-- create index "auditlog_event_id" to table: "audit_logs"
CREATE INDEX "auditlog_event_id" ON "audit_logs" ("event", "id");
-- create index "auditlog_subject_id" to table: "audit_logs"
CREATE INDEX "auditlog_subject_id" ON "audit_logs" ("subject_id");
-- create index "auditlog_user_id_id" to table: "audit_logs"
CREATE INDEX "auditlog_user_id_id" ON "audit_logs" ("user_id", "id");
-- create "enhanced_user_sessions" table
CREATE TABLE "enhanced_user_sessions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "status" character varying NOT NULL DEFAULT 'ACTIVE', "device_name" character varying NULL, "fingerprint_hash" character varying NULL, "ip_address" character varying NOT NULL DEFAULT '', "user_agent" text NOT NULL DEFAULT '', "authenticated_at" timestamptz NOT NULL, "last_activity_at" timestamptz NOT NULL, "idle_expires_at" timestamptz NOT NULL, "expires_at" timestamptz NOT NULL, "ended_at" timestamptz NULL, "end_reason" character varying NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "enhanced_user_sessions_users_sessions" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "usersession_idle_expires_at" to table: "enhanced_user_sessions"
CREATE INDEX "usersession_idle_expires_at" ON "enhanced_user_sessions" ("idle_expires_at");
-- create index "usersession_user_id_status" to table: "enhanced_user_sessions"
CREATE INDEX "usersession_user_id_status" ON "enhanced_user_sessions" ("user_id", "status");
-- create "idempotency_keys" table
CREATE TABLE "idempotency_keys" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "operation" character varying NOT NULL, "key" character varying NOT NULL, "request_hash" bytea NOT NULL, "result" jsonb NOT NULL, "expires_at" timestamptz NOT NULL, "user_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "idempotency_keys_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "idempotencykey_expires_at" to table: "idempotency_keys"
CREATE INDEX "idempotencykey_expires_at" ON "idempotency_keys" ("expires_at");
-- create index "idempotencykey_user_id_operation_key" to table: "idempotency_keys"
CREATE UNIQUE INDEX "idempotencykey_user_id_operation_key" ON "idempotency_keys" ("user_id", "operation", "key");
-- create "operation_logs" table
CREATE TABLE "operation_logs" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "actor" character varying NOT NULL, "action" character varying NOT NULL, "action_details" text NOT NULL DEFAULT '', "old_values" jsonb NULL, "new_values" jsonb NULL, "entity_type" character varying NOT NULL, "entity_id" uuid NOT NULL, "ip_address" character varying NOT NULL DEFAULT '', "user_agent" text NOT NULL DEFAULT '', "request_id" character varying NOT NULL DEFAULT '', "operation" character varying NOT NULL DEFAULT '', "user_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "operation_logs_users_operation_logs" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "operationlog_created_at" to table: "operation_logs"
CREATE INDEX "operationlog_created_at" ON "operation_logs" ("created_at");
-- create index "operationlog_entity_id_id" to table: "operation_logs"
CREATE INDEX "operationlog_entity_id_id" ON "operation_logs" ("entity_id", "id");
-- create index "operationlog_entity_type_id" to table: "operation_logs"
CREATE INDEX "operationlog_entity_type_id" ON "operation_logs" ("entity_type", "id");
-- create index "operationlog_user_id_id" to table: "operation_logs"
CREATE INDEX "operationlog_user_id_id" ON "operation_logs" ("user_id", "id");
-- create "orders" table
CREATE TABLE "orders" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "number" character varying NOT NULL, "status" character varying NOT NULL, "charge_status" character varying NOT NULL DEFAULT 'NONE', "total_amount" bigint NOT NULL, "tax_amount" bigint NOT NULL, "captured_amount" bigint NOT NULL DEFAULT 0, "currency" character varying NOT NULL, "placed_at" timestamptz NULL, "booking_id" uuid NULL, "customer_id" uuid NOT NULL, "unit_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "orders_bookings_order" FOREIGN KEY ("booking_id") REFERENCES "bookings" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "orders_customers_orders" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "orders_organizational_units_orders" FOREIGN KEY ("unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "orders_amounts" CHECK ((total_amount >= 0) AND (tax_amount >= 0) AND (captured_amount >= 0)));
-- create index "order_customer_id_id" to table: "orders"
CREATE INDEX "order_customer_id_id" ON "orders" ("customer_id", "id");
-- create index "order_status_id" to table: "orders"
CREATE INDEX "order_status_id" ON "orders" ("status", "id");
-- create index "order_unit_id_id" to table: "orders"
CREATE INDEX "order_unit_id_id" ON "orders" ("unit_id", "id");
-- create index "orders_booking_id_key" to table: "orders"
CREATE UNIQUE INDEX "orders_booking_id_key" ON "orders" ("booking_id");
-- create index "orders_number_key" to table: "orders"
CREATE UNIQUE INDEX "orders_number_key" ON "orders" ("number");
-- create "order_events" table
CREATE TABLE "order_events" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "type" character varying NOT NULL, "from_status" character varying NOT NULL DEFAULT '', "to_status" character varying NOT NULL, "actor" character varying NOT NULL, "data" jsonb NULL, "order_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "order_events_orders_events" FOREIGN KEY ("order_id") REFERENCES "orders" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "orderevent_order_id_id" to table: "order_events"
CREATE INDEX "orderevent_order_id_id" ON "order_events" ("order_id", "id");
-- create "order_items" table
CREATE TABLE "order_items" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "name" character varying NOT NULL, "quantity" integer NOT NULL, "unit_price_amount" bigint NOT NULL, "total_amount" bigint NOT NULL, "tax_amount" bigint NOT NULL, "currency" character varying NOT NULL, "appointment_id" uuid NULL, "order_id" uuid NOT NULL, "product_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "order_items_appointments_order_items" FOREIGN KEY ("appointment_id") REFERENCES "appointments" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "order_items_orders_items" FOREIGN KEY ("order_id") REFERENCES "orders" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "order_items_products_order_items" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "order_items_amounts" CHECK ((quantity > 0) AND (unit_price_amount >= 0) AND (total_amount >= 0) AND (tax_amount >= 0)));
-- create index "orderitem_appointment_id" to table: "order_items"
CREATE INDEX "orderitem_appointment_id" ON "order_items" ("appointment_id");
-- create index "orderitem_order_id" to table: "order_items"
CREATE INDEX "orderitem_order_id" ON "order_items" ("order_id");
-- create index "orderitem_product_id" to table: "order_items"
CREATE INDEX "orderitem_product_id" ON "order_items" ("product_id");
-- create "payment_methods" table
CREATE TABLE "payment_methods" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "kind" character varying NOT NULL, "label" character varying NOT NULL, "provider_token" character varying NULL, "last4" character varying NULL, "is_active" boolean NOT NULL DEFAULT true, "customer_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "payment_methods_customers_customer" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "paymentmethod_customer_id" to table: "payment_methods"
CREATE INDEX "paymentmethod_customer_id" ON "payment_methods" ("customer_id");
-- create "payment_transactions" table
CREATE TABLE "payment_transactions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "kind" character varying NOT NULL, "status" character varying NOT NULL, "amount_minor" bigint NOT NULL, "currency" character varying NOT NULL, "provider_ref" character varying NULL, "captured_at" timestamptz NULL, "booking_id" uuid NULL, "customer_id" uuid NOT NULL, "order_id" uuid NOT NULL, "unit_id" uuid NULL, "method_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "payment_transactions_bookings_payment_transactions" FOREIGN KEY ("booking_id") REFERENCES "bookings" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "payment_transactions_customers_payment_transactions" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_transactions_orders_transactions" FOREIGN KEY ("order_id") REFERENCES "orders" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_transactions_organizational_units_payment_transactions" FOREIGN KEY ("unit_id") REFERENCES "organizational_units" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "payment_transactions_payment_methods_transactions" FOREIGN KEY ("method_id") REFERENCES "payment_methods" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "payment_transactions_amount" CHECK (amount_minor > 0));
-- create index "paymenttransaction_booking_id" to table: "payment_transactions"
CREATE INDEX "paymenttransaction_booking_id" ON "payment_transactions" ("booking_id");
-- create index "paymenttransaction_customer_id" to table: "payment_transactions"
CREATE INDEX "paymenttransaction_customer_id" ON "payment_transactions" ("customer_id");
-- create index "paymenttransaction_method_id" to table: "payment_transactions"
CREATE INDEX "paymenttransaction_method_id" ON "payment_transactions" ("method_id");
-- create index "paymenttransaction_order_id" to table: "payment_transactions"
CREATE INDEX "paymenttransaction_order_id" ON "payment_transactions" ("order_id");
-- create index "paymenttransaction_unit_id" to table: "payment_transactions"
CREATE INDEX "paymenttransaction_unit_id" ON "payment_transactions" ("unit_id");
-- create "points_accounts" table
CREATE TABLE "points_accounts" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "balance" bigint NOT NULL DEFAULT 0, "customer_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "points_accounts_customers_points_account" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "points_accounts_balance" CHECK (balance >= 0));
-- create index "points_accounts_customer_id_key" to table: "points_accounts"
CREATE UNIQUE INDEX "points_accounts_customer_id_key" ON "points_accounts" ("customer_id");
-- create "rewards" table
CREATE TABLE "rewards" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "name" character varying NOT NULL, "description" text NOT NULL DEFAULT '', "kind" character varying NOT NULL, "cost_points" bigint NOT NULL, "value_amount" bigint NOT NULL DEFAULT 0, "currency" character varying NOT NULL, "conditions" jsonb NULL, "is_active" boolean NOT NULL DEFAULT true, "starts_at" timestamptz NULL, "ends_at" timestamptz NULL, PRIMARY KEY ("id"), CONSTRAINT "rewards_amounts" CHECK ((cost_points > 0) AND (value_amount >= 0)));
-- create index "reward_name_id" to table: "rewards"
CREATE INDEX "reward_name_id" ON "rewards" ("name", "id");
-- create "reward_redemptions" table
CREATE TABLE "reward_redemptions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "status" character varying NOT NULL, "cost_points" bigint NOT NULL, "code" character varying NOT NULL, "customer_id" uuid NOT NULL, "reward_id" uuid NOT NULL, "account_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "reward_redemptions_customers_reward_redemptions" FOREIGN KEY ("customer_id") REFERENCES "customers" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "reward_redemptions_points_accounts_account" FOREIGN KEY ("account_id") REFERENCES "points_accounts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "reward_redemptions_rewards_redemptions" FOREIGN KEY ("reward_id") REFERENCES "rewards" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "reward_redemptions_cost" CHECK (cost_points > 0));
-- create index "reward_redemptions_code_key" to table: "reward_redemptions"
CREATE UNIQUE INDEX "reward_redemptions_code_key" ON "reward_redemptions" ("code");
-- create index "rewardredemption_account_id" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_account_id" ON "reward_redemptions" ("account_id");
-- create index "rewardredemption_customer_id_id" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_customer_id_id" ON "reward_redemptions" ("customer_id", "id");
-- create index "rewardredemption_reward_id" to table: "reward_redemptions"
CREATE INDEX "rewardredemption_reward_id" ON "reward_redemptions" ("reward_id");
-- create "points_entries" table
CREATE TABLE "points_entries" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "delta" bigint NOT NULL, "balance_after" bigint NOT NULL, "reason" character varying NOT NULL, "transaction_id" uuid NULL, "account_id" uuid NOT NULL, "redemption_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "points_entries_payment_transactions_points_entries" FOREIGN KEY ("transaction_id") REFERENCES "payment_transactions" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "points_entries_points_accounts_entries" FOREIGN KEY ("account_id") REFERENCES "points_accounts" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "points_entries_reward_redemptions_points_entries" FOREIGN KEY ("redemption_id") REFERENCES "reward_redemptions" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "points_entries_moves" CHECK ((delta <> 0) AND (balance_after >= 0)));
-- create index "pointsentry_account_id_id" to table: "points_entries"
CREATE INDEX "pointsentry_account_id_id" ON "points_entries" ("account_id", "id");
-- create index "pointsentry_redemption_id_reason" to table: "points_entries"
CREATE UNIQUE INDEX "pointsentry_redemption_id_reason" ON "points_entries" ("redemption_id", "reason");
-- create index "pointsentry_transaction_id" to table: "points_entries"
CREATE UNIQUE INDEX "pointsentry_transaction_id" ON "points_entries" ("transaction_id");
-- create "practitioner_services" table
CREATE TABLE "practitioner_services" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "practitioner_id" uuid NOT NULL, "service_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "practitioner_services_practitioner_profiles_practitioner" FOREIGN KEY ("practitioner_id") REFERENCES "practitioner_profiles" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "practitioner_services_products_service" FOREIGN KEY ("service_id") REFERENCES "products" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "practitionerservice_practitioner_id_service_id" to table: "practitioner_services"
CREATE UNIQUE INDEX "practitionerservice_practitioner_id_service_id" ON "practitioner_services" ("practitioner_id", "service_id");
-- create index "practitionerservice_service_id_practitioner_id" to table: "practitioner_services"
CREATE INDEX "practitionerservice_service_id_practitioner_id" ON "practitioner_services" ("service_id", "practitioner_id");
-- create "refresh_tokens" table
CREATE TABLE "refresh_tokens" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "token_hash" bytea NOT NULL, "generation" integer NOT NULL, "ip_address" character varying NOT NULL DEFAULT '', "user_agent" text NOT NULL DEFAULT '', "expires_at" timestamptz NOT NULL, "used_at" timestamptz NULL, "revoked_at" timestamptz NULL, "revoke_reason" character varying NULL, "user_id" uuid NOT NULL, "session_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "refresh_tokens_enhanced_user_sessions_refresh_tokens" FOREIGN KEY ("session_id") REFERENCES "enhanced_user_sessions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "refresh_tokens_users_refresh_tokens" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "refreshtoken_session_id_generation" to table: "refresh_tokens"
CREATE UNIQUE INDEX "refreshtoken_session_id_generation" ON "refresh_tokens" ("session_id", "generation");
-- create index "refreshtoken_token_hash" to table: "refresh_tokens"
CREATE UNIQUE INDEX "refreshtoken_token_hash" ON "refresh_tokens" ("token_hash");
-- create index "refreshtoken_user_id" to table: "refresh_tokens"
CREATE INDEX "refreshtoken_user_id" ON "refresh_tokens" ("user_id");
-- create "resource_claims" table
CREATE TABLE "resource_claims" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "resource_kind" character varying NOT NULL, "resource_id" uuid NOT NULL, "busy_from" timestamptz NOT NULL, "busy_to" timestamptz NOT NULL, "exclusive" boolean NOT NULL DEFAULT true, "appointment_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "resource_claims_appointments_claims" FOREIGN KEY ("appointment_id") REFERENCES "appointments" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "resource_claims_ends_after_start" CHECK (busy_to > busy_from));
-- create index "resourceclaim_appointment_id" to table: "resource_claims"
CREATE INDEX "resourceclaim_appointment_id" ON "resource_claims" ("appointment_id");
-- create index "resourceclaim_resource_kind_resource_id_busy_from" to table: "resource_claims"
CREATE INDEX "resourceclaim_resource_kind_resource_id_busy_from" ON "resource_claims" ("resource_kind", "resource_id", "busy_from");
-- create "permissions" table
CREATE TABLE "permissions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "name" character varying NOT NULL, "description" text NOT NULL DEFAULT '', PRIMARY KEY ("id"), CONSTRAINT "permissions_name" CHECK (((name)::text ~~ '_%:_%'::text) AND ((name)::text = lower((name)::text))));
-- create index "permission_name_id" to table: "permissions"
CREATE INDEX "permission_name_id" ON "permissions" ("name", "id");
-- create index "permissions_name_key" to table: "permissions"
CREATE UNIQUE INDEX "permissions_name_key" ON "permissions" ("name");
-- create "roles" table
CREATE TABLE "roles" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "name" character varying NOT NULL, "description" text NOT NULL DEFAULT '', "status" character varying NOT NULL DEFAULT 'ACTIVE', "is_system" boolean NOT NULL DEFAULT false, PRIMARY KEY ("id"));
-- create index "role_name" to table: "roles"
CREATE UNIQUE INDEX "role_name" ON "roles" ("name") WHERE (deleted_at IS NULL);
-- create index "role_name_id" to table: "roles"
CREATE INDEX "role_name_id" ON "roles" ("name", "id");
-- create "role_permissions" table
CREATE TABLE "role_permissions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "permission" character varying NOT NULL, "scope" character varying NOT NULL DEFAULT 'ANY', "role_id" uuid NOT NULL, "permission_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "role_permissions_permissions_permission_entry" FOREIGN KEY ("permission_id") REFERENCES "permissions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "role_permissions_roles_role" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "rolepermission_permission_id_role_id" to table: "role_permissions"
CREATE INDEX "rolepermission_permission_id_role_id" ON "role_permissions" ("permission_id", "role_id");
-- create index "rolepermission_role_id_permission_id" to table: "role_permissions"
CREATE UNIQUE INDEX "rolepermission_role_id_permission_id" ON "role_permissions" ("role_id", "permission_id");
-- create "service_settings" table
CREATE TABLE "service_settings" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "duration_minutes" integer NOT NULL, "buffer_before_minutes" integer NOT NULL DEFAULT 0, "buffer_after_minutes" integer NOT NULL DEFAULT 0, "interval_minutes" integer NOT NULL DEFAULT 15, "notice_minutes" integer NOT NULL DEFAULT 0, "horizon_days" integer NOT NULL DEFAULT 90, "hold_minutes" integer NOT NULL DEFAULT 1440, "requires_confirmation" boolean NOT NULL DEFAULT false, "product_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "service_settings_products_service_setting" FOREIGN KEY ("product_id") REFERENCES "products" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "service_settings_minutes" CHECK ((duration_minutes > 0) AND (interval_minutes > 0) AND (hold_minutes > 0) AND (buffer_before_minutes >= 0) AND (buffer_after_minutes >= 0) AND (notice_minutes >= 0) AND (horizon_days > 0)));
-- create index "service_settings_product_id_key" to table: "service_settings"
CREATE UNIQUE INDEX "service_settings_product_id_key" ON "service_settings" ("product_id");
-- create "user_permissions" table
CREATE TABLE "user_permissions" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "permission" character varying NOT NULL, "allowed" boolean NOT NULL, "scope" character varying NOT NULL DEFAULT 'ANY', "valid_from" timestamptz NULL, "expires_at" timestamptz NULL, "reason" text NULL, "permission_id" uuid NOT NULL, "user_id" uuid NOT NULL, "granted_by_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "user_permissions_permissions_user_permissions" FOREIGN KEY ("permission_id") REFERENCES "permissions" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "user_permissions_users_granted_permissions" FOREIGN KEY ("granted_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "user_permissions_users_user_permissions" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "userpermission_granted_by_id" to table: "user_permissions"
CREATE INDEX "userpermission_granted_by_id" ON "user_permissions" ("granted_by_id");
-- create index "userpermission_permission_id_user_id" to table: "user_permissions"
CREATE INDEX "userpermission_permission_id_user_id" ON "user_permissions" ("permission_id", "user_id");
-- create index "userpermission_user_id_permission_id" to table: "user_permissions"
CREATE UNIQUE INDEX "userpermission_user_id_permission_id" ON "user_permissions" ("user_id", "permission_id");
-- create "user_roles" table
CREATE TABLE "user_roles" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "assigned_at" timestamptz NOT NULL, "valid_from" timestamptz NULL, "expires_at" timestamptz NULL, "reason" text NULL, "assigned_by_id" uuid NULL, "user_id" uuid NOT NULL, "role_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "user_roles_roles_role" FOREIGN KEY ("role_id") REFERENCES "roles" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "user_roles_users_assigned_roles" FOREIGN KEY ("assigned_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "user_roles_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "userrole_assigned_by_id" to table: "user_roles"
CREATE INDEX "userrole_assigned_by_id" ON "user_roles" ("assigned_by_id");
-- create index "userrole_role_id_user_id" to table: "user_roles"
CREATE INDEX "userrole_role_id_user_id" ON "user_roles" ("role_id", "user_id");
-- create index "userrole_user_id_role_id" to table: "user_roles"
CREATE UNIQUE INDEX "userrole_user_id_role_id" ON "user_roles" ("user_id", "role_id");
-- create "working_hours" table
CREATE TABLE "working_hours" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "weekday" integer NOT NULL, "starts_at" integer NOT NULL, "ends_at" integer NOT NULL, "valid_from" character varying NULL, "valid_to" character varying NULL, "practitioner_id" uuid NOT NULL, PRIMARY KEY ("id"), CONSTRAINT "working_hours_practitioner_profiles_working_hours" FOREIGN KEY ("practitioner_id") REFERENCES "practitioner_profiles" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "working_hours_minutes" CHECK ((starts_at >= 0) AND (starts_at < 1440) AND (ends_at >= 0) AND (ends_at < 1440)), CONSTRAINT "working_hours_week" CHECK ((weekday >= 1) AND (weekday <= 7)));
-- create index "workinghours_practitioner_id_weekday" to table: "working_hours"
CREATE INDEX "workinghours_practitioner_id_weekday" ON "working_hours" ("practitioner_id", "weekday");
