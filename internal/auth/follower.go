package auth

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// followEvery is how often a server reads what others have revoked, told or not:
	// twice in the second within which it must know.
	followEvery = 500 * time.Millisecond
	// followRest is the pause after each reading, so that many hints make few.
	followRest = 50 * time.Millisecond
	// followTimeout ends a reading that the database does not answer.
	followTimeout = 2 * time.Second
	// staleAfter is when what a server holds is too old to let anybody in by.
	staleAfter = 5 * time.Second
)

// Follower keeps what this server holds in memory as new as the database. It
// reads twice a second, whether somebody has told it to or not: a notification is a
// hint, and may be lost. Its clock is the machine's, since it measures how long
// ago something was.
type Follower struct {
	Read func(context.Context) error
	Log  *slog.Logger
	// Alone says that no other server can revoke anything: then nothing is stale.
	Alone bool

	began time.Time
	fresh atomic.Int64 // when the last reading that succeeded began, since began; 0 before the first
	wake  chan struct{}
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// NewFollower makes a follower that has read nothing yet.
func NewFollower(read func(context.Context) error, alone bool, log *slog.Logger) *Follower {
	return &Follower{Read: read, Alone: alone, Log: log, began: time.Now(), wake: make(chan struct{}, 1)}
}

// Refresh reads now. A server does so before it is ready.
func (f *Follower) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	at := max(time.Since(f.began), 1)
	if err := f.Read(ctx); err != nil {
		return err
	}
	f.fresh.Store(int64(at))
	return nil
}

// Poke says that there may be something to read. It does not wait.
func (f *Follower) Poke() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Age is how long ago the database was last known as it is held here.
func (f *Follower) Age() time.Duration {
	return time.Since(f.began) - time.Duration(f.fresh.Load())
}

// Stale says that nobody may be let in by what is held here: the database has
// not been read for five seconds, and others may have revoked anything since.
func (f *Follower) Stale() bool {
	return f != nil && !f.Alone && (f.fresh.Load() == 0 || f.Age() > staleAfter)
}

// Start begins to follow, until Close.
func (f *Follower) Start() {
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.done.Go(func() { f.follow(ctx) })
}

// Close ends what Start began.
func (f *Follower) Close() {
	if f.stop != nil {
		f.stop()
		f.done.Wait()
	}
}

func (f *Follower) follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.wake:
		}
		err := f.Refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			f.Log.WarnContext(ctx, "revocations and keys not read", "error", err)
		case err == nil && failing:
			f.Log.InfoContext(ctx, "revocations and keys read again")
		}
		failing = err != nil
		rest := time.NewTimer(followRest)
		select {
		case <-ctx.Done():
		case <-rest.C:
		}
		rest.Stop()
	}
}
