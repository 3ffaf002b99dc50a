package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Lock takes the lock of that name for the rest of the transaction; whoever
// else wants it waits, across all servers of the database. It is for work whose
// rows do not exist yet, so that there is no row to lock. On SQLite a writing
// transaction has the database to itself already.
func (db *DB) Lock(ctx context.Context, tx *sql.Tx, name string) error {
	if !db.LocksRows() {
		return nil
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, name); err != nil {
		return fmt.Errorf("take the lock %q: %w", name, err)
	}
	return nil
}
