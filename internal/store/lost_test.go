package store_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// wire stands between the store and PostgreSQL and breaks in chosen ways.
type wire struct {
	url    string
	frozen atomic.Bool            // the server's answers stay in the wire
	cut    atomic.Pointer[[]byte] // the wire breaks when the server has got this

	mu    sync.Mutex
	conns []net.Conn
}

// newWire puts a wire before a database. lib/pq asks for sockets by folder.
func newWire(t *testing.T, dbURL string) *wire {
	t.Helper()
	u, err := url.Parse(dbURL)
	if err != nil {
		t.Fatal(err)
	}
	network, server := "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
	if u.Host != "" {
		network, server = "tcp", net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), "5432"))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Del("host")
	u.Host, u.RawQuery = listener.Addr().String(), q.Encode()
	w := &wire{url: u.String()}

	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial(network, server)
			if err != nil {
				t.Error(err)
				client.Close()
				continue
			}
			w.keep(client, up)
			wg.Go(func() { w.forward(client, up, true) })
			wg.Go(func() { w.forward(up, client, false) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		w.breakAll()
		wg.Wait()
	})
	return w
}

func (w *wire) keep(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, conns...)
}

func (w *wire) breakAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wire) forward(from, to net.Conn, request bool) {
	defer to.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		switch cut := w.cut.Load(); {
		case request && cut != nil && bytes.Contains(buf[:n], *cut):
			w.frozen.Store(true)
		case !request && cut != nil && w.frozen.Load():
			// The server has done it; the client never hears.
			w.breakAll()
			return
		case !request && w.frozen.Load():
			continue
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func openThrough(t *testing.T, o store.Options) (*store.DB, *wire) {
	t.Helper()
	w := newWire(t, testdb.NewPostgresDatabase(t, ""))
	o.URL = w.url
	db, err := store.OpenPostgres(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, db)
	return db, w
}

func TestCommit_whose_answer_is_lost_is_unknown(t *testing.T) {
	t.Parallel()
	db, w := openThrough(t, store.Options{MaxConns: 2})
	must(t, db, cats)
	commit := []byte("COMMIT")
	runs := 0
	err := store.Retry(t.Context(), func(ctx context.Context) error {
		runs++
		tx := begin(t, ctx, db, nil)
		if err := tx.Exec(ctx, `INSERT INTO cats VALUES (1, 'Tom')`, noArgs, nil); err != nil {
			return err
		}
		w.cut.Store(&commit)
		return tx.Commit()
	})
	if !errors.Is(err, store.ErrCommitUnknown) || runs != 1 {
		t.Errorf("%d runs, %v; want 1 run of unknown outcome", runs, err)
	}
	checkFault(t, "the commit", err, fault.CodeUnavailable)
	w.cut.Store(nil)
	w.frozen.Store(false)
	if n := count(t, db); n != 1 {
		t.Errorf("%d rows: the server had in fact committed", n)
	}
}

func TestCommit_that_the_database_refuses_is_known(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db, `CREATE TABLE owners (id int PRIMARY KEY)`,
			`CREATE TABLE cats (owner_id int REFERENCES owners DEFERRABLE INITIALLY DEFERRED)`)
		tx := begin(t, t.Context(), db, nil)
		if err := tx.Exec(t.Context(), `INSERT INTO cats VALUES (7)`, noArgs, nil); err != nil {
			t.Fatal(err)
		}
		err := tx.Commit()
		if errors.Is(err, store.ErrCommitUnknown) {
			t.Errorf("%v, want that it is known to have failed", err)
		}
		checkFault(t, "the commit", err, fault.CodeBadUserInput)
		// The only write connection of SQLite is free and clean again.
		must(t, db, `INSERT INTO owners VALUES (7)`)
		if n := count(t, db); n != 0 {
			t.Errorf("%d rows, want 0", n)
		}
	})
}

func TestFrozenServer_fails_the_request_and_not_the_process(t *testing.T) {
	t.Parallel()
	db, w := openThrough(t, store.Options{MaxConns: 2, StatementTimeout: 200 * time.Millisecond})
	must(t, db, cats)
	w.frozen.Store(true)
	start := time.Now()
	_, err := one[int](t.Context(), db.Driver, `SELECT count(*) FROM cats`)
	checkFault(t, "a query", err, fault.CodeUnavailable)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	w.frozen.Store(false)
	w.breakAll()
	if n := count(t, db); n != 0 {
		t.Errorf("%d rows after the thaw", n)
	}
}

// TestNoFreeConnection_fails_the_request_in_a_second keeps the only connection.
func TestNoFreeConnection_fails_the_request_in_a_second(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{MaxConns: 1})
	must(t, db, cats)
	tx := begin(t, t.Context(), db, nil)
	for name, wait := range map[string]func() error{
		"a query":       func() error { _, err := one[int](t.Context(), db.Driver, `SELECT count(*) FROM cats`); return err },
		"a transaction": func() error { _, err := db.Driver.(*store.Driver).BeginTx(t.Context(), nil); return err },
	} {
		start := time.Now()
		checkFault(t, name, wait(), fault.CodeUnavailable)
		if took := time.Since(start); took < 900*time.Millisecond || took > 10*time.Second {
			t.Errorf("%s: %s", name, took)
		}
	}
	// Who has a connection keeps it for as long as the work takes.
	if err := tx.Exec(t.Context(), `SELECT pg_sleep(1.2)`, noArgs, nil); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if _, err := one[string](t.Context(), db.Driver, `SELECT pg_sleep(1.2)::text`); err != nil {
		t.Error(err)
	}
}

func TestBrokenConnections_are_replaced(t *testing.T) {
	t.Parallel()
	db, w := openThrough(t, store.Options{MaxConns: 4})
	must(t, db, cats)
	for range 5 {
		count(t, db)
		w.breakAll()
	}
	tx := begin(t, t.Context(), db, nil)
	w.breakAll()
	err := tx.Exec(t.Context(), `INSERT INTO cats VALUES (1, 'Tom')`, noArgs, nil)
	checkFault(t, "a write in a transaction whose connection broke", err, fault.CodeUnavailable)
	_ = tx.Rollback() // says that the connection is lost
}
