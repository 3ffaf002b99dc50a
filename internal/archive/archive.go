// Package archive takes closed months of the record out of the database: it owns
// the files they go to, their verification, and the one way in which anything is
// taken away from the logs. It never changes a row, removes none that is not in a
// file that was read back and verified, and does not know what an entry means.
//
// A month goes in steps, each of which can be the last one for the time being: the
// file is written, then its manifest, both under another name first; both are read
// back and verified; a checkpoint says in the database how far the chain is
// archived; what it covers is removed, whole partitions first and the rest in small
// batches, oldest first. Who archives again writes the same bytes and goes on where it
// ended.
package archive

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"time"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/store"
)

// removed bounds the entries that are removed in one transaction. Each has one row:
// a transaction deletes twice as many.
const removed = 500

// ErrOpenMonth says that a month that is to be archived is not over.
var ErrOpenMonth = errors.New("only months that are over are archived")

// ErrRights says that the role of the database may not take entries away.
var ErrRights = errors.New("only the owner of the tables takes entries out of the database; run this as that role")

// Archive moves closed months of the record to a folder.
type Archive struct {
	DB   *store.DB
	Keys *chain.Keys
	Dir  string
	Now  func() time.Time

	// Tell is told of each archive before anything is removed for it, again when that
	// was cut off; an error ends the work there. nil: nobody is.
	Tell func(context.Context, chain.Manifest) error

	// after is told each step that was done; an error ends the work there. Of tests.
	after func(step string) error
}

// Month is the beginning of a moment's month, UTC.
func Month(t time.Time) time.Time {
	return time.Date(t.UTC().Year(), t.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
}

// Older archives what is older than so many whole months, and counts the archives;
// keep 0 is for ever. It is the verb of the job.
func (a *Archive) Older(ctx context.Context, keep int) (int, error) {
	if keep == 0 {
		return 0, nil
	}
	done, err := a.Before(ctx, Month(a.Now()).AddDate(0, -keep, 0))
	return len(done), err
}

// Before archives the entries of the chain that were sealed before a month, with
// the rows that they seal: each month goes to a file of its own. First it finishes
// what an earlier run has left. It gives the new archives. Errors: ErrOpenMonth,
// ErrRights before anything is done, a *Damage where the record or a file is not what it must be, and those of the
// database and of the file system. What was done until then stays.
func (a *Archive) Before(ctx context.Context, month time.Time) (done []chain.Manifest, err error) {
	month = Month(month)
	if month.After(Month(a.Now())) {
		return nil, ErrOpenMonth
	}
	if err := a.mayRemove(ctx); err != nil {
		return nil, err
	}
	last, there, p, err := a.Keys.Checkpoint(ctx, a.DB)
	if err != nil {
		return nil, err
	}
	if p != nil {
		return nil, &Damage{File: "the database", Problem: p}
	}
	if there {
		if err := a.finish(ctx, last); err != nil {
			return nil, err
		}
	}
	for {
		m, ok, err := a.next(ctx, last, month)
		if err != nil || !ok {
			return done, err
		}
		done, last = append(done, m), m
	}
}

// mayRemove gives ErrRights where the last step would be refused.
func (a *Archive) mayRemove(ctx context.Context) error {
	if !a.DB.LocksRows() { // SQLite has no roles
		return nil
	}
	var may bool
	err := a.DB.Read.QueryRowContext(ctx, `SELECT has_table_privilege('audit_chain', 'DELETE') AND has_table_privilege('audit_checkpoints', 'INSERT')`).Scan(&may)
	if err != nil {
		return store.Classify(fmt.Errorf("look for the right to archive: %w", err))
	}
	if !may {
		return ErrRights
	}
	return nil
}

// finish removes what a checkpoint covers and an earlier run has left, once the
// checkpoint's file was verified again.
func (a *Archive) finish(ctx context.Context, m chain.Manifest) error {
	oldest, err := a.oldest(ctx)
	if err != nil || oldest == 0 || oldest > m.Last {
		return err
	}
	if oldest < m.First {
		return &Damage{File: m.File, What: fmt.Sprintf("the database has entry %d, from before it", oldest)}
	}
	if err := a.verify(m); err != nil {
		return err
	}
	return a.remove(ctx, m)
}

// next archives the month of the first entry that is not archived.
func (a *Archive) next(ctx context.Context, before chain.Manifest, month time.Time) (m chain.Manifest, ok bool, err error) {
	first, last, sealed, err := a.month(ctx, before.Last+1, month)
	if err != nil || first == 0 {
		return m, false, err
	}
	if m, err = a.write(ctx, sealed, first, last, before.LastCode); err != nil {
		return m, false, err
	}
	if err := a.verify(m); err != nil {
		return m, false, err
	}
	if err := a.done("verified"); err != nil {
		return m, false, err
	}
	if a.Tell != nil {
		if err := a.Tell(ctx, m); err != nil {
			return m, false, err
		}
	}
	if err := a.checkpoint(ctx, m); err != nil {
		return m, false, err
	}
	if err := a.done("checkpoint"); err != nil {
		return m, false, err
	}
	return m, true, a.remove(ctx, m)
}

// month finds the entries from first on that were sealed in the month of the first;
// none where that is not before the given month.
func (a *Archive) month(ctx context.Context, from int64, before time.Time) (first, last int64, month time.Time, err error) {
	var micros int64
	err = a.DB.Read.QueryRowContext(ctx, `SELECT sealed_at FROM audit_chain WHERE seq = $1`, from).Scan(&micros)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, month, nil
	}
	if err != nil {
		return 0, 0, month, store.Classify(fmt.Errorf("look for entries to archive: %w", err))
	}
	month = Month(time.UnixMicro(micros))
	if !month.Before(before) {
		return 0, 0, month, nil
	}
	err = a.DB.Read.QueryRowContext(ctx, `SELECT coalesce(
		(SELECT seq - 1 FROM audit_chain WHERE seq > $1 AND sealed_at >= $2 ORDER BY seq LIMIT 1),
		(SELECT max(seq) FROM audit_chain))`, from, month.AddDate(0, 1, 0).UnixMicro()).Scan(&last)
	if err != nil {
		return 0, 0, month, store.Classify(fmt.Errorf("look for the end of a month: %w", err))
	}
	return from, last, month, nil
}

// verify reads an archive back: that it is the one of the manifest, and whole.
func (a *Archive) verify(m chain.Manifest) error {
	got, err := Verify(filepath.Join(a.Dir, m.File), a.Keys.Public(), a.Keys, nil)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got.Signature, m.Signature) {
		return &Damage{File: m.File, What: "its manifest is not the one of the database"}
	}
	return nil
}

// checkpoint says in the database that the chain is archived as far as a manifest
// goes. Another server may have said so meanwhile.
func (a *Archive) checkpoint(ctx context.Context, m chain.Manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, failed := a.DB.Write.ExecContext(ctx, `INSERT INTO audit_checkpoints (last_seq, code, manifest) VALUES ($1, $2, $3)`, m.Last, m.LastCode, string(text))
	if failed == nil {
		return nil
	}
	last, there, _, err := a.Keys.Checkpoint(ctx, a.DB)
	if err == nil && there && reflect.DeepEqual(last.Signature, m.Signature) {
		return nil
	}
	return store.Classify(fmt.Errorf("write a checkpoint of the audit chain: %w", failed))
}

// oldest is the first entry that is in the database, 0 where there is none.
func (a *Archive) oldest(ctx context.Context) (seq int64, err error) {
	err = a.DB.Read.QueryRowContext(ctx, `SELECT coalesce(min(seq), 0) FROM audit_chain`).Scan(&seq)
	if err != nil {
		return 0, store.Classify(fmt.Errorf("look for the oldest entry: %w", err))
	}
	return seq, nil
}

// remove takes what a manifest covers out of the database: whole months of a log at
// once, where nothing else is left in them, and then the entries with the rows that are
// still there.
func (a *Archive) remove(ctx context.Context, m chain.Manifest) error {
	if _, err := chain.DropArchived(ctx, a.DB); err != nil {
		return err
	}
	if err := a.done("months"); err != nil {
		return err
	}
	for {
		oldest, err := a.oldest(ctx)
		if err != nil || oldest == 0 || oldest > m.Last {
			return err
		}
		err = store.Retry(ctx, func(ctx context.Context) error {
			return a.removeBatch(ctx, oldest, min(oldest+removed-1, m.Last))
		})
		if err != nil {
			return store.Classify(err)
		}
		if err := a.done("removed"); err != nil {
			return err
		}
	}
}

// removeBatch removes entries and the rows that they seal. The triggers of the logs
// let go of what a checkpoint covers, and of nothing else.
func (a *Archive) removeBatch(ctx context.Context, from, to int64) error {
	tx, err := a.DB.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, log := range chain.Logs() {
		_, err := tx.ExecContext(ctx, `DELETE FROM `+log.Table+` WHERE id IN (SELECT row_id FROM audit_chain WHERE seq BETWEEN $1 AND $2 AND stream = $3)`, from, to, log.ID)
		if err != nil {
			return fmt.Errorf("remove archived rows of %s: %w", log.Table, err)
		}
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM audit_chain WHERE seq BETWEEN $1 AND $2`, from, to); err != nil {
		return fmt.Errorf("remove archived entries: %w", err)
	}
	return tx.Commit()
}

func (a *Archive) done(step string) error {
	if a.after == nil {
		return nil
	}
	return a.after(step)
}
