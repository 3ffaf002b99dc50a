package archive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/store"
)

// copied is how many entries are written to a copy in one transaction.
const copied = 5000

// Restore writes the entries and rows of an archive to a new SQLite file, in tables
// of the names that they have in the clinic's database, and checks them there. The
// record itself is not touched: what has left it does not come back. Nothing is
// left of a copy that is not right. Errors: *Damage, fs.ErrExist where there is a
// file, and those of the file system.
func Restore(ctx context.Context, path, into string, keys *chain.Keys) (m chain.Manifest, err error) {
	f, err := os.OpenFile(into, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return m, fmt.Errorf("make the file of a copy: %w", err)
	}
	if err := f.Close(); err != nil {
		return m, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(into))
		}
	}()
	db, err := store.OpenSQLite(ctx, into)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	c := &copying{db: db}
	defer func() { err = errors.Join(err, c.end()) }()
	if err := c.begin(ctx); err != nil {
		return m, err
	}
	if err := chain.NewCopy(ctx, c.tx); err != nil {
		return m, err
	}
	if m, err = Verify(path, keys.Public(), keys, func(s *chain.Sealed) error { return c.add(ctx, s) }); err != nil {
		return m, err
	}
	if err := c.commit(); err != nil {
		return m, err
	}
	p, err := keys.Each(ctx, db, m.First, m.Last, m.Before, func(*chain.Sealed) error { return nil })
	if err == nil && p != nil {
		err = &Damage{File: into, Problem: p}
	}
	return m, err
}

// copying is the transaction that entries are written in.
type copying struct {
	db *store.DB
	tx *sql.Tx
	n  int
}

func (c *copying) begin(ctx context.Context) (err error) {
	c.tx, err = c.db.Write.BeginTx(ctx, nil)
	return err
}

func (c *copying) add(ctx context.Context, s *chain.Sealed) error {
	if c.n++; c.n%copied == 0 {
		if err := c.commit(); err != nil {
			return err
		}
		if err := c.begin(ctx); err != nil {
			return err
		}
	}
	return s.Insert(ctx, c.tx)
}

func (c *copying) commit() error {
	tx := c.tx
	c.tx = nil
	return tx.Commit()
}

func (c *copying) end() error {
	if c.tx == nil {
		return nil
	}
	return c.tx.Rollback()
}
