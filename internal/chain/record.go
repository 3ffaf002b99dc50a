package chain

import (
	"context"
	"time"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// maxChecked bounds what is checked for one request, unless the record says so
// itself; all of it is the operator's command.
const maxChecked = 20_000

// Record is the chain as the graph shows it.
type Record struct {
	DB   *store.DB
	Keys *Keys
	Now  func() time.Time
	Most int64 // entries that are checked at once; 0 is 20,000
}

func (r *Record) most() int64 {
	if r.Most == 0 {
		return maxChecked
	}
	return r.Most
}

// Head signs how far the chain goes; Seq is 0 where it is empty.
func (r *Record) Head(ctx context.Context) (Head, error) { return r.Keys.Head(ctx, r.DB, r.Now()) }

// Archives are the manifests of the newest archives, newest first, a hundred at
// most.
func (r *Record) Archives(ctx context.Context) ([]Manifest, error) {
	all, err := readCheckpoints(ctx, r.DB.Read, `ORDER BY last_seq DESC LIMIT 100`)
	return all, store.Classify(err)
}

// Check looks at some entries and their rows, and gives the first problem; see
// Keys.Check. Errors: BAD_USER_INPUT where it is too many at once, or not in the
// database, and those of the database.
func (r *Record) Check(ctx context.Context, from, to int64) (*Problem, error) {
	b, p, err := r.Keys.begin(ctx, r.DB)
	if err != nil || p != nil {
		return p, store.Classify(err)
	}
	last, err := readHead(ctx, r.DB.Read)
	if err != nil {
		return nil, store.Classify(err)
	}
	switch {
	case from < 1:
		return nil, fault.Invalid("fromSeq", "Entries are counted from 1.")
	case from <= b.archived:
		return nil, fault.Invalid("fromSeq", "Entries up to %d are archived.", b.archived)
	case to < from:
		return nil, fault.Invalid("toSeq", "The last entry is not before the first.")
	case to-from >= r.most():
		return nil, fault.Invalid("toSeq", "At most %d entries are checked at once.", r.most())
	case to > last.Seq:
		return nil, fault.Invalid("toSeq", "The chain ends with entry %d.", last.Seq)
	}
	for ; from <= to && p == nil && err == nil; from += stretch {
		p, err = r.Keys.stretch(ctx, r.DB, b, from, min(from+stretch-1, to))
	}
	if p != nil { // what is archived meanwhile is not missing
		if now, _, failed := r.Keys.begin(ctx, r.DB); failed == nil && now.archived > b.archived && p.Seq <= now.archived {
			return nil, fault.Invalid("fromSeq", "Entries up to %d are archived.", now.archived)
		}
	}
	return p, store.Classify(err)
}
