package migrate

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"entgo.io/ent/dialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"clinicgraph/internal/store"
)

const (
	// lockID is ClinicGraph's advisory lock for migrations.
	lockID = 7_202_611_220_001

	// askAgain is how long a waiting program waits before it asks again.
	askAgain = 50 * time.Millisecond
)

// lock waits until this program is the only one that migrates the database. The
// lock ends with the process, whatever becomes of it.
func lock(ctx context.Context, db *store.DB) (unlock func() error, err error) {
	if db.Dialect == dialect.SQLite {
		return lockSQLite(ctx, db)
	}
	return lockPostgres(ctx, db)
}

// lockPostgres asks again and again instead of waiting in the server, where
// db's timeouts would end the wait.
func lockPostgres(ctx context.Context, db *store.DB) (unlock func() error, err error) {
	if db.Write.Stats().MaxOpenConnections == 1 {
		return nil, errors.New("a pool of one connection cannot hold the lock and migrate")
	}
	conn, err := db.Write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	err = await(ctx, func() (locked bool, err error) {
		return locked, conn.QueryRowContext(ctx, `SELECT pg_try_advisory_lock($1)`, lockID).Scan(&locked)
	})
	if err != nil {
		return nil, errors.Join(err, discard(conn))
	}
	return func() error {
		// The caller's context may have ended, the lock must not outlive it.
		_, err := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lockID)
		if err != nil {
			return errors.Join(fmt.Errorf("give back the lock: %w", err), discard(conn))
		}
		return conn.Close()
	}, nil
}

// discard closes the session of a connection, and the locks with it, instead of
// giving it back to the pool.
func discard(conn *sql.Conn) error {
	err := conn.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}

// lockSQLite holds an exclusive transaction on an empty database beside the real
// one, in the file named like it with "-migrating" after it. The real one is
// written in many transactions, between which another program could come.
func lockSQLite(ctx context.Context, db *store.DB) (unlock func() error, err error) {
	var file string
	if err := db.Read.QueryRowContext(ctx, `SELECT file FROM pragma_database_list WHERE name = 'main'`).Scan(&file); err != nil {
		return nil, err
	}
	file += "-migrating"
	uri := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(file)}).EscapedPath()}
	beside, err := sql.Open("sqlite", uri.String()+"?_txlock=exclusive&_pragma=busy_timeout(0)")
	if err != nil {
		return nil, err
	}
	var tx *sql.Tx
	err = await(ctx, func() (bool, error) {
		// Not ctx: its end would roll back, in the middle of a migration.
		var err error
		tx, err = beside.BeginTx(context.WithoutCancel(ctx), nil)
		if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code()&0xff == sqlite3.SQLITE_BUSY {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return nil, errors.Join(err, beside.Close())
	}
	// The file holds nothing; whoever can open it could keep us from migrating.
	if err := os.Chmod(file, 0o600); err != nil {
		return nil, errors.Join(err, tx.Rollback(), beside.Close())
	}
	return func() error { return errors.Join(tx.Rollback(), beside.Close()) }, nil
}

// await asks until the answer is yes, an error, or ctx ends.
func await(ctx context.Context, ask func() (bool, error)) error {
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}
