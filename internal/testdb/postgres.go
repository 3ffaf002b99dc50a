// Package testdb owns the databases of tests: a throw-away PostgreSQL for the
// process, a database in it for each test, and a template to clone them from.
// It never skips a test: where PostgreSQL is missing, it says what to install.
package testdb

import (
	"context"
	"os"
	"sync"
	"testing"

	"clinicgraph/internal/testdb/pgcluster"
)

// SharedEnv names the environment variable with the URL of a server that tests
// may create databases on, as a user who may. Without it, each process that
// asks for PostgreSQL makes its own; with it, the packages of one test run
// share the server that internal/testdb/pgrun starts.
const SharedEnv = "TESTDB_POSTGRES_URL"

// server is the process's PostgreSQL, made when the first test asks. It is kept
// until the process ends: the cluster goes when nothing refers to it any more.
var server struct {
	once    sync.Once
	url     string
	err     error
	cluster *pgcluster.Cluster
	session *session
}

// Postgres gives the URL of the database "postgres" of the process's server,
// as a user who may create databases.
func Postgres(tb testing.TB) (adminURL string) {
	tb.Helper()
	server.once.Do(func() {
		if server.url = os.Getenv(SharedEnv); server.url == "" {
			// The first test must not take the cluster with it.
			server.cluster, server.err = pgcluster.Start(context.Background())
			if server.err != nil {
				return
			}
			server.url = server.cluster.URL
		}
		server.session, server.err = openSession(context.Background(), server.url)
	})
	if server.err != nil {
		tb.Fatalf("testdb: %v", server.err)
	}
	return server.url
}
