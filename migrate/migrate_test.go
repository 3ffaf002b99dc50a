package migrate_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

func TestApply(t *testing.T) {
	empty(t, func(t *testing.T, open func() *store.DB) {
		db := open()
		before, err := migrate.Status(t.Context(), db)
		if err != nil || len(before.Applied) > 0 || len(before.Pending) == 0 {
			t.Fatalf("the status of an empty database is %+v, %v", before, err)
		}
		if err := migrate.Check(t.Context(), db); !errors.Is(err, migrate.ErrPending) {
			t.Errorf("Check of an empty database: %v", err)
		}

		applied, err := migrate.Apply(t.Context(), db)
		if err != nil || applied != len(before.Pending) {
			t.Fatalf("Apply = %d, %v; want all %d", applied, err, len(before.Pending))
		}
		after, err := migrate.Status(t.Context(), db)
		if diff := cmp.Diff(migrate.Report{Applied: before.Pending}, after); diff != "" || err != nil {
			t.Errorf("status after Apply: %v\n%s", err, diff)
		}
		if err := errors.Join(migrate.Check(t.Context(), db), migrate.CheckClaims(t.Context(), db)); err != nil {
			t.Error(err)
		}
		if db.Dialect == dialect.SQLite { // sorted in files meanwhile
			var where int
			if err := db.Write.QueryRowContext(t.Context(), `PRAGMA temp_store`).Scan(&where); err != nil || where != 2 {
				t.Errorf("temp_store is %d after Apply, %v", where, err)
			}
		}

		if applied, err = migrate.Apply(t.Context(), open()); applied != 0 || err != nil {
			t.Errorf("the second Apply = %d, %v", applied, err)
		}
	})
}

func TestApply_by_servers_that_start_together(t *testing.T) {
	empty(t, func(t *testing.T, open func() *store.DB) {
		const servers = 4
		applied, errs := make([]int, servers), make([]error, servers)
		var wg sync.WaitGroup
		for i := range servers {
			db := open()
			wg.Go(func() { applied[i], errs[i] = migrate.Apply(t.Context(), db) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		slices.Sort(applied)
		if all := applied[servers-1]; all == 0 || !slices.Equal(applied[:servers-1], make([]int, servers-1)) {
			t.Errorf("applied %v; want one to do it all", applied)
		}
		if err := migrate.Check(t.Context(), open()); err != nil {
			t.Error(err)
		}
	})
}

// TestApply_by_processes_that_start_together is the same for SQLite, whose locks
// are kept by processes.
func TestApply_by_processes_that_start_together(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clinic.db")
	const servers = 4
	var wg sync.WaitGroup
	var mu sync.Mutex
	var workers int
	for range servers {
		wg.Go(func() {
			server := exec.Command(os.Args[0])
			server.Env = append(os.Environ(), asServer+"="+path)
			server.Stderr = t.Output()
			out, err := server.Output()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("a server: %v", err)
			}
			if string(out) != "0" {
				workers++
			}
		})
	}
	wg.Wait()
	if workers != 1 {
		t.Errorf("%d servers migrated, want 1", workers)
	}
}

func TestNewer_schema_is_refused(t *testing.T) {
	for table, insert := range map[string]string{
		"ours":  `INSERT INTO goose_db_version (version_id, is_applied) VALUES (29991231235959, true)`,
		"queue": `INSERT INTO river_migration (line, version) VALUES ('main', 999)`,
	} {
		t.Run(table, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, s *store.Store) {
				must(t, s.DB, insert)
				if err := migrate.Check(t.Context(), s.DB); !errors.Is(err, migrate.ErrNewer) {
					t.Errorf("Check: %v", err)
				}
				if n, err := migrate.Apply(t.Context(), s.DB); n != 0 || !errors.Is(err, migrate.ErrNewer) {
					t.Errorf("Apply = %d, %v", n, err)
				}
			})
		})
	}
}

func TestApply_needs_a_second_connection(t *testing.T) {
	t.Parallel()
	url := testdb.NewPostgresDatabase(t, "")
	db := opened(t)(store.OpenPostgres(t.Context(), store.Options{URL: url, MaxConns: 1}))
	if _, err := migrate.Apply(t.Context(), db); err == nil || !strings.Contains(err.Error(), "pool of one connection") {
		t.Errorf("Apply: %v", err)
	}
}

func TestMigrations_have_the_same_names_for_both_databases(t *testing.T) {
	names := func(folder string) (names []string) {
		files, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			names = append(names, filepath.Base(f))
		}
		return names
	}
	if diff := cmp.Diff(names("postgres"), names("sqlite")); diff != "" {
		t.Error(diff)
	}
	for _, name := range names("postgres") {
		for _, folder := range []string{"postgres", "sqlite"} {
			text, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "+goose Down") {
				t.Errorf("%s/%s leads back, which nobody tests", folder, name)
			}
		}
	}
}
