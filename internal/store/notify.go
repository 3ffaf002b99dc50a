package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
)

// The rhythm of a connection that listens.
const (
	listenAgain   = 100 * time.Millisecond // pause after the first failure, doubled up to
	listenAtLast  = 5 * time.Second
	listenPing    = 15 * time.Second // how often the server is asked whether it is there
	listenTimeout = 10 * time.Second // and how long it may take to say so
)

// Listening is what a listener hears. The calls come one at a time.
type Listening struct {
	Up    func()               // listening has begun, or begun again: what was told before was not heard
	Down  func(error)          // it has ended, or could not begin
	Alive func()               // nothing has been missed until now
	Heard func(payload string) // somebody has told this, oneself included
}

// Notifies says whether servers of this database can tell each other something.
func (db *DB) Notifies() bool { return db.Dialect == dialect.Postgres }

// Notify tells the listeners of a channel, in a transaction of its own: inside
// of a verb's transaction it would make all commits wait in one line, since
// PostgreSQL takes one lock for the queue of notifications and keeps it until
// the commit is on disk. The disk is not waited for here either. It is one statement,
// which database/sql may send again when the connection breaks: told twice is a hint
// twice.
func (db *DB) Notify(ctx context.Context, channel string, payloads []string) error {
	_, err := db.Write.ExecContext(ctx, `SELECT pg_notify($1, payload)
		FROM (SELECT set_config('synchronous_commit', 'off', true) AS waits) AS setting, unnest($2::text[]) AS payload WHERE waits = 'off'`,
		channel, pq.Array(payloads))
	if err != nil {
		return fmt.Errorf("notify %s: %w", channel, err)
	}
	return nil
}

// Listen hears what is told on a channel until ctx ends, on a connection of its
// own; when that breaks, on the next.
func (db *DB) Listen(ctx context.Context, channel string, on Listening) {
	delay := listenAgain
	for ctx.Err() == nil {
		began := time.Now()
		err := db.listen(ctx, channel, on)
		if ctx.Err() != nil {
			return
		}
		on.Down(err)
		if time.Since(began) > listenAtLast {
			delay = listenAgain
		}
		wait(ctx, jitter(delay))
		delay = min(2*delay, listenAtLast)
	}
}

// listen listens on one connection until it breaks or ctx ends.
func (db *DB) listen(ctx context.Context, channel string, on Listening) error {
	told := make(chan *pq.Notification, 64)
	conn, err := pq.NewListenerConn(db.listenURL, told)
	if err != nil {
		return fmt.Errorf("listen to %s: %w", channel, err)
	}
	defer func() {
		_ = conn.Close() // it may be broken already
		for range told { //nolint:revive // until the connection has noticed
		}
	}()
	asked := make(chan error, 1)
	ask := func(statement string) {
		go func() {
			_, err := conn.ExecSimpleQuery(statement)
			asked <- err
		}()
	}
	ask("LISTEN " + pq.QuoteIdentifier(channel))
	up := false
	timeout, ping := time.NewTimer(listenTimeout), time.NewTimer(listenPing)
	defer timeout.Stop()
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout.C:
			return fmt.Errorf("listen to %s: no answer within %s", channel, listenTimeout)
		case err := <-asked:
			if err != nil {
				return fmt.Errorf("listen to %s: %w", channel, err)
			}
			timeout.Stop()
			ping.Reset(listenPing)
			if up {
				on.Alive()
			} else {
				up = true
				on.Up()
			}
		case <-ping.C:
			timeout.Reset(listenTimeout)
			ask("")
		case n, open := <-told:
			if !open {
				return fmt.Errorf("listen to %s: %w", channel, errors.Join(errors.New("the connection has ended"), conn.Err()))
			}
			on.Heard(n.Extra)
		}
	}
}

// listenURL is where the connection that listens leads: past a connection pooler,
// which would lend it to others.
func (o Options) listenURL(cfg pq.Config) string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return o.URL // config has refused it
	}
	query := u.Query()
	if o.ListenAddr != "" {
		u.Host = o.ListenAddr
		for _, name := range []string{"host", "hostaddr", "port"} {
			query.Del(name)
		}
	}
	query.Set("application_name", cfg.ApplicationName+"-events")
	query.Set("sslmode", string(cfg.SSLMode))
	query.Set("connect_timeout", "5")
	u.RawQuery = query.Encode()
	return u.String()
}
