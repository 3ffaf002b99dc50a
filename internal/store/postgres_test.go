package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestOpenPostgres(t *testing.T) {
	t.Parallel()
	settings := func(t *testing.T, db *store.DB) map[string]string {
		t.Helper()
		got := map[string]string{}
		for _, name := range []string{
			"TimeZone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "application_name",
		} {
			value, err := one[string](t.Context(), db.Driver, `SELECT current_setting($1)`, name)
			if err != nil {
				t.Fatal(err)
			}
			got[name] = value
		}
		return got
	}

	t.Run("bounds_every_session", func(t *testing.T) {
		db := openPostgres(t, store.Options{})
		want := map[string]string{
			"TimeZone": "UTC", "statement_timeout": "4s", "lock_timeout": "3s",
			"idle_in_transaction_session_timeout": "10s", "application_name": "clinicgraph",
		}
		if diff := cmp.Diff(want, settings(t, db)); diff != "" {
			t.Error(diff)
		}
		if n := db.Write.Stats().MaxOpenConnections; n != 16 || db.Read != db.Write {
			t.Errorf("%d connections, one pool: %t; want one pool of 16", n, db.Read == db.Write)
		}
		if db.Dialect != dialect.Postgres || db.Driver.Dialect() != dialect.Postgres {
			t.Errorf("dialect %s, driver %s", db.Dialect, db.Driver.Dialect())
		}
	})
	t.Run("lets_the_URL_win", func(t *testing.T) {
		url := with(t, testdb.NewPostgresDatabase(t, ""),
			"statement_timeout", "7s", "Lock_Timeout", "1s", "application_name", "doctor", "TimeZone", "Europe/Vienna")
		db, err := store.OpenPostgres(t.Context(), store.Options{URL: url, MaxConns: 3})
		if err != nil {
			t.Fatal(err)
		}
		closeAtEnd(t, db)
		want := map[string]string{
			"TimeZone": "Europe/Vienna", "statement_timeout": "7s", "lock_timeout": "1s",
			"idle_in_transaction_session_timeout": "10s", "application_name": "doctor",
		}
		if diff := cmp.Diff(want, settings(t, db)); diff != "" {
			t.Error(diff)
		}
		if n := db.Write.Stats().MaxOpenConnections; n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
	})
	t.Run("keeps_idle_connections_open", func(t *testing.T) {
		db := openPostgres(t, store.Options{MaxConns: 3})
		txs := make([]*store.Tx, 3)
		for i := range txs {
			txs[i] = begin(t, t.Context(), db, nil)
		}
		for _, tx := range txs {
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
		if n := db.Write.Stats(); n.Idle != 3 || n.MaxIdleClosed != 0 {
			t.Errorf("%d idle, %d closed for being idle; want 3 and 0", n.Idle, n.MaxIdleClosed)
		}
	})
	t.Run("has_no_timeout_for_migrations", func(t *testing.T) {
		db := openPostgres(t, store.Options{StatementTimeout: -1})
		if got := settings(t, db)["statement_timeout"]; got != "0" {
			t.Errorf("statement_timeout %s, want 0", got)
		}
	})
	t.Run("refuses_a_server_that_may_lose_commits", func(t *testing.T) {
		for _, value := range []string{"off", "local", "remote_write"} {
			url := with(t, testdb.Postgres(t), "synchronous_commit", value)
			if _, err := store.OpenPostgres(t.Context(), store.Options{URL: url}); err == nil || !strings.Contains(err.Error(), "set it to on") {
				t.Errorf("synchronous_commit %s: %v, want a refusal that says what to do", value, err)
			}
		}
	})
	t.Run("pings", func(t *testing.T) {
		db := openPostgres(t, store.Options{})
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Ping(ctx); err == nil {
			t.Error("no error after the end of the context")
		}
	})
}

func TestOpenPostgres_says_what_is_wrong_without_the_password(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "postgres", "mysql://u:hush-hush@db/x", "u:hush-hush@db",
		"postgres://u:hush-hush@db:port/x", "postgres://u:hush/hush@db/x", "postgres://u:%hush-hush@db/x",
		"postgres://u:hush-hush@127.0.0.1:1/x", "postgres://u:hush-hush@127.0.0.1:1/x?sslmode=perhaps",
		"host=127.0.0.1 password=hush-hush",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := store.OpenPostgres(ctx, store.Options{URL: url})
		cancel()
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := store.OpenPostgres(t.Context(), store.Options{URL: testdb.Postgres(t), MaxConns: -1}); err == nil {
		t.Error("opened a pool of -1 connections")
	}
}
