package events

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/store"
)

// channel is the name under which servers of one database hear of each other.
const channel = "clinicgraph_events"

// Listener is who hears of events on this server, one call at a time.
type Listener struct {
	// Changed is told each event.
	Changed func(Event)
	// Interrupted is told that changes of rights may have gone unheard: what
	// rests on them is to be looked at again. Changes of objects follow as events.
	Interrupted func()
	// Lost is told that changes have gone unheard which nobody can name any more.
	Lost func()
}

// Bus carries events to this server's listener and, on PostgreSQL, to those of
// the other servers and back.
type Bus struct {
	DB     *store.DB
	Client *ent.Client
	Now    func() time.Time
	Log    *slog.Logger

	instance string
	to       Listener
	here     *mailbox // for the listener
	out      *mailbox // for the other servers; nil on SQLite
	gap      gap

	stop context.CancelFunc
	done sync.WaitGroup
}

// NewBus makes a bus. It carries nothing before Start.
func NewBus(db *store.DB, client *ent.Client, now func() time.Time, log *slog.Logger) *Bus {
	b := &Bus{DB: db, Client: client, Now: now, Log: log, instance: newInstance(), here: newMailbox()}
	if db.Notifies() {
		b.out = newMailbox()
	}
	return b
}

func newInstance() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// Publish tells of an event. It does not wait: what nobody can take in time is
// dropped, and those who listen are told so.
func (b *Bus) Publish(e Event) {
	b.here.put(e)
	if b.out != nil {
		b.out.put(e)
	}
}

// Start begins to carry events, until Close.
func (b *Bus) Start(to Listener) {
	ctx, stop := context.WithCancel(context.Background())
	b.to, b.stop = to, stop
	b.gap.heard(b.Now())
	b.done.Go(func() { b.deliver(ctx) })
	if b.out != nil {
		b.done.Go(func() { b.send(ctx) })
		b.done.Go(func() { b.listen(ctx) })
	}
}

// Close tells the other servers what has not been told yet, as long as ctx lasts,
// and ends.
func (b *Bus) Close(ctx context.Context) {
	if b.stop == nil {
		return
	}
	b.stop()
	b.done.Wait()
	if b.out != nil {
		b.flush(ctx)
	}
}

// deliver tells the listener. It alone calls it.
func (b *Bus) deliver(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.here.wake:
		}
		waiting, dropped := b.here.take()
		for _, e := range waiting {
			b.to.Changed(e)
		}
		if since, ok := b.gap.take(); ok {
			b.catchUp(ctx, since)
		}
		if dropped {
			b.to.Interrupted()
			b.to.Lost()
		}
	}
}
