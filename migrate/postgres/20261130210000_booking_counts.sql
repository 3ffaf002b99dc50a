-- By hand: how many bookings there are of each unit, status and day (UTC), so that long
-- lists are counted by days and not by rows. Machinery: no entity. Each statement adds
-- its differences, in its own transaction, and waits for nobody: the number of a day is
-- the sum of its rows. A job puts rows of a day together. See internal/counts.
-- +goose Up
CREATE TABLE "booking_counts" ("id" bigint GENERATED ALWAYS AS IDENTITY, "unit_id" uuid NULL, "status" character varying NOT NULL, "day" date NOT NULL, "n" bigint NOT NULL, PRIMARY KEY ("id"));
CREATE INDEX "bookingcount_day_status_unit_id_n" ON "booking_counts" ("day", "status", "unit_id", "n");
-- +goose StatementBegin
CREATE FUNCTION "count_bookings"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "booking_counts" ("unit_id", "status", "day", "n")
      SELECT "unit_id", "status", ("starts_at" AT TIME ZONE 'UTC')::date, count(*) FROM added WHERE "deleted_at" IS NULL GROUP BY 1, 2, 3;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "booking_counts" ("unit_id", "status", "day", "n")
      SELECT "unit_id", "status", ("starts_at" AT TIME ZONE 'UTC')::date, -count(*) FROM removed WHERE "deleted_at" IS NULL GROUP BY 1, 2, 3;
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO "booking_counts" ("unit_id", "status", "day", "n")
      SELECT "unit_id", "status", ("starts_at" AT TIME ZONE 'UTC')::date, sum(d) FROM (
        SELECT "unit_id", "status", "starts_at", 1 AS d FROM added WHERE "deleted_at" IS NULL
        UNION ALL SELECT "unit_id", "status", "starts_at", -1 FROM removed WHERE "deleted_at" IS NULL) AS both_sides
      GROUP BY 1, 2, 3 HAVING sum(d) <> 0;
  ELSE
    DELETE FROM "booking_counts";
  END IF;
  RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER "bookings_counted_insert" AFTER INSERT ON "bookings" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "count_bookings"();
CREATE TRIGGER "bookings_counted_update" AFTER UPDATE ON "bookings" REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "count_bookings"();
CREATE TRIGGER "bookings_counted_delete" AFTER DELETE ON "bookings" REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION "count_bookings"();
CREATE TRIGGER "bookings_counted_truncate" AFTER TRUNCATE ON "bookings" FOR EACH STATEMENT EXECUTE FUNCTION "count_bookings"();
INSERT INTO "booking_counts" ("unit_id", "status", "day", "n")
  SELECT "unit_id", "status", ("starts_at" AT TIME ZONE 'UTC')::date, count(*) FROM "bookings" WHERE "deleted_at" IS NULL GROUP BY 1, 2, 3;
