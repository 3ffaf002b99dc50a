package events

import (
	"context"
	"time"

	"clinicgraph/internal/store"
)

const (
	// sendBatch is how many events one transaction tells the other servers.
	sendBatch = 100
	// sendAgain is the pause after a failure to tell them.
	sendAgain = time.Second
	// sendTimeout bounds one attempt.
	sendTimeout = 5 * time.Second
)

// send tells the other servers what happens here. An attempt that fails is made
// again: meanwhile events collect in the mailbox.
func (b *Bus) send(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.out.wake:
		}
		b.flush(ctx)
	}
}

// flush sends what waits, until it is sent or ctx ends.
func (b *Bus) flush(ctx context.Context) {
	waiting, dropped := b.out.take()
	lines := make([]string, 0, len(waiting)+1)
	for _, e := range waiting {
		lines = append(lines, message{b.instance, &e}.encode())
	}
	if dropped {
		b.Log.WarnContext(ctx, "events dropped before other servers were told")
		lines = append(lines, message{instance: b.instance}.encode())
	}
	for len(lines) > 0 && ctx.Err() == nil {
		batch := lines[:min(len(lines), sendBatch)]
		attempt, cancel := context.WithTimeout(ctx, sendTimeout)
		err := b.DB.Notify(attempt, channel, batch)
		cancel()
		if err == nil {
			lines = lines[len(batch):]
			continue
		}
		if ctx.Err() == nil {
			b.Log.WarnContext(ctx, "other servers not told of events", "error", err)
		}
		pause(ctx, sendAgain)
	}
}

// listen hears what happens on the other servers.
func (b *Bus) listen(ctx context.Context) {
	b.DB.Listen(ctx, channel, store.Listening{
		Up: func() {
			b.gap.opened()
			b.poke()
		},
		Down:  func(err error) { b.Log.WarnContext(ctx, "other servers not heard", "error", err) },
		Alive: func() { b.gap.heard(b.Now()) },
		Heard: b.heard,
	})
}

func (b *Bus) heard(payload string) {
	m, ok := decode(payload)
	switch {
	case !ok:
		b.Log.Warn("event not understood")
	case m.instance == b.instance:
	case m.event != nil:
		b.here.put(*m.event)
	default: // the sender has dropped some
		b.gap.opened()
		b.poke()
	}
}

// poke has the listener's goroutine look for a gap.
func (b *Bus) poke() {
	select {
	case b.here.wake <- struct{}{}:
	default:
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
