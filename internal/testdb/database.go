package testdb

import (
	"context"
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

var template struct {
	once sync.Once
	name string
	err  error
}

// Template gives the name of the process's template database, which build fills
// when the first test asks; every later call has the same result, whatever its
// build. build closes its connections: a database in use cannot be cloned.
func Template(tb testing.TB, build func(url string) error) (name string) {
	tb.Helper()
	Postgres(tb)
	template.once.Do(func() {
		ctx := context.Background()
		if template.name, template.err = server.session.create(ctx, ""); template.err != nil {
			return
		}
		if template.err = build(server.session.url(template.name)); template.err != nil {
			return
		}
		template.err = server.session.freeze(ctx, template.name)
	})
	if template.err != nil {
		tb.Fatalf("testdb: build the template database: %v", template.err)
	}
	return template.name
}
