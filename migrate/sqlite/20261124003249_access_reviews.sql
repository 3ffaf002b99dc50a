-- +goose NO TRANSACTION
-- +goose Up
-- disable the enforcement of foreign-keys constraints
PRAGMA foreign_keys = off;
BEGIN IMMEDIATE;
-- create "new_user_permissions" table
CREATE TABLE `new_user_permissions` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `permission` text NOT NULL, `allowed` bool NOT NULL, `scope` text NOT NULL DEFAULT ('ANY'), `valid_from` datetime NULL, `expires_at` datetime NULL, `reason` text NULL, `origin` text NOT NULL DEFAULT ('DIRECT'), `last_reviewed_at` datetime NULL, `permission_id` uuid NOT NULL, `user_id` uuid NOT NULL, `granted_by_id` uuid NULL, `last_reviewed_by_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `user_permissions_permissions_user_permissions` FOREIGN KEY (`permission_id`) REFERENCES `permissions` (`id`) ON DELETE NO ACTION, CONSTRAINT `user_permissions_users_user_permissions` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `user_permissions_users_granted_permissions` FOREIGN KEY (`granted_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `user_permissions_users_last_reviewed_by` FOREIGN KEY (`last_reviewed_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- copy rows from old table "user_permissions" to new temporary table "new_user_permissions"
INSERT INTO `new_user_permissions` (`id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `permission`, `allowed`, `scope`, `valid_from`, `expires_at`, `reason`, `permission_id`, `user_id`, `granted_by_id`) SELECT `id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `permission`, `allowed`, `scope`, `valid_from`, `expires_at`, `reason`, `permission_id`, `user_id`, `granted_by_id` FROM `user_permissions`;
-- drop "user_permissions" table after copying rows
DROP TABLE `user_permissions`;
-- rename temporary table "new_user_permissions" to "user_permissions"
ALTER TABLE `new_user_permissions` RENAME TO `user_permissions`;
-- create index "userpermission_user_id_permission_id_origin" to table: "user_permissions"
CREATE UNIQUE INDEX `userpermission_user_id_permission_id_origin` ON `user_permissions` (`user_id`, `permission_id`, `origin`);
-- create index "userpermission_permission_id_user_id" to table: "user_permissions"
CREATE INDEX `userpermission_permission_id_user_id` ON `user_permissions` (`permission_id`, `user_id`);
-- create index "userpermission_granted_by_id" to table: "user_permissions"
CREATE INDEX `userpermission_granted_by_id` ON `user_permissions` (`granted_by_id`);
-- create index "userpermission_last_reviewed_by_id" to table: "user_permissions"
CREATE INDEX `userpermission_last_reviewed_by_id` ON `user_permissions` (`last_reviewed_by_id`);
-- create index "userpermission_expires_at" to table: "user_permissions"
CREATE INDEX `userpermission_expires_at` ON `user_permissions` (`expires_at`);
-- create "new_user_roles" table
CREATE TABLE `new_user_roles` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `assigned_at` datetime NOT NULL, `valid_from` datetime NULL, `expires_at` datetime NULL, `reason` text NULL, `last_reviewed_at` datetime NULL, `assigned_by_id` uuid NULL, `user_id` uuid NOT NULL, `role_id` uuid NOT NULL, `last_reviewed_by_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `user_roles_users_assigned_roles` FOREIGN KEY (`assigned_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `user_roles_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `user_roles_roles_role` FOREIGN KEY (`role_id`) REFERENCES `roles` (`id`) ON DELETE NO ACTION, CONSTRAINT `user_roles_users_last_reviewed_by` FOREIGN KEY (`last_reviewed_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- copy rows from old table "user_roles" to new temporary table "new_user_roles"
INSERT INTO `new_user_roles` (`id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `assigned_at`, `valid_from`, `expires_at`, `reason`, `assigned_by_id`, `user_id`, `role_id`) SELECT `id`, `created_at`, `updated_at`, `created_by`, `updated_by`, `version`, `assigned_at`, `valid_from`, `expires_at`, `reason`, `assigned_by_id`, `user_id`, `role_id` FROM `user_roles`;
-- drop "user_roles" table after copying rows
DROP TABLE `user_roles`;
-- rename temporary table "new_user_roles" to "user_roles"
ALTER TABLE `new_user_roles` RENAME TO `user_roles`;
-- create index "userrole_user_id_role_id" to table: "user_roles"
CREATE UNIQUE INDEX `userrole_user_id_role_id` ON `user_roles` (`user_id`, `role_id`);
-- create index "userrole_role_id_user_id" to table: "user_roles"
CREATE INDEX `userrole_role_id_user_id` ON `user_roles` (`role_id`, `user_id`);
-- create index "userrole_assigned_by_id" to table: "user_roles"
CREATE INDEX `userrole_assigned_by_id` ON `user_roles` (`assigned_by_id`);
-- create index "userrole_last_reviewed_by_id" to table: "user_roles"
CREATE INDEX `userrole_last_reviewed_by_id` ON `user_roles` (`last_reviewed_by_id`);
-- create index "userrole_expires_at" to table: "user_roles"
CREATE INDEX `userrole_expires_at` ON `user_roles` (`expires_at`);
-- create "access_reviews" table
CREATE TABLE `access_reviews` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `deleted_at` datetime NULL, `retention_until` datetime NULL, `name` text NOT NULL, `kind` text NOT NULL DEFAULT ('CAMPAIGN'), `status` text NOT NULL DEFAULT ('OPEN'), `due_at` datetime NOT NULL, `criteria` json NULL, `closed_at` datetime NULL, `reviewer_id` uuid NULL, `started_by_id` uuid NULL, `closed_by_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `access_reviews_users_reviewer` FOREIGN KEY (`reviewer_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `access_reviews_users_started_by` FOREIGN KEY (`started_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `access_reviews_users_closed_by` FOREIGN KEY (`closed_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "accessreview_name_id" to table: "access_reviews"
CREATE INDEX `accessreview_name_id` ON `access_reviews` (`name`, `id`);
-- create index "accessreview_due_at_id" to table: "access_reviews"
CREATE INDEX `accessreview_due_at_id` ON `access_reviews` (`due_at`, `id`);
-- create index "accessreview_status_due_at" to table: "access_reviews"
CREATE INDEX `accessreview_status_due_at` ON `access_reviews` (`status`, `due_at`);
-- create index "accessreview_reviewer_id" to table: "access_reviews"
CREATE INDEX `accessreview_reviewer_id` ON `access_reviews` (`reviewer_id`);
-- create index "accessreview_started_by_id" to table: "access_reviews"
CREATE INDEX `accessreview_started_by_id` ON `access_reviews` (`started_by_id`);
-- create index "accessreview_closed_by_id" to table: "access_reviews"
CREATE INDEX `accessreview_closed_by_id` ON `access_reviews` (`closed_by_id`);
-- create "access_review_items" table
CREATE TABLE `access_review_items` (`id` uuid NOT NULL, `created_at` datetime NOT NULL, `updated_at` datetime NOT NULL, `created_by` uuid NULL, `updated_by` uuid NULL, `version` integer NOT NULL DEFAULT (1), `deleted_at` datetime NULL, `retention_until` datetime NULL, `kind` text NOT NULL, `username` text NOT NULL, `grants` text NOT NULL, `scope` text NULL, `granted_at` datetime NOT NULL, `expires_at` datetime NULL, `reason` text NULL, `findings` json NULL, `status` text NOT NULL DEFAULT ('PENDING'), `decided_at` datetime NULL, `note` text NULL, `review_id` uuid NOT NULL, `user_id` uuid NOT NULL, `granted_by_id` uuid NULL, `user_role_id` uuid NULL, `user_permission_id` uuid NULL, `decided_by_id` uuid NULL, PRIMARY KEY (`id`), CONSTRAINT `access_review_items_access_reviews_items` FOREIGN KEY (`review_id`) REFERENCES `access_reviews` (`id`) ON DELETE NO ACTION, CONSTRAINT `access_review_items_users_user` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`) ON DELETE NO ACTION, CONSTRAINT `access_review_items_users_granted_by` FOREIGN KEY (`granted_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL, CONSTRAINT `access_review_items_user_roles_user_role` FOREIGN KEY (`user_role_id`) REFERENCES `user_roles` (`id`) ON DELETE SET NULL, CONSTRAINT `access_review_items_user_permissions_user_permission` FOREIGN KEY (`user_permission_id`) REFERENCES `user_permissions` (`id`) ON DELETE SET NULL, CONSTRAINT `access_review_items_users_decided_by` FOREIGN KEY (`decided_by_id`) REFERENCES `users` (`id`) ON DELETE SET NULL);
-- create index "accessreviewitem_review_id_id" to table: "access_review_items"
CREATE INDEX `accessreviewitem_review_id_id` ON `access_review_items` (`review_id`, `id`);
-- create index "accessreviewitem_review_id_status" to table: "access_review_items"
CREATE INDEX `accessreviewitem_review_id_status` ON `access_review_items` (`review_id`, `status`);
-- create index "accessreviewitem_user_id_id" to table: "access_review_items"
CREATE INDEX `accessreviewitem_user_id_id` ON `access_review_items` (`user_id`, `id`);
-- create index "accessreviewitem_granted_by_id" to table: "access_review_items"
CREATE INDEX `accessreviewitem_granted_by_id` ON `access_review_items` (`granted_by_id`);
-- create index "accessreviewitem_user_role_id" to table: "access_review_items"
CREATE INDEX `accessreviewitem_user_role_id` ON `access_review_items` (`user_role_id`);
-- create index "accessreviewitem_user_permission_id" to table: "access_review_items"
CREATE INDEX `accessreviewitem_user_permission_id` ON `access_review_items` (`user_permission_id`);
-- create index "accessreviewitem_decided_by_id" to table: "access_review_items"
CREATE INDEX `accessreviewitem_decided_by_id` ON `access_review_items` (`decided_by_id`);
COMMIT;
-- enable back the enforcement of foreign-keys constraints
PRAGMA foreign_keys = on;
