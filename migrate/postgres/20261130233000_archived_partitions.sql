-- By hand: a month of a log that is archived to its last entry leaves as a whole.
-- +goose Up
-- Drops one partition of a month that is over and of which the last checkpoint covers
-- every row, and says whether there was one: whoever calls it again until there is none
-- holds up the log for one drop at a time. It has the rights of its caller, who owns the
-- logs, and waits for nobody for long: what others hold, or takes too long to look
-- through, stays for whoever removes row by row.
-- +goose StatementBegin
CREATE FUNCTION "drop_archived_log_partition"() RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '500ms' AS $$
DECLARE
  month record;
  archived boolean;
  covered bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('log-partitions', 0));
  SELECT max("last_seq") INTO covered FROM "audit_checkpoints";
  FOR month IN SELECT p."log", p."part" FROM "log_partitions" p WHERE p."ends" <= log_month(now(), 0) ORDER BY p."begins" LOOP
    BEGIN
      -- The newest row of a month is archived last.
      EXECUTE format('SELECT EXISTS (SELECT FROM audit_chain WHERE row_id = (SELECT id FROM %I ORDER BY id DESC LIMIT 1) AND seq <= $1)', month."part")
        INTO archived USING covered;
      CONTINUE WHEN NOT archived;
      EXECUTE format('LOCK TABLE %I IN SHARE ROW EXCLUSIVE MODE', month."part");
      EXECUTE format('SELECT NOT EXISTS (SELECT FROM %I l WHERE NOT EXISTS (SELECT FROM audit_chain c WHERE c.row_id = l.id AND c.seq <= $1))', month."part")
        INTO archived USING covered;
      CONTINUE WHEN NOT archived;
      EXECUTE format('LOCK TABLE ONLY %I IN ACCESS EXCLUSIVE MODE', month."log");
      EXECUTE format('DROP TABLE %I', month."part");
      RETURN true;
    EXCEPTION WHEN lock_not_available OR deadlock_detected OR insufficient_privilege OR query_canceled THEN
      RAISE NOTICE 'partition %: %', month."part", SQLERRM;
    END;
  END LOOP;
  RETURN false;
END
$$;
-- +goose StatementEnd
