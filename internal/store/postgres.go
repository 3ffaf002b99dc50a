package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"
)

// Defaults of a connection to PostgreSQL. Each is a connection parameter of
// the URL too, and the URL wins.
const (
	defaultMaxConns         = 16
	defaultStatementTimeout = 4 * time.Second
	defaultLockTimeout      = 3 * time.Second
	defaultIdleInTxTimeout  = 10 * time.Second
	defaultConnectTimeout   = 5 * time.Second
	defaultApplicationName  = "clinicgraph"

	// defaultWait: when all connections are taken for so long, more requests would
	// only wait longer.
	defaultWait = time.Second

	// answerGrace is how much longer than the statement timeout the client
	// waits: the server should be the one that gives up. Both together are less
	// than the five seconds in which a request has failed when PostgreSQL is frozen.
	answerGrace = 500 * time.Millisecond
)

// oldestPostgres is the oldest version that lib/pq supports, in the form of
// server_version_num.
const oldestPostgres = 14_00_00

// Options say how to open PostgreSQL. Only URL is required.
type Options struct {
	// URL is postgres://user:password@host:5432/name. Without sslmode in it,
	// TLS is required, except on this machine, where there is none.
	URL string

	// ListenAddr is the host:port of PostgreSQL itself, where URL leads to a
	// connection pooler: the one connection that listens goes there.
	ListenAddr string

	// MaxConns is the size of the pool; 0 is 16. As many stay open when idle:
	// opening one costs more than most requests.
	MaxConns int

	// StatementTimeout ends a statement that runs longer; 0 is 4 s, negative is
	// never, for migrations. The client gives up half a second later by closing the
	// connection, so raising it by SET does not help: a job with longer
	// statements opens its own DB. With statement_timeout in URL the client
	// does not give up by itself.
	StatementTimeout time.Duration

	// Wait is how long a request waits for a connection when all are taken, or none
	// can be opened; 0 is a second, negative is as long as its context lasts.
	Wait time.Duration

	// CachedStatements is the number of prepared statements kept on each
	// connection; 0 is 512, negative is none. With binary_parameters=yes in
	// URL, the setting for PgBouncer in transaction mode, none are kept.
	CachedStatements int
}

// OpenPostgres opens PostgreSQL, waits for its first answer and checks that it
// is a version that works and that a commit survives a power failure.
// Errors hold no password.
func OpenPostgres(ctx context.Context, o Options) (*DB, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	cfg, err := o.config()
	if err != nil {
		return nil, err
	}
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("open PostgreSQL: %w", err)
	}
	connector.Dialer(dialer{answer: o.answerTimeout(cfg)})

	counters, w := new(cacheCounters), new(watch)
	pool := sql.OpenDB(cachingConnector{Connector: connector, limit: o.cacheLimit(cfg), counters: counters, watch: w})
	conns := o.MaxConns
	if conns == 0 {
		conns = defaultMaxConns
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(0)
	pool.SetConnMaxLifetime(0)

	if err := checkPostgres(ctx, pool); err != nil {
		return nil, errors.Join(fmt.Errorf("open PostgreSQL: %w", err), pool.Close())
	}
	db := newDB(dialect.Postgres, pool, pool, w)
	db.cache, db.listenURL = counters, o.listenURL(cfg)
	db.wait = o.wait()
	db.Driver.(*Driver).wait = db.wait
	return db, nil
}

func (o Options) validate() error {
	if o.MaxConns < 0 {
		return fmt.Errorf("open PostgreSQL: a pool of %d connections; give 1 or more, or 0 for %d", o.MaxConns, defaultMaxConns)
	}
	return nil
}

// config reads the URL and adds what it does not say.
func (o Options) config() (pq.Config, error) {
	// The errors of url.Parse quote the URL, and the password with it.
	u, err := url.Parse(o.URL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return pq.Config{}, errors.New("open PostgreSQL: the URL is not of the form postgres://user:password@host:5432/name?sslmode=require")
	}
	cfg, err := pq.NewConfig(o.URL)
	if err != nil {
		return pq.Config{}, fmt.Errorf("open PostgreSQL: %w", err)
	}
	if cfg.SSLMode == "" {
		cfg.SSLMode = pq.SSLModeRequire
		if len(cfg.Multi) == 0 && onThisMachine(cfg) {
			cfg.SSLMode = pq.SSLModeDisable
		}
	}
	if cfg.ApplicationName == "" {
		cfg.ApplicationName = defaultApplicationName
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = defaultConnectTimeout
	}
	for name, value := range map[string]string{
		"timezone":                            "UTC",
		"statement_timeout":                   millis(o.statementTimeout()),
		"lock_timeout":                        millis(defaultLockTimeout),
		"idle_in_transaction_session_timeout": millis(defaultIdleInTxTimeout),
	} {
		if !isSet(cfg.Runtime, name) {
			cfg.Runtime[name] = value
		}
	}
	return cfg, nil
}

// statementTimeout is 0 for never, as PostgreSQL has it.
func (o Options) statementTimeout() time.Duration {
	if o.StatementTimeout == 0 {
		return defaultStatementTimeout
	}
	return max(o.StatementTimeout, 0)
}

// answerTimeout is how long the client waits for the server; 0 is for ever.
func (o Options) answerTimeout(cfg pq.Config) time.Duration {
	timeout := o.statementTimeout()
	if timeout == 0 || cfg.Runtime["statement_timeout"] != millis(timeout) {
		return 0
	}
	return timeout + answerGrace
}

// wait is 0 for as long as it takes.
func (o Options) wait() time.Duration {
	if o.Wait == 0 {
		return defaultWait
	}
	return max(o.Wait, 0)
}

func (o Options) cacheLimit(cfg pq.Config) int {
	switch {
	case o.CachedStatements < 0 || cfg.BinaryParameters:
		return 0
	case o.CachedStatements == 0:
		return defaultCachedStatements
	}
	return o.CachedStatements
}

// onThisMachine says whether the traffic never leaves this machine.
func onThisMachine(cfg pq.Config) bool {
	if cfg.Hostaddr.IsValid() {
		return cfg.Hostaddr.IsLoopback()
	}
	if cfg.Host == "localhost" || strings.HasPrefix(cfg.Host, "/") || strings.HasPrefix(cfg.Host, "@") {
		return true
	}
	ip := net.ParseIP(cfg.Host)
	return ip != nil && ip.IsLoopback()
}

// isSet looks for a run-time parameter, whose names PostgreSQL takes in any case.
func isSet(runtime map[string]string, name string) bool {
	for key := range runtime {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func checkPostgres(ctx context.Context, pool *sql.DB) error {
	var version int
	var commit string
	err := pool.QueryRowContext(ctx,
		`SELECT current_setting('server_version_num')::int, current_setting('synchronous_commit')`).Scan(&version, &commit)
	if err != nil {
		return err
	}
	if version < oldestPostgres {
		return fmt.Errorf("the server is version %d; version %d or newer is needed", version/10000, oldestPostgres/10000)
	}
	// With "off" an acknowledged commit is lost when the power goes, with
	// "local" or "remote_write" when the primary goes and a standby takes over.
	if commit != "on" && commit != "remote_apply" {
		return fmt.Errorf("synchronous_commit is %q, so acknowledged writes could be lost; set it to on", commit)
	}
	return nil
}
