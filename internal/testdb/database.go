package testdb

import (
	"context"
	"crypto/rand"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// NewPostgresDatabase makes a database of its own for a test, a clone of
// template unless that is "", and gives its URL. The database is dropped at the
// end of the test, whoever is still connected.
func NewPostgresDatabase(tb testing.TB, template string) (url string) {
	tb.Helper()
	Postgres(tb)
	name, err := server.session.create(context.Background(), template)
	if err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		if err := server.session.drop(context.Background(), name); err != nil {
			tb.Errorf("testdb: %v", err)
		}
	})
	return server.session.url(name)
}

// NewRole makes a role of the test server that may sign in and nothing else, and drops
// it at the end of the test: call it before the databases that it gets rights in are
// made, which are dropped first then.
func NewRole(tb testing.TB) (name string) {
	tb.Helper()
	Postgres(tb)
	name = prefix + strings.ToLower(rand.Text()[:10])
	if err := server.session.do(context.Background(), `CREATE ROLE `+name+` LOGIN PASSWORD '`+name+`'`); err != nil {
		tb.Fatalf("testdb: %v", err)
	}
	tb.Cleanup(func() {
		if err := server.session.do(context.Background(), `DROP ROLE `+name); err != nil {
			tb.Errorf("testdb: %v", err)
		}
	})
	return name
}

// As is a database's URL for a role of NewRole.
func As(databaseURL, role string) string {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "" // it is one of NewPostgresDatabase
	}
	u.User = url.UserPassword(role, role)
	return u.String()
}

// Template is a PostgreSQL database that is built once in the process and then cloned.
type Template struct {
	once sync.Once
	name string
	err  error
}

// Get gives the name of the database, which build fills when the first test
// asks. build closes its connections: a database in use cannot be cloned.
func (t *Template) Get(tb testing.TB, build func(url string) error) (name string) {
	tb.Helper()
	Postgres(tb)
	t.once.Do(func() { t.err = t.fill(context.Background(), build) })
	if t.err != nil {
		tb.Fatalf("testdb: build the template database: %v", t.err)
	}
	return t.name
}

func (t *Template) fill(ctx context.Context, build func(url string) error) (err error) {
	if t.name, err = server.session.create(ctx, ""); err != nil {
		return err
	}
	if err := build(server.session.url(t.name)); err != nil {
		return err
	}
	return server.session.freeze(ctx, t.name)
}
