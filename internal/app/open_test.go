package app

import (
	"testing"
	"time"

	"clinicgraph/internal/config"
	"clinicgraph/internal/testdb"
)

func TestTheTimeOfAStatementIsASetting(t *testing.T) {
	for setting, want := range map[time.Duration]string{4 * time.Second: "4s", 100 * time.Millisecond: "100ms", 14 * time.Second: "14s"} {
		db, err := Open(t.Context(), config.Config{Database: config.Database{URL: config.URL(testdb.Postgres(t)), MaxConns: 2, StatementTimeout: setting}})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		err = db.Read.QueryRowContext(t.Context(), `SHOW statement_timeout`).Scan(&got)
		if err != nil || got != want {
			t.Errorf("%s: PostgreSQL says %q, %v", setting, got, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
