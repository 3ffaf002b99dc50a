package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// personal are the fields whose readers are on record, by name, and personalBit
// where each is in a set of them: what the schema calls personal of whoever is
// treated, and of their visits, and of accounts what has a permission of its own.
// Names are not among them: they stand in every list, and so do the addresses by
// which accounts are told apart.
var personal, personalBit = personalFields(ent.TypeCustomer, ent.TypeAppointment)

const userPhone = ent.TypeUser + ".phone"

// shownAs is the field that shows a column under another name.
var shownAs = map[string]string{ent.TypeCustomer + ".document_sealed": "document_number"}

func personalFields(entities ...string) (names []string, bit map[string]int) {
	for _, entity := range entities {
		for column := range ent.Meta[entity].Personal {
			if shown := shownAs[entity+"."+column]; shown != "" {
				column = shown
			}
			names = append(names, entity+"."+camel(column))
		}
	}
	names = append(names, userPhone)
	slices.Sort(names)
	bit = make(map[string]int, len(names))
	for i, name := range names {
		bit[name] = i
	}
	return names, bit
}

// camel is what the graph calls a column.
func camel(column string) string {
	first, rest, more := strings.Cut(column, "_")
	if !more {
		return first
	}
	words := strings.Split(rest, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return first + strings.Join(words, "")
}

// reads collects whose personal data one response shows to whom. Fields are
// resolved at once, so it has a lock; it takes no memory until something personal
// is shown.
type reads struct {
	mu    sync.Mutex
	shown map[sight]*uint64 // the fields
	last  sight             // the fields of one object come one after the other
	set   *uint64           // of last
}

// sight is a reader and whose data they see. Who acts may change within an
// operation that signs in.
type sight struct {
	viewer  *access.Viewer
	subject uuid.UUID
}

// note has it put on record that the field, of obj, is shown, if it is a
// personal one. Whether it has a value makes no difference: that there is none is
// told as well.
func note(ctx context.Context, field *declaration, obj any) error {
	if field.personal < 0 {
		return nil
	}
	var subject uuid.UUID
	switch o := obj.(type) {
	case *ent.Customer:
		subject = o.ID
	case *ent.Appointment:
		subject = o.CustomerID
	case *ent.User:
		subject = o.ID
	}
	return sighted(ctx, field.personal, subject)
}

// sighted notes that the personal field with that bit is shown, of the subject.
func sighted(ctx context.Context, bit int, subject uuid.UUID) error {
	m, ok := ctx.Value(memoryKey{}).(*memory)
	if !ok || subject == uuid.Nil {
		return fmt.Errorf("graph: nobody can say whose %s this is", personal[bit])
	}
	m.reads.mu.Lock()
	defer m.reads.mu.Unlock()
	m.reads.add(sight{access.FromContext(ctx), subject}, bit)
	return nil
}

func (r *reads) add(s sight, bit int) {
	if r.set == nil || r.last != s {
		r.last, r.set = s, r.shown[s]
	}
	if r.set == nil {
		if r.shown == nil {
			r.shown = map[sight]*uint64{}
		}
		r.set = new(uint64)
		r.shown[s] = r.set
	}
	*r.set |= 1 << bit
}

// take gives what was collected, by reader, each in the order of the subjects.
func (r *reads) take() map[*access.Viewer][]audit.Read {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all map[*access.Viewer][]audit.Read
	for s, set := range r.shown {
		if all == nil {
			all = map[*access.Viewer][]audit.Read{}
		}
		own := s.viewer.Impersonator == nil && (s.subject == s.viewer.UserID || slices.Contains(s.viewer.Profiles, s.subject))
		all[s.viewer] = append(all[s.viewer], audit.Read{Subject: s.subject, Own: own, Fields: fieldNames(*set)})
	}
	for _, reads := range all {
		slices.SortFunc(reads, func(a, b audit.Read) int { return bytes.Compare(a.Subject[:], b.Subject[:]) })
	}
	return all
}

func fieldNames(set uint64) string {
	names := make([]string, 0, bits.OnesCount64(set))
	for i, name := range personal {
		if set&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// recording puts on record whose personal data a response shows before it leaves.
// What cannot be put on record is not shown: no part of the answer is.
func (r *Resolver) recording(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	response := next(ctx)
	m, ok := ctx.Value(memoryKey{}).(*memory)
	if response == nil || !ok {
		return response
	}
	for viewer, reads := range m.reads.take() {
		if err := r.Security.RecordReads(access.NewContext(ctx, viewer), reads); err != nil {
			return r.withheld(ctx, err)
		}
	}
	return response
}

// withheld is the answer instead of one that cannot be put on record. What a
// mutation has changed stays changed: its root is null, as that of any mutation
// whose outcome the client cannot be told.
func (r *Resolver) withheld(ctx context.Context, err error) *graphql.Response {
	message, data := "This cannot be shown, because it cannot be put on record who sees it. Please try again.", json.RawMessage(nil)
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		message, data = "What was asked for may have been done, but it cannot be shown, because it cannot be put on record who sees it. Please read anew before you try again.", json.RawMessage("null")
	}
	shown := presenter(r.Security.Log)(ctx, fault.Wrap(fault.CodeUnavailable, err, "%s", message))
	return &graphql.Response{Data: data, Errors: gqlerror.List{shown}}
}
