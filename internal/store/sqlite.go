package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite"
)

// The settings of every SQLite connection. synchronous=FULL because with NORMAL
// a commit can be lost when the power goes; txlock=immediate because a
// transaction that reads first and writes later cannot wait for the lock; the
// time format because the driver's own makes equal times unequal strings;
// secure_delete because what was erased must not be left in the file's free space.
// Who writes has temp_store=MEMORY, because a statement that changes more than
// sixteen pages, as a few rows of a log do, otherwise keeps the old ones in a file
// that it makes and removes: the price is that what it sorts is never put into one.
const (
	sqliteSettings = "_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=busy_timeout(5000)&_pragma=temp_store(2)&_txlock=immediate&_time_format=sqlite&_timezone=UTC"
	sqliteReadSettings = "_pragma=foreign_keys(1)&_pragma=secure_delete(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=busy_timeout(5000)&_txlock=deferred&_time_format=sqlite&_timezone=UTC&_pragma=query_only(1)"
)

// sqlitePragmas are asked back on every connection before it is used: a
// misspelt pragma is ignored by SQLite without a word.
var sqlitePragmas = map[string]string{
	"foreign_keys": "1",
	"journal_mode": "wal",
	"synchronous":  "2", // FULL
	"busy_timeout": "5000",
	"query_only":   "0",
	"temp_store":   "2", // MEMORY

	"secure_delete": "1",
}

// readPragmas are those that are others where nobody writes.
var readPragmas = map[string]string{"query_only": "1", "temp_store": "0"}

// OpenSQLite opens the database file at path, which it creates, with its folder,
// if there is none: the file is for this user only (0600), a new folder too
// (0700). Two servers must not share the file over a network.
func OpenSQLite(ctx context.Context, path string) (*DB, error) {
	file, err := prepareFile(path)
	if err != nil {
		return nil, fmt.Errorf("open SQLite: %w", err)
	}
	// '?' ends the name in a file: URI, '#' and '%' have a meaning too.
	uri := "file:" + strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(file))

	w := new(watch)
	write, err := openSQLitePool(ctx, uri+"?"+sqliteSettings, 1, nil, w)
	if err != nil {
		return nil, fmt.Errorf("open SQLite %s: %w", path, err)
	}
	read, err := openSQLitePool(ctx, uri+"?"+sqliteReadSettings, sqliteReaders(), readPragmas, w)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open SQLite %s: %w", path, err), write.Close())
	}
	return newDB(dialect.SQLite, write, read, w), nil
}

// sqliteReaders is the size of the read pool: reads are bound by the processor,
// and each connection has a page cache of its own.
func sqliteReaders() int { return min(max(2*runtime.GOMAXPROCS(0), 4), 16) }

func openSQLitePool(ctx context.Context, dsn string, conns int, others map[string]string, w *watch) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(checkingConnector{Connector: connector, others: others, watch: w})
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(0)
	pool.SetConnMaxLifetime(0)
	if err := pingPatiently(ctx, pool); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}

// openAttempts bounds pingPatiently: about two seconds in all.
const openAttempts = 10

// pingPatiently opens the first connection. While another process opens or
// closes the same file, SQLite says that it is busy at once: switching to the
// write-ahead log does not wait for busy_timeout.
func pingPatiently(ctx context.Context, pool *sql.DB) (err error) {
	for attempt := range openAttempts {
		err = pool.PingContext(ctx)
		if err == nil || !Retryable(err) || !wait(ctx, jitter(firstDelay<<min(attempt, 5))) {
			return err
		}
	}
	return err
}

// prepareFile makes sure that the file exists and is private, and gives its
// absolute name. An existing file is not opened: closing it again would drop
// the locks that another connection of this process holds on it.
func prepareFile(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, ":") {
		return "", fmt.Errorf("%q is not the name of a file; a database in memory cannot be shared by two pools", path)
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return "", err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return file, f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a regular file", path)
	}
	// SQLite gives the files beside it, -wal and -shm, the same mode.
	if info.Mode().Perm()&0o077 != 0 {
		err = os.Chmod(file, 0o600)
	}
	return file, err
}

// checkingConnector opens connections, asks each for its settings and has its
// statements watched.
type checkingConnector struct {
	driver.Connector
	others map[string]string // pragmas that differ from those of who writes
	watch  *watch
}

func (c checkingConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.check(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	inner, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("store: the connection of the SQLite driver has lost a method"), conn.Close())
	}
	return &watchedConn{sqliteConn: inner, watch: c.watch, kept: newStmtCache(keptWrites)}, nil
}

func (c checkingConnector) check(ctx context.Context, conn driver.Conn) error {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return errors.New("the driver cannot query")
	}
	for name, want := range sqlitePragmas {
		if other, ok := c.others[name]; ok {
			want = other
		}
		got, err := pragma(ctx, q, name)
		if err != nil {
			return fmt.Errorf("ask for pragma %s: %w", name, err)
		}
		if got != want {
			return fmt.Errorf("pragma %s is %s instead of %s", name, got, want)
		}
	}
	return nil
}

func pragma(ctx context.Context, q driver.QueryerContext, name string) (value string, err error) {
	rows, err := q.QueryContext(ctx, "PRAGMA "+name, nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	dest := make([]driver.Value, 1)
	if err := rows.Next(dest); err != nil {
		return "", err
	}
	return fmt.Sprint(dest[0]), nil
}

// EmptyLog has SQLite empty its write-ahead log, which still holds what was
// overwritten or deleted lately, as far as nobody is reading from it. PostgreSQL does
// so by itself, in its own time.
func (db *DB) EmptyLog(ctx context.Context) error {
	if db.Dialect != dialect.SQLite {
		return nil
	}
	if _, err := db.Write.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("empty the write-ahead log: %w", err)
	}
	return nil
}

// Optimize has SQLite look at its indexes, so that it finds the one that leads to fewest
// rows: at some 20,000 entries of each, in tables that it has not looked at yet or that
// are ten times as large as then, and else at nothing (sqlite.org/lang_analyze.html, 4.2).
// Without, it believes that a unit has ten rows; at 2,000 entries, its own default, that a
// unit and a unit's bookings of one state are as many. Without a limit it finds out which
// values are frequent as well, then chooses by the values of each question, and wrongly
// now and again. A million bookings take a second, in which nobody else writes.
// PostgreSQL does so by itself.
func (db *DB) Optimize(ctx context.Context) error {
	if db.Dialect != dialect.SQLite {
		return nil
	}
	if _, err := db.Write.ExecContext(ctx, `PRAGMA analysis_limit(20000); PRAGMA optimize(0x10002)`); err != nil {
		return fmt.Errorf("look at the indexes: %w", err)
	}
	return nil
}
