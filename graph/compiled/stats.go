package compiled

import (
	"errors"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
)

// unplannedError says why there is no plan. The reasons are a bounded set: they name
// what the schema has, and nothing of a request.
type unplannedError string

func unplanned(reason string) error { return unplannedError(reason) }

func (e unplannedError) Error() string { return "compiled: no plan: " + string(e) }

// Stats counts what became of the queries since the start.
type Stats struct {
	Hits      uint64            // answered by a plan
	Dropped   uint64            // begun by a plan and handed to the executor
	Fallbacks map[string]uint64 // never planned, by the reason
	Documents int               // that are kept
	Bytes     int64             // that they and their plans take
}

type counts struct {
	hits, dropped atomic.Uint64

	mu        sync.Mutex
	fallbacks map[string]uint64
}

func (c *counts) count(err error) {
	var reason unplannedError
	switch {
	case err == nil:
		c.hits.Add(1)
	case errors.As(err, &reason):
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.fallbacks == nil {
			c.fallbacks = map[string]uint64{}
		}
		c.fallbacks[string(reason)]++
	default:
		c.dropped.Add(1)
	}
}

// Kinds sums the fallbacks up by the first word of their reason.
func (s Stats) Kinds() map[string]int {
	kinds := map[string]int{}
	for reason, n := range s.Fallbacks {
		kind, _, _ := strings.Cut(reason, " ")
		kinds[kind] += int(n)
	}
	return kinds
}

// Stats gives the counts; of no engine they are zero.
func (e *Engine) Stats() Stats {
	if e == nil {
		return Stats{}
	}
	documents, bytes := e.documents.size()
	e.counts.mu.Lock()
	defer e.counts.mu.Unlock()
	return Stats{
		Hits: e.counts.hits.Load(), Dropped: e.counts.dropped.Load(), Fallbacks: maps.Clone(e.counts.fallbacks),
		Documents: documents, Bytes: bytes,
	}
}
