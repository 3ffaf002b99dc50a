package chain

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

const (
	// sealerLock is the name of the lock under which the chain grows.
	sealerLock = "audit-chain"

	// interval is how long a row waits to be sealed at most, while nothing is wrong.
	interval = 250 * time.Millisecond

	// batch bounds what is sealed in one transaction.
	batch = 500

	// late is the age from which a row that waits is worth an alarm.
	late = 5 * time.Second
)

// Entry is one link of the chain.
type Entry struct {
	Seq      int64 // from 1, without gaps
	RowID    uuid.UUID
	stream   int16
	rowMAC   []byte
	mac      []byte
	sealedAt int64 // microseconds since 1970
}

// Sealer appends rows to the chain. Every server runs one; a lock of the database
// lets one at a time.
type Sealer struct {
	DB   *store.DB
	Keys *Keys
	Now  func() time.Time
	Log  *slog.Logger

	// Heads is told the head of the chain each minute, when it has moved; nil:
	// nobody is.
	Heads func(context.Context, Head) error

	// Follow is told when the chain may have grown, to write out what it has got; nil:
	// nobody is. Other servers make it grow, too.
	Follow func(context.Context) error

	// Of run alone: whether Follow has failed, when and which head was told last, and the row that waits the longest.
	behind   bool
	told     time.Time
	exported int64
	oldest   int64
	since    time.Time

	backlog atomic.Int64
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// Start seals until Close.
func (s *Sealer) Start() {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.done.Go(func() { s.run(ctx) })
}

// Close seals what waits, as long as ctx lasts, and ends.
func (s *Sealer) Close(ctx context.Context) {
	if s.stop == nil {
		return
	}
	s.stop()
	s.done.Wait()
	s.drain(ctx)
	s.follow(ctx)
	s.export(ctx)
}

// Backlog is how long the oldest row that is not sealed has waited, as far as this
// server has seen.
func (s *Sealer) Backlog() time.Duration { return time.Duration(s.backlog.Load()) }

func (s *Sealer) run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	s.told = s.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.work(ctx)
		}
	}
}

// work seals and tells what there is to tell.
func (s *Sealer) work(ctx context.Context) {
	s.drain(ctx)
	s.follow(ctx)
	now := s.Now()
	if passed := now.Sub(s.told); passed >= headInterval || passed < 0 { // a clock that was set back waits for nothing
		s.told = now
		s.export(ctx)
	}
}

// drain seals until nothing waits.
func (s *Sealer) drain(ctx context.Context) {
	for {
		n, err := s.Seal(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "audit chain not extended", "error", err)
		}
		if err != nil || n < batch {
			return
		}
	}
}

// Seal appends at most one batch of the rows that wait, and says how many it has
// looked at. It appends nothing while another server does. A row whose code is
// wrong was not written by a server: it is left out, marked, and told in the log;
// the check of the chain names it.
func (s *Sealer) Seal(ctx context.Context) (seen int, err error) {
	waits, err := s.waits(ctx)
	if err != nil || !waits {
		return 0, store.Classify(err)
	}
	err = store.Retry(ctx, func(ctx context.Context) error {
		tx, err := s.DB.Write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if seen, err = s.seal(ctx, tx); err != nil || seen == 0 {
			return err
		}
		return tx.Commit()
	})
	return seen, store.Classify(err)
}

// waits looks whether there is anything to do, without a transaction that writes.
func (s *Sealer) waits(ctx context.Context) (bool, error) {
	var oldest int64
	err := s.DB.Read.QueryRowContext(ctx, `SELECT coalesce((SELECT id FROM audit_pending WHERE NOT refused ORDER BY id LIMIT 1), 0)`).Scan(&oldest)
	if err != nil {
		return false, fmt.Errorf("look for rows to seal: %w", err)
	}
	if now := s.Now(); oldest != s.oldest || oldest == 0 {
		s.oldest, s.since = oldest, now
	} else if age := now.Sub(s.since); age > late {
		s.Log.WarnContext(ctx, "audit rows wait to be sealed", "for", age)
	}
	s.backlog.Store(int64(s.Now().Sub(s.since)))
	return oldest != 0, nil
}

func (s *Sealer) seal(ctx context.Context, tx *sql.Tx) (int, error) {
	mine, err := s.lock(ctx, tx)
	if err != nil || !mine {
		return 0, err
	}
	pending, err := readPending(ctx, tx)
	if err != nil {
		return 0, err
	}
	if len(pending) == 0 {
		return 0, nil
	}
	head, err := readHead(ctx, tx)
	if err != nil {
		return 0, err
	}
	good, refused := make([]*Entry, 0, len(pending)), []int64(nil)
	codes, err := s.codes(ctx, tx, pending)
	if err != nil {
		return 0, err
	}
	archived, err := readCheckpoints(ctx, tx, `ORDER BY last_seq DESC LIMIT 1`)
	if err != nil {
		return 0, err
	}
	now := s.Now()
	for _, p := range pending {
		code := codes[p.row]
		adopting := head.Seq+1 <= s.Keys.adopted
		if !p.mayBeSealed(code, adopting) || !adopting && code.isArchived(archived, now) {
			refused = append(refused, p.id)
			s.Log.ErrorContext(ctx, "a row of the record was not written by a server, or was archived", "log", p.stream.table, "id", p.row)
			continue
		}
		e := &Entry{Seq: head.Seq + 1, RowID: p.row, stream: p.stream.id, rowMAC: code.is, sealedAt: now.UnixMicro()}
		e.mac = s.Keys.entry(e, head.mac)
		good, head = append(good, e), *e
	}
	if err := insert(ctx, tx, good); err != nil {
		return 0, err
	}
	return len(pending), settle(ctx, tx, pending, refused)
}

// lock takes the chain for the transaction, unless another server has it.
func (s *Sealer) lock(ctx context.Context, tx *sql.Tx) (mine bool, err error) {
	if !s.DB.LocksRows() {
		return true, nil
	}
	err = tx.QueryRowContext(ctx, `SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))`, sealerLock).Scan(&mine)
	if err != nil {
		return false, fmt.Errorf("take the audit chain: %w", err)
	}
	return mine, nil
}
