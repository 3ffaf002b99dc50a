//go:build linux

package cluster_test

import (
	"context"
	"database/sql"
	"os"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/bench/internal/cluster"
)

func TestAClusterIsDurableAndFoundAgain(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dir, err := os.MkdirTemp("/tmp", "clinicgraph-bench-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	for _, first := range []bool{true, false} {
		pg, err := cluster.Start(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		visit(t, pg, first)
		if err := pg.Stop(); err != nil {
			t.Errorf("Stop = %v", err)
		}
	}
}

func visit(t *testing.T, pg *cluster.Cluster, first bool) {
	t.Helper()
	db, err := sql.Open("postgres", pg.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if first {
		if _, err := db.ExecContext(context.Background(), `CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)`); err != nil {
			t.Error(err)
		}
	}
	got := map[string]string{}
	for name, query := range map[string]string{
		"fsync": "SHOW fsync", "commit": "SHOW synchronous_commit", "pages": "SHOW full_page_writes", "track": "SHOW pg_stat_statements.track",
		"kept": "SELECT n::text FROM kept",
	} {
		var value string
		if err := db.QueryRowContext(context.Background(), query).Scan(&value); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		got[name] = value
	}
	if diff := cmp.Diff(map[string]string{"fsync": "on", "commit": "on", "pages": "on", "track": "none", "kept": "7"}, got); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
}
