-- By hand: the logs lie in monthly partitions. An id begins with the milliseconds since
-- 1970 of its entry, so that a month is a range of ids and the key stays the id. What is
-- there when this runs becomes the first partition as it is: it is read once, and not
-- written. Entries whose month has no partition go to that of the rest, so that none is
-- ever refused.
--
-- Entries refer to users and sessions no more: they outlive them, and writing one need
-- not lock the row of who acts. Atlas knows the tables, columns and indexes, which have
-- the same names; the planner replays the logs as plain tables, to the same end.
-- +goose Up
ALTER TABLE "operation_logs" RENAME TO "operation_logs_first";
ALTER TABLE "operation_logs_first" RENAME CONSTRAINT "operation_logs_pkey" TO "operation_logs_first_pkey";
ALTER INDEX "operationlog_user_id_id" RENAME TO "operation_logs_first_user_id_id";
ALTER INDEX "operationlog_entity_id_id" RENAME TO "operation_logs_first_entity_id_id";
ALTER INDEX "operationlog_entity_type_id" RENAME TO "operation_logs_first_entity_type_id";
ALTER INDEX "operationlog_request_id" RENAME TO "operation_logs_first_request_id";
ALTER TABLE "operation_logs_first" DROP CONSTRAINT "operation_logs_users_operation_logs";
DROP TRIGGER "operation_logs_append_only" ON "operation_logs_first";
DROP TRIGGER "operation_logs_no_removal" ON "operation_logs_first";
DROP TRIGGER "operation_logs_no_truncate" ON "operation_logs_first";
DROP TRIGGER "operation_logs_chain" ON "operation_logs_first";
CREATE TABLE "operation_logs" (LIKE "operation_logs_first" INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CONSTRAINT "operation_logs_pkey" PRIMARY KEY ("id")) PARTITION BY RANGE ("id");
CREATE INDEX "operationlog_user_id_id" ON "operation_logs" ("user_id", "id");
CREATE INDEX "operationlog_entity_id_id" ON "operation_logs" ("entity_id", "id");
CREATE INDEX "operationlog_entity_type_id" ON "operation_logs" ("entity_type", "id");
CREATE INDEX "operationlog_request_id" ON "operation_logs" ("request_id");
CREATE TRIGGER "operation_logs_append_only" BEFORE UPDATE ON "operation_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "operation_logs_no_removal" BEFORE DELETE ON "operation_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_removal"();
CREATE TRIGGER "operation_logs_no_truncate" BEFORE TRUNCATE ON "operation_logs" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "operation_logs_chain" AFTER INSERT ON "operation_logs" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "list_all_for_chain"(1);
ALTER TABLE "operation_logs" ENABLE ALWAYS TRIGGER "operation_logs_append_only", ENABLE ALWAYS TRIGGER "operation_logs_no_removal", ENABLE ALWAYS TRIGGER "operation_logs_no_truncate";
ALTER TABLE "audit_logs" RENAME TO "audit_logs_first";
ALTER TABLE "audit_logs_first" RENAME CONSTRAINT "audit_logs_pkey" TO "audit_logs_first_pkey";
ALTER INDEX "auditlog_user_id_id" RENAME TO "audit_logs_first_user_id_id";
ALTER INDEX "auditlog_event_id" RENAME TO "audit_logs_first_event_id";
ALTER INDEX "auditlog_subject_id_id" RENAME TO "audit_logs_first_subject_id_id";
ALTER INDEX "auditlog_request_id" RENAME TO "audit_logs_first_request_id";
ALTER TABLE "audit_logs_first" DROP CONSTRAINT "audit_logs_users_audit_logs";
DROP TRIGGER "audit_logs_append_only" ON "audit_logs_first";
DROP TRIGGER "audit_logs_no_removal" ON "audit_logs_first";
DROP TRIGGER "audit_logs_no_truncate" ON "audit_logs_first";
DROP TRIGGER "audit_logs_chain" ON "audit_logs_first";
CREATE TABLE "audit_logs" (LIKE "audit_logs_first" INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CONSTRAINT "audit_logs_pkey" PRIMARY KEY ("id")) PARTITION BY RANGE ("id");
CREATE INDEX "auditlog_user_id_id" ON "audit_logs" ("user_id", "id");
CREATE INDEX "auditlog_event_id" ON "audit_logs" ("event", "id");
CREATE INDEX "auditlog_subject_id_id" ON "audit_logs" ("subject_id", "id");
CREATE INDEX "auditlog_request_id" ON "audit_logs" ("request_id");
CREATE TRIGGER "audit_logs_append_only" BEFORE UPDATE ON "audit_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_logs_no_removal" BEFORE DELETE ON "audit_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_removal"();
CREATE TRIGGER "audit_logs_no_truncate" BEFORE TRUNCATE ON "audit_logs" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "audit_logs_chain" AFTER INSERT ON "audit_logs" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "list_all_for_chain"(2);
ALTER TABLE "audit_logs" ENABLE ALWAYS TRIGGER "audit_logs_append_only", ENABLE ALWAYS TRIGGER "audit_logs_no_removal", ENABLE ALWAYS TRIGGER "audit_logs_no_truncate";
ALTER TABLE "session_logs" RENAME TO "session_logs_first";
ALTER TABLE "session_logs_first" RENAME CONSTRAINT "session_logs_pkey" TO "session_logs_first_pkey";
ALTER INDEX "sessionlog_session_id_id" RENAME TO "session_logs_first_session_id_id";
ALTER INDEX "sessionlog_user_id_id" RENAME TO "session_logs_first_user_id_id";
ALTER INDEX "sessionlog_event_id" RENAME TO "session_logs_first_event_id";
ALTER INDEX "sessionlog_request_id" RENAME TO "session_logs_first_request_id";
ALTER TABLE "session_logs_first" DROP CONSTRAINT "session_logs_enhanced_user_sessions_logs", DROP CONSTRAINT "session_logs_users_session_logs";
DROP TRIGGER "session_logs_append_only" ON "session_logs_first";
DROP TRIGGER "session_logs_no_removal" ON "session_logs_first";
DROP TRIGGER "session_logs_no_truncate" ON "session_logs_first";
DROP TRIGGER "session_logs_chain" ON "session_logs_first";
CREATE TABLE "session_logs" (LIKE "session_logs_first" INCLUDING DEFAULTS INCLUDING CONSTRAINTS, CONSTRAINT "session_logs_pkey" PRIMARY KEY ("id")) PARTITION BY RANGE ("id");
CREATE INDEX "sessionlog_session_id_id" ON "session_logs" ("session_id", "id");
CREATE INDEX "sessionlog_user_id_id" ON "session_logs" ("user_id", "id");
CREATE INDEX "sessionlog_event_id" ON "session_logs" ("event", "id");
CREATE INDEX "sessionlog_request_id" ON "session_logs" ("request_id");
CREATE TRIGGER "session_logs_append_only" BEFORE UPDATE ON "session_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "session_logs_no_removal" BEFORE DELETE ON "session_logs" FOR EACH ROW EXECUTE FUNCTION "refuse_removal"();
CREATE TRIGGER "session_logs_no_truncate" BEFORE TRUNCATE ON "session_logs" FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "session_logs_chain" AFTER INSERT ON "session_logs" REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION "list_all_for_chain"(3);
ALTER TABLE "session_logs" ENABLE ALWAYS TRIGGER "session_logs_append_only", ENABLE ALWAYS TRIGGER "session_logs_no_removal", ENABLE ALWAYS TRIGGER "session_logs_no_truncate";
-- The time that an id carries.
CREATE FUNCTION "log_time"("id" uuid) RETURNS timestamptz LANGUAGE sql AS $$
  SELECT to_timestamp(('x' || left(replace("id"::text, '-', ''), 12))::bit(48)::bigint / 1000.0)
$$;
-- The least id of the month that is so many months behind that of a moment, by UTC.
CREATE FUNCTION "log_month"("at" timestamptz, "ahead" integer) RETURNS uuid LANGUAGE sql AS $$
  SELECT (lpad(to_hex((extract(epoch FROM date_trunc('month', "at" AT TIME ZONE 'UTC') + make_interval(months => "ahead")) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
-- Has a partition of a log carry what the log's own triggers of statements refuse and
-- list, for whoever names the partition; those of rows it gets by itself.
-- +goose StatementBegin
CREATE FUNCTION "guard_log_partition"("log" text, "part" text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', log || '_no_truncate', part);
  EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION list_all_for_chain(%s)',
    log || '_chain', part, CASE log WHEN 'operation_logs' THEN 1 WHEN 'audit_logs' THEN 2 ELSE 3 END);
  EXECUTE format('ALTER TABLE %1$I ENABLE ALWAYS TRIGGER %2$I, ENABLE ALWAYS TRIGGER %3$I, ENABLE ALWAYS TRIGGER %4$I',
    part, log || '_append_only', log || '_no_removal', log || '_no_truncate');
END
$$;
-- +goose StatementEnd
-- The partitions of months: the least id in each, and the least behind it.
CREATE VIEW "log_partitions" AS
  SELECT l."relname" AS "log", c."relname" AS "part",
         coalesce((regexp_match(b."bound", 'FROM \(''([0-9a-f-]{36})''\)'))[1], '00000000-0000-0000-0000-000000000000')::uuid AS "begins",
         (regexp_match(b."bound", 'TO \(''([0-9a-f-]{36})''\)'))[1]::uuid AS "ends"
    FROM pg_class l JOIN pg_inherits i ON i."inhparent" = l."oid" JOIN pg_class c ON c."oid" = i."inhrelid", LATERAL (SELECT pg_get_expr(c."relpartbound", c."oid") AS "bound") AS b
   WHERE l."oid" IN ('operation_logs'::regclass, 'audit_logs'::regclass, 'session_logs'::regclass) AND b."bound" <> 'DEFAULT';
-- Makes the partitions of this month and the next two, and takes away those of months
-- that are over and have nothing left in them; counts both. It is the owner's, so that a
-- server need not be, and waits for nobody for long: what others hold is left to the next
-- run. A month that has entries in the partition of the rest gets none.
-- +goose StatementBegin
CREATE FUNCTION "keep_log_partitions"() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  of_log text;
  month record;
  partition text;
  filled boolean;
  finished integer := 0;
  done integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('log-partitions', 0));
  FOREACH of_log IN ARRAY ARRAY['operation_logs', 'audit_logs', 'session_logs'] LOOP
    BEGIN
      finished := done;
      FOR month IN
        SELECT log_month(m, 0) AS begins, log_month(m, 1) AS ends, to_char(m AT TIME ZONE 'UTC', '_YYYY_MM') AS suffix
          FROM (SELECT log_time(max(p.ends::text)::uuid) AS last FROM log_partitions p WHERE p.log = of_log) AS made,
               generate_series(made.last AT TIME ZONE 'UTC', date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months', interval '1 month') AS s(local),
               LATERAL (SELECT s.local AT TIME ZONE 'UTC') AS u(m)
      LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id >= %L AND id < %L)', of_log || '_rest', month.begins, month.ends) INTO filled;
        CONTINUE WHEN filled;
        partition := of_log || month.suffix;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', partition, of_log);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', of_log, partition, month.begins, month.ends);
        PERFORM guard_log_partition(of_log, partition);
        done := done + 1;
      END LOOP;
      FOR partition IN SELECT p.part FROM log_partitions p WHERE p.log = of_log AND p.ends <= log_month(now(), 0) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', partition) INTO filled;
        CONTINUE WHEN filled;
        EXECUTE format('LOCK TABLE ONLY %I IN ACCESS EXCLUSIVE MODE', of_log);
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', partition) INTO filled;
        CONTINUE WHEN filled;
        EXECUTE format('DROP TABLE %I', partition);
        done := done + 1;
      END LOOP;
    EXCEPTION WHEN lock_not_available OR check_violation THEN
      done := finished;
      RAISE NOTICE 'partitions of %: %', of_log, SQLERRM;
    END;
  END LOOP;
  RETURN done;
END
$$;
-- +goose StatementEnd
-- The first partitions go to the end of this month, later where an entry is.
-- +goose StatementBegin
DO $$
DECLARE
  of_log text;
  latest uuid;
BEGIN
  EXECUTE format('ALTER FUNCTION keep_log_partitions() SET search_path = %I, pg_temp', current_schema());
  ALTER FUNCTION keep_log_partitions() SET lock_timeout = '500ms';
  FOREACH of_log IN ARRAY ARRAY['operation_logs', 'audit_logs', 'session_logs'] LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', of_log || '_rest', of_log);
    PERFORM guard_log_partition(of_log, of_log || '_rest');
    EXECUTE format('SELECT id FROM %I ORDER BY id DESC LIMIT 1', of_log || '_first') INTO latest;
    EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%L)', of_log, of_log || '_first',
      log_month(greatest(now(), log_time(latest)), 1));
    PERFORM guard_log_partition(of_log, of_log || '_first');
  END LOOP;
  PERFORM keep_log_partitions();
END
$$;
-- +goose StatementEnd
