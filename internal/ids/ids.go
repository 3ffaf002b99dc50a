// Package ids owns the identifiers of the clinic's objects: UUIDs of version 8
// (RFC 9562, section 5.8) that carry when they were made and what they name. It
// never says whether the named object exists or who may see it.
//
// The 128 bits, most significant first:
//
//	48 bits  Unix time in milliseconds, big-endian
//	 4 bits  version, 8
//	12 bits  entity number, see Kind
//	 2 bits  variant, binary 10
//	62 bits  random, from the operating system
//
// So ids sort by creation time, stay a plain uuid column, and give their type
// without a query. Within one millisecond they sort by type, then at random; those of a
// Sequence in the order of their making.
package ids

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
)

// maxMilli is the largest time that 48 bits hold, in the year 10889.
const maxMilli = 1<<48 - 1

// New makes an id of kind k that carries the present time. It panics when k is
// not in the table of kinds: that is a slip in the program, never an input.
func New(k Kind) uuid.UUID { return NewAt(k, time.Now()) }

// NewAt is New for a given time, cut to milliseconds. Times before 1970 or too
// late for 48 bits are moved to the nearest one that fits.
func NewAt(k Kind, at time.Time) uuid.UUID {
	mustBeKnown(k)
	milli := uint64(min(max(at.UnixMilli(), 0), maxMilli))

	var id uuid.UUID
	// Read never returns an error: without randomness the process ends.
	_, _ = rand.Read(id[8:])
	binary.BigEndian.PutUint64(id[:8], milli<<16|0x8000|uint64(k))
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Sequence makes ids for rows that are listed in the order of their making. The zero
// Sequence is ready; it may be used from several goroutines.
type Sequence struct {
	mu          sync.Mutex
	milli, tail uint64
}

// Next is NewAt, and sorts behind all ids of its kind that the sequence has just made
// for the same millisecond.
func (s *Sequence) Next(k Kind, at time.Time) uuid.UUID {
	id := NewAt(k, at)
	milli, tail := binary.BigEndian.Uint64(id[:8])>>16, binary.BigEndian.Uint64(id[8:])
	// The first is in the lower half of what there is, so that half a billion follow.
	tail = tail&(1<<61-1) | 1<<63
	s.mu.Lock()
	defer s.mu.Unlock()
	if milli == s.milli {
		tail = s.tail + 1 + tail&(1<<32-1)
	}
	s.milli, s.tail = milli, tail
	binary.BigEndian.PutUint64(id[8:], tail)
	return id
}

// From is the least value that an id of a time can have, whatever it names.
func From(at time.Time) (id uuid.UUID) {
	binary.BigEndian.PutUint64(id[:8], uint64(min(max(at.UnixMilli(), 0), maxMilli))<<16)
	return id
}

// Generator gives the function that makes ids of kind k, for a field's Default.
// It panics like New, but at once and not when the first row is written.
func Generator(k Kind) func() uuid.UUID {
	mustBeKnown(k)
	return func() uuid.UUID { return New(k) }
}

// Undated gives the function that makes ids of kind k which carry no time, but that of
// 1970: for rows that get theirs from a Sequence before they are written. It panics like
// Generator.
func Undated(k Kind) func() uuid.UUID {
	mustBeKnown(k)
	return func() uuid.UUID { return NewAt(k, time.UnixMilli(0)) }
}

// IsUndated says whether an id carries no time.
func IsUndated(id uuid.UUID) bool { return binary.BigEndian.Uint64(id[:8])>>16 == 0 }

// KindOf reads the entity number of an id. It is false for ids that were not
// made here: another version or variant, or a number that is not in the table.
func KindOf(id uuid.UUID) (Kind, bool) {
	if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
		return 0, false
	}
	k := Kind(binary.BigEndian.Uint16(id[6:8]) & 0x0fff)
	return k, k.known()
}

func mustBeKnown(k Kind) {
	if !k.known() {
		panic(fmt.Sprintf("ids: %d is not in the table of kinds", uint16(k)))
	}
}

// crockford is Douglas Crockford's base 32: no I, L, O and U, so that people do
// not misread it.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Number gives the number under which people quote an object, such as
// "B-7K3Q-9D2F-M0ZA": 60 of the id's random bits, so that two of a million
// objects share one with a chance of 4 in 10,000,000; the database refuses it.
func Number(prefix string, id uuid.UUID) string {
	bits := binary.BigEndian.Uint64(id[8:])
	out := []byte(prefix)
	for i := range 12 {
		if i%4 == 0 {
			out = append(out, '-')
		}
		out = append(out, crockford[bits&31])
		bits >>= 5
	}
	return string(out)
}
