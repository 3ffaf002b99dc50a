package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/store"
)

func TestOpenSQLite(t *testing.T) {
	t.Run("makes_a_private_file_in_a_private_folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "data")
		db := openSQLite(t, filepath.Join(dir, "clinic.db"))
		must(t, db, cats) // makes the log
		got := map[string]os.FileMode{}
		for _, name := range []string{"", "clinic.db", "clinic.db-wal", "clinic.db-shm"} {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			got[name] = info.Mode().Perm()
		}
		want := map[string]os.FileMode{"": 0o700, "clinic.db": 0o600, "clinic.db-wal": 0o600, "clinic.db-shm": 0o600}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if db.Dialect != dialect.SQLite || db.Driver.Dialect() != dialect.SQLite {
			t.Errorf("dialect %s, driver %s", db.Dialect, db.Driver.Dialect())
		}
	})
	t.Run("closes_an_open_file_to_others", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "clinic.db")
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		openSQLite(t, path)
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v; want 600", info.Mode(), err)
		}
	})
	t.Run("takes_names_with_signs_of_a_URI", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "what? #1 50%3f&_pragma=x.db")
		must(t, openSQLite(t, path), cats)
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("the database is not in the file of that name: %v", err)
		}
	})
	t.Run("refuses_what_is_not_a_file", func(t *testing.T) {
		for _, path := range []string{"", ":memory:", t.TempDir()} {
			if db, err := store.OpenSQLite(t.Context(), path); err == nil {
				t.Errorf("opened %q", path)
				db.Close()
			}
		}
	})
	t.Run("can_be_done_by_many_at_once", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "clinic.db")
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				db, err := store.OpenSQLite(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestSQLite_settings_hold_on_every_connection(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "clinic.db"))
	for name, c := range map[string]struct {
		pool      *sql.DB
		conns     int
		queryOnly string
		tempStore string
	}{"write": {db.Write, 1, "0", "2"}, "read": {db.Read, 3, "1", "0"}} {
		want := map[string]string{
			"foreign_keys": "1", "journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "query_only": c.queryOnly, "temp_store": c.tempStore,
		}
		for range c.conns {
			conn, err := c.pool.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			got := map[string]string{}
			for pragma := range want {
				var value string
				if err := conn.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&value); err != nil {
					t.Fatal(err)
				}
				got[pragma] = value
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s pool: %s", name, diff)
			}
		}
	}
	if n := db.Write.Stats().MaxOpenConnections; n != 1 {
		t.Errorf("%d write connections, want 1", n)
	}
}

func TestSQLite_reads_go_on_during_a_write(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "clinic.db"))
	must(t, db, cats)
	tx := begin(t, t.Context(), db, nil)
	if err := tx.Exec(t.Context(), `INSERT INTO cats VALUES (1, 'Tom')`, noArgs, nil); err != nil {
		t.Fatal(err)
	}
	if n := count(t, db); n != 0 {
		t.Errorf("the read sees %d rows of an open transaction", n)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	if _, err := db.Read.ExecContext(t.Context(), `INSERT INTO cats VALUES (2, 'Kit')`); err == nil {
		t.Error("the read pool has written")
	}
}

func TestSQLite_keeps_times_to_the_microsecond_in_UTC(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "clinic.db"))
	must(t, db, `CREATE TABLE events (at datetime)`)
	at := time.Date(2026, 3, 29, 2, 30, 0, 123456000, time.FixedZone("", 2*60*60))
	if _, err := db.Write.ExecContext(t.Context(), `INSERT INTO events VALUES (?)`, at); err != nil {
		t.Fatal(err)
	}
	got, err := one[time.Time](t.Context(), db.Driver, `SELECT at FROM events WHERE at = ?`, at.UTC())
	if err != nil || !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("got %v, %v; want %v in UTC", got, err, at)
	}
}

func TestSQLite_finds_out_which_index_leads_to_fewest_rows(t *testing.T) {
	db := openSQLite(t, filepath.Join(t.TempDir(), "clinic.db"))
	must(t, db, `CREATE TABLE visits (unit TEXT, booking TEXT)`, `CREATE INDEX visits_unit ON visits (unit)`, `CREATE INDEX visits_booking ON visits (booking)`,
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO visits SELECT 'a', 'b' || i FROM n`)
	by := func() (plan string) {
		t.Helper()
		var number int
		// A question that is only explained does not find out that there is news.
		if err := db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM visits`).Scan(&number); err != nil {
			t.Fatal(err)
		}
		err := db.Read.QueryRowContext(t.Context(), `EXPLAIN QUERY PLAN SELECT * FROM visits WHERE unit IN (?) AND booking IN (?, ?, ?)`, "a", "b1", "b2", "b3").
			Scan(&number, &number, &number, &plan)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	if plan := by(); !strings.Contains(plan, "visits_unit") {
		t.Fatalf("goes by %s already", plan)
	}
	if err := db.Optimize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if plan := by(); !strings.Contains(plan, "visits_booking") {
		t.Errorf("goes by %s", plan)
	}
	var sampled int
	if err := db.Read.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_stat4`).Scan(&sampled); err != nil || sampled > 0 {
		t.Errorf("%d values are known, %v", sampled, err)
	}
}
