-- By hand: wildcards are for system roles. A verb refuses them as well; what comes
-- by another way must not make a permission out of a pattern.
-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION "refuse_wildcard"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'role_permissions' THEN
    PERFORM 1 FROM "roles" WHERE "id" = NEW."role_id" AND "is_system";
    IF FOUND THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'wildcard: %', TG_TABLE_NAME;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "role_permissions_wildcard" BEFORE INSERT OR UPDATE OF "permission", "role_id" ON "role_permissions" FOR EACH ROW WHEN (NEW."permission" LIKE '%*%') EXECUTE FUNCTION "refuse_wildcard"();
ALTER TABLE "role_permissions" ENABLE ALWAYS TRIGGER "role_permissions_wildcard";
CREATE TRIGGER "user_permissions_wildcard" BEFORE INSERT OR UPDATE OF "permission" ON "user_permissions" FOR EACH ROW WHEN (NEW."permission" LIKE '%*%') EXECUTE FUNCTION "refuse_wildcard"();
ALTER TABLE "user_permissions" ENABLE ALWAYS TRIGGER "user_permissions_wildcard";
