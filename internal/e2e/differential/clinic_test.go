package differential

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/access"
	"clinicgraph/internal/app"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
	"clinicgraph/internal/paging"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// The clinic is built at one time, and asked an hour later.
var (
	building = time.Date(2030, time.January, 7, 12, 0, 0, 0, time.UTC)
	asking   = building.Add(time.Hour)
)

// clinic is a database with two servers on it.
type clinic struct {
	t        testing.TB
	dialect  string
	schema   *ast.Schema // the published one
	db       *sql.DB     // behind the servers' backs
	keys     *paging.Key
	clock    atomic.Pointer[time.Time]
	ordinary *server
	compiled *server

	viewers []*viewer
	rows    map[string]*table // by entity
	cursors map[string][]string
}

// server is one of the two.
type server struct {
	app *app.App
	log *journal
}

// open builds the clinic: the demo, people with rights of every kind, and rows at
// every edge; then it starts the two servers.
func open(t testing.TB, d string, schema *ast.Schema) *clinic {
	t.Helper()
	folder := t.TempDir()
	c := &clinic{t: t, dialect: d, schema: schema, cursors: map[string][]string{}}
	c.set(building)
	var url string
	if d == dialect.Postgres {
		url = testdb.NewPostgresDatabase(t, "")
	} else {
		url = filepath.Join(folder, "clinic.db")
	}
	connect := func() *store.DB {
		db, err := openDatabase(d, url)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	first := connect()
	if _, err := migrate.Apply(access.System(context.Background(), "test"), first); err != nil {
		t.Fatal(err)
	}
	behind := connect()
	c.db = behind.Write
	t.Cleanup(func() { _ = behind.Close() })
	c.ordinary = c.start(folder, first, "off")
	accounts, err := seed.Demo(context.Background(), c.ordinary.app.Seed, seed.Options{Folder: folder, Currency: "EUR", Timezone: "Europe/Berlin"})
	if err != nil {
		t.Fatal(err)
	}
	c.secret(folder)
	c.people(accounts)
	c.stop(c.ordinary)

	c.edges()

	c.set(asking)
	c.ordinary = c.start(folder, connect(), "off")
	c.compiled = c.start(folder, connect(), "on")
	t.Cleanup(func() { c.stop(c.ordinary); c.stop(c.compiled) })
	c.signIn()
	c.set(asking.Add(time.Minute)) // after the sign-ins
	return c
}

func (c *clinic) set(now time.Time) { c.clock.Store(&now) }
func (c *clinic) now() time.Time    { return *c.clock.Load() }

func openDatabase(d, url string) (*store.DB, error) {
	if d == dialect.Postgres {
		return store.OpenPostgres(context.Background(), store.Options{URL: url, Wait: -1, StatementTimeout: -1})
	}
	return store.OpenSQLite(context.Background(), url)
}

// start starts a server that compiles its reads or does not.
func (c *clinic) start(folder string, db *store.DB, compiled string) *server {
	c.t.Helper()
	s := &server{log: &journal{}}
	cfg := config.Config{
		Env: config.Development, Currency: "EUR", Timezone: "Europe/Berlin",
		Server:   config.Server{Playground: "off"},
		Sessions: config.Sessions{PerUser: 1000},
		Live:     config.Live{Streams: 10, PerUser: 10, Operations: 10},
		Database: config.Database{Data: folder},
		Factors:  config.Factors{Require: "off", StepUp: 5 * time.Minute, BreakGlassMax: 4 * time.Hour},
	}
	compile(&cfg, compiled)
	var err error
	s.app, err = app.New(context.Background(), cfg, slog.New(s.log), app.Options{
		Version: "test", Now: c.now, DB: db, Out: io.Discard,
		Passwords: auth.Params{MemoryKiB: 8, Time: 1, Slots: 16},
		Pause:     func(context.Context, time.Duration) {},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	// What seals the record by the way would change it between the two answers.
	s.app.Sealer.Close(context.Background())
	return s
}

func (c *clinic) stop(s *server) {
	if err := s.app.Close(context.Background()); err != nil {
		c.t.Errorf("close the server: %v", err)
	}
}

// secret takes the key of the cursors out of the data folder.
func (c *clinic) secret(folder string) {
	c.t.Helper()
	master, err := auth.LoadSecret(filepath.Join(folder, "secret.key"))
	if err != nil {
		c.t.Fatal(err)
	}
	keys, err := auth.DeriveKeys(master)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.keys, err = paging.NewKey(keys.Cursor.Reveal()); err != nil {
		c.t.Fatal(err)
	}
}

// scan runs a query behind the servers' backs and gives its rows as texts.
func (c *clinic) scan(query string, args ...any) (all [][]any) {
	c.t.Helper()
	rows, err := c.db.Query(query, args...)
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		c.t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			c.t.Fatal(err)
		}
		for i, v := range row {
			if b, is := v.([]byte); is {
				row[i] = string(b)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return all
}

// run changes the database behind the servers' backs, and says whether it could.
func (c *clinic) run(statement string, args ...any) error {
	_, err := c.db.Exec(statement, args...)
	return err
}

func (c *clinic) must(err error, what string, args ...any) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v", fmt.Sprintf(what, args...), err)
	}
}
