package store

import "context"

// Append runs one statement as a transaction of its own, which has committed when it
// returns nil: one round trip, where begin, statement and commit are three.
//
// It may be run more than once, since database/sql sends it again when its connection
// breaks. So it must find nothing left to do the second time, like an INSERT of rows
// whose ids the caller has made, with ON CONFLICT DO NOTHING. Every other write belongs
// in a transaction: see ErrWriteOutsideTx.
func (db *DB) Append(ctx context.Context, query string, args ...any) error {
	ctx, done := patiently(ctx, db.wait)
	defer done()
	_, err := db.Write.ExecContext(ctx, query, args...)
	return waited(ctx, err)
}
