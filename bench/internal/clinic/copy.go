package clinic

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/lib/pq"
)

// batch is how many bytes of rows are handed to the driver at once.
const batch = 48 << 10

// load copies the rows into the table, in one transaction.
func (t table) load(ctx context.Context, db *sql.DB, log *slog.Logger) (err error) {
	began := time.Now()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	err = conn.Raw(func(raw any) error { return t.copy(ctx, raw.(copier)) })
	if err != nil {
		return fmt.Errorf("load %s: %w", t.name, err)
	}
	log.Info("loaded", "table", t.name, "took", since(began))
	return nil
}

// copier is what is used of a connection of lib/pq.
type copier interface {
	driver.ConnBeginTx
	driver.ConnPrepareContext
}

// stream is what is used of a COPY of lib/pq. database/sql would take each row
// apart and together again, which costs more than all the rest.
type stream interface {
	CopyData(ctx context.Context, lines string) (driver.Result, error)
	driver.Stmt
}

func (t table) copy(ctx context.Context, c copier) (err error) {
	tx, err := c.BeginTx(ctx, driver.TxOptions{})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	stmt, err := c.PrepareContext(ctx, pq.CopyIn(t.name, t.columns...))
	if err != nil {
		return err
	}
	in, ok := stmt.(stream)
	if !ok {
		return errors.Join(errors.New("lib/pq's COPY has lost a method"), stmt.Close())
	}
	var r row
	for n := range t.n {
		t.rows(&r, n)
		r.end()
		if len(r.buf) < batch && n < t.n-1 || len(r.buf) == 0 {
			continue
		}
		// The driver adds the last end of line itself.
		if _, err := in.CopyData(ctx, string(r.buf[:len(r.buf)-1])); err != nil {
			return errors.Join(err, in.Close())
		}
		r.buf, r.from = r.buf[:0], 0
	}
	if err := in.Close(); err != nil {
		return err
	}
	return tx.Commit()
}
