// Package events owns the news of what changed: it notes what a transaction
// changes, tells of it once the transaction has committed, and carries it to the
// other servers of the database. An event names what changed and nothing of what
// is in it: whoever hears of it reads it again, with the reader's own permissions.
// The package never decides who may hear, and nobody who publishes ever waits.
package events

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/internal/ids"
)

// Event says that an object was made, changed or removed.
type Event struct {
	Entity  string // its ent type, such as "Booking"
	ID      uuid.UUID
	Version int32 // after the change; 0 where the entity counts none or is gone

	// For is the one user who may see the object, whatever others may do; zero where
	// that is not so, or not known. Nobody else needs to read it again.
	For uuid.UUID
}

// message is one line between servers. Without an event it says that the sender
// has dropped some.
type message struct {
	instance string // who sends it: nobody listens to their own
	event    *Event
}

// encode writes a message of at most 150 bytes; PostgreSQL takes 8,000.
func (m message) encode() string {
	if m.event == nil {
		return m.instance
	}
	line := fmt.Sprintf("%s %s %s %d", m.instance, m.event.Entity, m.event.ID, m.event.Version)
	if m.event.For != uuid.Nil {
		line += " " + m.event.For.String()
	}
	return line
}

// decode reads a message and says whether it is one: everybody who may use the
// database may write on the channel.
func decode(payload string) (message, bool) {
	words := strings.Split(payload, " ")
	m := message{instance: words[0]}
	if len(words) == 1 {
		return m, m.instance != ""
	}
	if len(words) != 4 && len(words) != 5 {
		return m, false
	}
	id, err := uuid.Parse(words[2])
	if err != nil {
		return m, false
	}
	version, err := strconv.ParseInt(words[3], 10, 32)
	if err != nil || version < 0 {
		return m, false
	}
	if kind, ok := ids.KindOf(id); !ok || kind.String() != words[1] {
		return m, false
	}
	m.event = &Event{Entity: words[1], ID: id, Version: int32(version)}
	if len(words) == 5 {
		m.event.For, err = uuid.Parse(words[4])
	}
	return m, err == nil
}
