package migrate_test

import (
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// partitioning is the migration that gives the logs their partitions.
const partitioning = "20261130202000_log_partitions.sql"

// until are the migrations for PostgreSQL before that one.
func until(t *testing.T) fs.FS {
	t.Helper()
	some := fstest.MapFS{}
	entries, err := os.ReadDir("postgres")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() >= partitioning {
			break
		}
		text, err := os.ReadFile("postgres/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		some[e.Name()] = &fstest.MapFile{Data: text}
	}
	return some
}

// A log with entries in it keeps them, with what serves and guards them; one whose
// newest entry is from a clock that was ahead has its first partition end later.
func TestPartitioning_keeps_what_is_there(t *testing.T) {
	t.Parallel()
	db := opened(t)(store.OpenPostgres(t.Context(), store.Options{URL: testdb.NewPostgresDatabase(t, ""), StatementTimeout: -1}))
	if _, err := migrate.ApplyFrom(t.Context(), db, until(t)); err != nil {
		t.Fatal(err)
	}
	const sample = `INSERT INTO operation_logs (id, created_at, actor, action, entity_type, entity_id, new_values, request_id)
		VALUES ($1, $2, 'somebody', 'CREATE', 'Sex', $1, '{"a":  1}', 'r-1')`
	ahead := time.Now().UTC().AddDate(0, 4, 0)
	made := []uuid.UUID{uuid.MustParse(ada), ids.NewAt(ids.OperationLog, time.Now()), ids.NewAt(ids.OperationLog, ahead)}
	for _, id := range made {
		if _, err := db.Write.ExecContext(t.Context(), sample, id, nine); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := migrate.Apply(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	var kept, waiting, parts int
	var values string
	err := db.Read.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM operation_logs_first), (SELECT count(*) FROM audit_pending),
		(SELECT count(*) FROM log_partitions WHERE log = 'operation_logs'), (SELECT new_values::text FROM operation_logs WHERE id = $1)`, ada).Scan(&kept, &waiting, &parts, &values)
	if err != nil || kept != 3 || waiting != 3 || parts != 1 || values != `{"a":  1}` {
		t.Errorf("%d rows, %d listed, %d partitions, %s, %v", kept, waiting, parts, values, err)
	}
	// Each index of the log is one of the first partition, as it was, and none is made anew.
	var own, attached int
	err = db.Read.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM pg_index WHERE indrelid = 'operation_logs_first'::regclass AND indisvalid),
		(SELECT count(*) FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhparent JOIN pg_index c ON c.indexrelid = i.inhrelid
			WHERE x.indrelid = 'operation_logs'::regclass AND c.indrelid = 'operation_logs_first'::regclass)`).Scan(&own, &attached)
	if err != nil || own != 5 || attached != 5 {
		t.Errorf("%d indexes, %d of them the log's, %v", own, attached, err)
	}
	for _, refused := range []string{`DELETE FROM operation_logs`, `UPDATE operation_logs_first SET actor = ''`, `TRUNCATE operation_logs`} {
		if _, err := db.Write.ExecContext(t.Context(), refused); err == nil {
			t.Errorf("%s is done", refused)
		}
	}
	if _, err := db.Write.ExecContext(t.Context(), sample, ids.NewAt(ids.OperationLog, ahead.AddDate(0, 2, 0)), nine); err != nil {
		t.Errorf("an entry behind all partitions: %v", err)
	}
	if n, err := chain.KeepPartitions(t.Context(), db); n != 0 || err != nil {
		t.Errorf("%d partitions more, %v", n, err)
	}
}
