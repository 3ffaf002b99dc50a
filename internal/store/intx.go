package store

import (
	"context"
	"database/sql"
	"fmt"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
)

// Store is the database as the domain uses it: the client to read with, and the
// transaction of a verb.
type Store struct {
	Client *ent.Client
	DB     *DB
}

// InTx runs a verb's body in one transaction: it commits when body returns nil
// and rolls back otherwise. What lost against another transaction is run again,
// at most three times, so body has no effect outside of its transaction. The
// client belongs to the transaction; tx is the same transaction for the job
// queue. Errors of the driver come back as faults.
func (s *Store) InTx(ctx context.Context, body func(client *ent.Client, tx *sql.Tx) error) error {
	return Classify(Retry(ctx, func(ctx context.Context) error { return s.once(ctx, body) }))
}

func (s *Store) once(ctx context.Context, body func(*ent.Client, *sql.Tx) error) error {
	tx, raw, err := Begin(ctx, s.Client.BeginTx, nil)
	if err != nil {
		return err
	}
	// Does nothing after Commit, and gives the connection back when body panics.
	defer func() { _ = tx.Rollback() }()
	if err := body(tx.Client(), raw.SQL()); err != nil {
		return err
	}
	return tx.Commit()
}

// LocksRows says whether the database locks single rows (SELECT … FOR UPDATE).
// SQLite does not: there a writing transaction has the database to itself.
func (db *DB) LocksRows() bool { return db.Dialect == dialect.Postgres }

// AfterCommit has do called once the transaction of a mutation has committed,
// before Commit returns to the verb; also where nobody knows whether it has. After
// a rollback nothing is called. The mutation must be inside a transaction.
func AfterCommit(m ent.Mutation, do func()) error {
	tx, ok := ent.TransactionOf(m).(*Tx)
	if !ok {
		return fmt.Errorf("store: %s of %s is in no transaction", m.Op(), m.Type())
	}
	tx.after = append(tx.after, do)
	return nil
}
