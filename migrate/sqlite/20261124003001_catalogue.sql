-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
BEGIN IMMEDIATE;
-- add column "document_sealed" to table: "customers"
ALTER TABLE `customers` ADD COLUMN `document_sealed` blob NULL;
-- create index "organizationalunit_name_id" to table: "organizational_units"
CREATE INDEX `organizationalunit_name_id` ON `organizational_units` (`name`, `id`);
-- create "new_permissions" table
CREATE TABLE `new_permissions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `deleted_at` datetime NULL, `retention_until` datetime NULL, `name` text NOT NULL, `description` text NOT NULL DEFAULT (''), `reserved` bool NOT NULL DEFAULT (false), PRIMARY KEY (`id`), CONSTRAINT `permissions_name` CHECK (name LIKE '_%:_%' AND name = lower(name)));
-- copy rows from old table "permissions" to new temporary table "new_permissions"
INSERT INTO `new_permissions` (`id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `deleted_at`, `retention_until`, `name`, `description`) SELECT `id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `deleted_at`, `retention_until`, `name`, `description` FROM `permissions`;
-- drop "permissions" table after copying rows
DROP TABLE `permissions`;
-- rename temporary table "new_permissions" to "permissions"
ALTER TABLE `new_permissions` RENAME TO `permissions`;
-- create index "permissions_name_key" to table: "permissions"
CREATE UNIQUE INDEX `permissions_name_key` ON `permissions` (`name`);
-- create index "permission_name_id" to table: "permissions"
CREATE INDEX `permission_name_id` ON `permissions` (`name`, `id`);
COMMIT;
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
