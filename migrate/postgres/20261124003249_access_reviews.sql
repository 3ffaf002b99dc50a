-- +goose Up
-- create "access_reviews" table
CREATE TABLE "access_reviews" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "name" character varying NOT NULL, "kind" character varying NOT NULL DEFAULT 'CAMPAIGN', "status" character varying NOT NULL DEFAULT 'OPEN', "due_at" timestamptz NOT NULL, "criteria" jsonb NULL, "closed_at" timestamptz NULL, "reviewer_id" uuid NULL, "started_by_id" uuid NULL, "closed_by_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "access_reviews_users_closed_by" FOREIGN KEY ("closed_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "access_reviews_users_reviewer" FOREIGN KEY ("reviewer_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "access_reviews_users_started_by" FOREIGN KEY ("started_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL);
-- create index "accessreview_closed_by_id" to table: "access_reviews"
CREATE INDEX "accessreview_closed_by_id" ON "access_reviews" ("closed_by_id");
-- create index "accessreview_due_at_id" to table: "access_reviews"
CREATE INDEX "accessreview_due_at_id" ON "access_reviews" ("due_at", "id");
-- create index "accessreview_name_id" to table: "access_reviews"
CREATE INDEX "accessreview_name_id" ON "access_reviews" ("name", "id");
-- create index "accessreview_reviewer_id" to table: "access_reviews"
CREATE INDEX "accessreview_reviewer_id" ON "access_reviews" ("reviewer_id");
-- create index "accessreview_started_by_id" to table: "access_reviews"
CREATE INDEX "accessreview_started_by_id" ON "access_reviews" ("started_by_id");
-- create index "accessreview_status_due_at" to table: "access_reviews"
CREATE INDEX "accessreview_status_due_at" ON "access_reviews" ("status", "due_at");
-- drop index "userpermission_user_id_permission_id" from table: "user_permissions"
DROP INDEX "userpermission_user_id_permission_id";
-- modify "user_permissions" table
ALTER TABLE "user_permissions" ADD COLUMN "origin" character varying NOT NULL DEFAULT 'DIRECT', ADD COLUMN "last_reviewed_at" timestamptz NULL, ADD COLUMN "last_reviewed_by_id" uuid NULL, ADD CONSTRAINT "user_permissions_users_last_reviewed_by" FOREIGN KEY ("last_reviewed_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- create index "userpermission_expires_at" to table: "user_permissions"
CREATE INDEX "userpermission_expires_at" ON "user_permissions" ("expires_at");
-- create index "userpermission_last_reviewed_by_id" to table: "user_permissions"
CREATE INDEX "userpermission_last_reviewed_by_id" ON "user_permissions" ("last_reviewed_by_id");
-- create index "userpermission_user_id_permission_id_origin" to table: "user_permissions"
CREATE UNIQUE INDEX "userpermission_user_id_permission_id_origin" ON "user_permissions" ("user_id", "permission_id", "origin");
-- modify "user_roles" table
ALTER TABLE "user_roles" ADD COLUMN "last_reviewed_at" timestamptz NULL, ADD COLUMN "last_reviewed_by_id" uuid NULL, ADD CONSTRAINT "user_roles_users_last_reviewed_by" FOREIGN KEY ("last_reviewed_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL;
-- create index "userrole_expires_at" to table: "user_roles"
CREATE INDEX "userrole_expires_at" ON "user_roles" ("expires_at");
-- create index "userrole_last_reviewed_by_id" to table: "user_roles"
CREATE INDEX "userrole_last_reviewed_by_id" ON "user_roles" ("last_reviewed_by_id");
-- create "access_review_items" table
CREATE TABLE "access_review_items" ("id" uuid NOT NULL, "created_at" timestamptz NOT NULL, "updated_at" timestamptz NOT NULL, "created_by" uuid NULL, "updated_by" uuid NULL, "version" integer NOT NULL DEFAULT 1, "deleted_at" timestamptz NULL, "retention_until" timestamptz NULL, "kind" character varying NOT NULL, "username" character varying NOT NULL, "grants" character varying NOT NULL, "scope" character varying NULL, "granted_at" timestamptz NOT NULL, "expires_at" timestamptz NULL, "reason" text NULL, "findings" jsonb NULL, "status" character varying NOT NULL DEFAULT 'PENDING', "decided_at" timestamptz NULL, "note" text NULL, "review_id" uuid NOT NULL, "user_id" uuid NOT NULL, "granted_by_id" uuid NULL, "user_role_id" uuid NULL, "user_permission_id" uuid NULL, "decided_by_id" uuid NULL, PRIMARY KEY ("id"), CONSTRAINT "access_review_items_access_reviews_items" FOREIGN KEY ("review_id") REFERENCES "access_reviews" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION, CONSTRAINT "access_review_items_user_permissions_user_permission" FOREIGN KEY ("user_permission_id") REFERENCES "user_permissions" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "access_review_items_user_roles_user_role" FOREIGN KEY ("user_role_id") REFERENCES "user_roles" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "access_review_items_users_decided_by" FOREIGN KEY ("decided_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "access_review_items_users_granted_by" FOREIGN KEY ("granted_by_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE SET NULL, CONSTRAINT "access_review_items_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ("id") ON UPDATE NO ACTION ON DELETE NO ACTION);
-- create index "accessreviewitem_decided_by_id" to table: "access_review_items"
CREATE INDEX "accessreviewitem_decided_by_id" ON "access_review_items" ("decided_by_id");
-- create index "accessreviewitem_granted_by_id" to table: "access_review_items"
CREATE INDEX "accessreviewitem_granted_by_id" ON "access_review_items" ("granted_by_id");
-- create index "accessreviewitem_review_id_id" to table: "access_review_items"
CREATE INDEX "accessreviewitem_review_id_id" ON "access_review_items" ("review_id", "id");
-- create index "accessreviewitem_review_id_status" to table: "access_review_items"
CREATE INDEX "accessreviewitem_review_id_status" ON "access_review_items" ("review_id", "status");
-- create index "accessreviewitem_user_id_id" to table: "access_review_items"
CREATE INDEX "accessreviewitem_user_id_id" ON "access_review_items" ("user_id", "id");
-- create index "accessreviewitem_user_permission_id" to table: "access_review_items"
CREATE INDEX "accessreviewitem_user_permission_id" ON "access_review_items" ("user_permission_id");
-- create index "accessreviewitem_user_role_id" to table: "access_review_items"
CREATE INDEX "accessreviewitem_user_role_id" ON "access_review_items" ("user_role_id");
