package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/access"
	"clinicgraph/internal/app"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
)

// clinic is a whole server with a database of its own, and the world in it.
type clinic struct {
	*world
	t       *testing.T
	app     *app.App
	url     string
	http    *http.Client
	log     *journal
	clock   *clock
	spy     *spy
	dialect string
	broken  bool // by the story: errors in the log and INTERNAL are to be expected

	mu      sync.Mutex
	clients map[string]*client
	secrets []string // what must never be written down
	read    []string // the letters that were looked at
}

// each tells a story on SQLite and on PostgreSQL, in parallel. What must hold
// after every story is looked at when it ends; see ledger_test.go.
func each(t *testing.T, story func(t *testing.T, c *clinic)) {
	t.Helper()
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := open(t, d)
			story(t, c)
			c.mustAddUp()
		})
	}
}

// open starts a server on a copy of the world, with the settings changed.
func open(t *testing.T, d string, change ...func(*config.Config)) *clinic {
	t.Helper()
	return openWith(t, d, func(cfg *config.Config, _ *app.Options) {
		for _, f := range change {
			f(cfg)
		}
	})
}

// openWith is open with other options, too.
func openWith(t *testing.T, d string, change func(*config.Config, *app.Options)) *clinic {
	t.Helper()
	db, w := worldOn(t, d)
	c := &clinic{
		world: w, t: t, dialect: d, log: &journal{}, clock: &clock{at: opening},
		clients: map[string]*client{}, secrets: []string{password, w.first.Password},
	}
	return serveOn(t, c, db, change)
}

// serveOn starts a server of the clinic on a database that has its world.
func serveOn(t *testing.T, c *clinic, db *store.DB, change func(*config.Config, *app.Options)) *clinic {
	t.Helper()
	if driver, ok := db.Driver.(*store.Driver); ok {
		c.spy = &spy{Driver: driver}
		db.Driver = c.spy
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "secret.key"), c.secret, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	cfg, opts := settings(data), options(db, c.clock.now)
	change(&cfg, &opts)
	c.app, err = app.New(context.Background(), cfg, c.log.logger(), opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(c.app.Handler)
	transport := &http.Transport{MaxIdleConnsPerHost: 256}
	c.url, c.http = server.URL, &http.Client{Transport: transport, Timeout: time.Minute}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
		// The test's own context has ended by now.
		if err := c.app.Close(context.Background()); err != nil {
			t.Errorf("close the server: %v", err)
		}
		c.log.mustBeClean(t, c.secrets, c.broken)
	})
	return c
}

// settings are those of a fresh start in the data folder.
func settings(data string) config.Config {
	return config.Config{
		Env: config.Development, Currency: "EUR", Timezone: "UTC",
		Server:   config.Server{Playground: "off"},
		Sessions: config.Sessions{PerUser: 1000}, // a story signs in more often than a person
		Live:     config.Live{Streams: 1000, PerUser: 100, Operations: 32},
		Database: config.Database{Data: data},
		Factors:  config.Factors{Require: "off", StepUp: 5 * time.Minute, BreakGlassMax: 4 * time.Hour},
	}
}

// options make passwords cheap: what they cost is not what is told here.
func options(db *store.DB, now func() time.Time) app.Options {
	return app.Options{
		Version: "test", Now: now, DB: db,
		Passwords: auth.Params{MemoryKiB: 8, Time: 1, Slots: 16},
		Pause:     func(context.Context, time.Duration) {},
	}
}

// system is the context of what a story arranges behind the server's back.
func (c *clinic) system() context.Context { return access.System(context.Background(), "story") }

// advance moves the server's clock. Sessions may end by it, so everybody signs
// in anew.
func (c *clinic) advance(d time.Duration) {
	c.clock.move(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.clients)
}

// opening is when every story begins: a Monday morning.
var opening = time.Date(2030, time.January, 7, 8, 0, 0, 0, time.UTC)

// at is a time of day on the Tuesday after the opening, when both doctors work.
func at(hour, minute int) time.Time {
	return time.Date(2030, time.January, 8, hour, minute, 0, 0, time.UTC)
}

// clock is the server's clock: it stands until the story moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
