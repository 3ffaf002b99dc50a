package events

import "sync"

// mailboxSize is how many events wait for a reader. More are not kept: the
// reader is told that some are missing.
const mailboxSize = 4096

// mailbox keeps events for one reader. Nobody who puts one in waits.
type mailbox struct {
	wake chan struct{}

	mu      sync.Mutex
	events  []Event
	dropped bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

func (m *mailbox) put(e Event) {
	m.mu.Lock()
	if len(m.events) < mailboxSize {
		m.events = append(m.events, e)
	} else {
		m.dropped = true
	}
	m.mu.Unlock()
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox and says whether something did not fit.
func (m *mailbox) take() (waiting []Event, dropped bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	waiting, dropped = m.events, m.dropped
	m.events, m.dropped = nil, false
	return waiting, dropped
}
