package app

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/archive"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// rightsAt asks for the rights of a server and gives what the log says of them.
func rightsAt(t *testing.T, db *store.DB, env config.Environment) (removes bool, log string) {
	t.Helper()
	cfg := config.Config{Env: env, Audit: config.Audit{Archive: t.TempDir(), Keep: 13}}
	var lines bytes.Buffer
	removes, err := recordRights(t.Context(), cfg, db, slog.New(slog.NewTextHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if job := archiving(cfg, removes, &store.Store{DB: db}, nil, clock); (job != nil) != removes {
		t.Errorf("removes: %v, has the job: %v", removes, job != nil)
	}
	return removes, lines.String()
}

func TestAServerThatMayChangeTheRecordSaysSo(t *testing.T) {
	role, main := testdb.NewRole(t), func(args ...string) int { return Main(t.Context(), "v-test", args, &bytes.Buffer{}, &bytes.Buffer{}) }
	url := testdb.NewPostgresDatabase(t, "")
	t.Setenv("CLINICGRAPH_DATA", t.TempDir())
	t.Setenv("DATABASE_URL", url)
	for _, args := range [][]string{{"migrate", "up"}, {"migrate", "grant", role}, {"migrate", "grant", role}, {"migrate", "up"}} {
		if code := main(args...); code != config.ExitOK {
			t.Fatalf("%s: exit %d", args, code)
		}
	}
	if code := main("migrate", "grant", "nobody_of_that_name"); code != config.ExitFailure {
		t.Errorf("a role that is not there: exit %d", code)
	}
	at := func(url string) *store.DB {
		t.Helper()
		db, err := store.OpenPostgres(t.Context(), store.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
		return db
	}
	owner, server := at(url), at(testdb.As(url, role))
	if removes, log := rightsAt(t, owner, config.Production); !removes || strings.Count(log, "\n") != 1 || !strings.Contains(log, "may change the record") || !strings.Contains(log, "points_entries") {
		t.Errorf("the owner: %v, %s", removes, log)
	}
	if removes, log := rightsAt(t, owner, config.Development); !removes || log != "" {
		t.Errorf("the owner in development: %v, %s", removes, log)
	}
	if removes, log := rightsAt(t, server, config.Production); removes || strings.Count(log, "\n") != 1 || !strings.Contains(log, "archiving is left") {
		t.Errorf("the server: %v, %s", removes, log)
	}
	if removes, log := rightsAt(t, testdb.OpenDB(t, dialect.SQLite), config.Production); !removes || log != "" {
		t.Errorf("SQLite: %v, %s", removes, log)
	}
	a := archiver(&store.Store{DB: server}, nil, t.TempDir(), clock)
	if _, err := a.Before(t.Context(), clock()); !errors.Is(err, archive.ErrRights) {
		t.Errorf("the server archives: %v", err)
	}
}
