// Package audit owns the two records: the operation log of every change, written
// by a hook in the transaction of the change, and the audit log of who tried
// what, written in a transaction of its own. Domain code calls neither hook.
package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/ids"
)

// Redacted stands in the log where a secret was changed: that it was, not what it
// is. Personal stands for a person's data where they are not shown, and in the log
// itself where nobody can say whose they are; else the log holds them sealed with the
// key of that person. It is never rewritten, so what somebody may have erased one day
// must not be readable in it; and who may read the log need not be somebody who may
// read the notes. Erased stands where the key is gone, and Unreadable where what is
// sealed does not open.
const (
	Redacted   = "[redacted]"
	Personal   = "[personal]"
	Erased     = "[erased]"
	Unreadable = "[unreadable]"
)

// Records says whether changes of the entity go into the operation log. The logs
// themselves do not, and neither do claims, idempotency keys and revocations of
// tokens, which only follow from what is on record.
func Records(entity string) bool {
	switch entity {
	case ent.TypeOperationLog, ent.TypeAuditLog, ent.TypeSessionLog, ent.TypeResourceClaim, ent.TypeIdempotencyKey, ent.TypeBlacklistedToken:
		return false
	default:
		return true
	}
}

// Mutation is what the generated mutations have in common beyond ent.Mutation.
type Mutation interface {
	ent.Mutation
	Client() *ent.Client
	Tx() (*ent.Tx, error)
	ID() (uuid.UUID, bool)
}

// recorder puts changes on record: with the codes of the chain, and with personal
// values sealed with the keys of people. Without keys, as in tests, it leaves them out.
type recorder struct {
	now     func() time.Time
	entries *ids.Sequence
	people  *datakeys.Keys
	codes   *chain.Keys
}

// OperationHook has one row of the operation log written for each row that is
// created, changed or deleted, in the same transaction: changed fields only, old
// and new values, secrets redacted, personal values sealed. Rows are written some at
// a time, the last with the commit (see store.Gather). A change that cannot be
// recorded fails, or its transaction does.
func OperationHook(now func() time.Time, entries *ids.Sequence, people *datakeys.Keys, codes *chain.Keys) ent.Hook {
	k := &recorder{now: now, entries: entries, people: people, codes: codes}
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if !Records(m.Type()) {
				return next.Mutate(ctx, m)
			}
			before, err := oldValues(ctx, m)
			if err != nil {
				return nil, err
			}
			value, err := next.Mutate(ctx, m)
			if err != nil {
				return nil, err
			}
			if err := k.record(ctx, m.(Mutation), before); err != nil {
				return nil, fmt.Errorf("record %s of %s: %w", m.Op(), m.Type(), err)
			}
			return value, nil
		})
	}
}

// unrecorded are the fields whose change says nothing: the log has its own time
// and actor.
var unrecorded = map[string]bool{"created_at": true, "updated_at": true, "created_by": true, "updated_by": true, "version": true}

// oldValues reads the values that are about to change, or all of them before a
// deletion. ent reads the row once, and not at all where the entity is at hand.
func oldValues(ctx context.Context, m ent.Mutation) (map[string]any, error) {
	var fields []string
	switch {
	case m.Op().Is(ent.OpUpdateOne):
		fields = append(append(m.Fields(), m.ClearedFields()...), m.AddedFields()...)
	case m.Op().Is(ent.OpDeleteOne):
		fields = ent.Meta[m.Type()].Fields
	default:
		return nil, nil
	}
	if m.Op().Is(ent.OpDeleteOne) {
		if ent.Meta[m.Type()].Internal { // join rows: their two ends are the new values of their making
			return nil, nil
		}
		return deletedValues(ctx, m.(Mutation), fields)
	}
	old := make(map[string]any, len(fields))
	for _, f := range fields {
		if unrecorded[f] {
			continue
		}
		v, err := m.OldField(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("read old %s of %s: %w", f, m.Type(), err)
		}
		old[f] = v
	}
	return old, nil
}

// deletedValues reads a row that is about to go. OldField serves updates alone.
func deletedValues(ctx context.Context, m Mutation, fields []string) (map[string]any, error) {
	id, ok := m.ID()
	if !ok {
		return nil, fmt.Errorf("deletion of %s without an id", m.Type())
	}
	row, err := m.Client().Noder(access.WithDeleted(ctx), id, ent.WithFixedNodeType(ent.Meta[m.Type()].Table))
	if err != nil {
		return nil, fmt.Errorf("read %s before its deletion: %w", m.Type(), err)
	}
	text, err := json.Marshal(row)
	if err != nil {
		return nil, err
	}
	all, old := map[string]any{}, map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	for _, f := range fields {
		if v, ok := all[f]; ok && !unrecorded[f] {
			old[f] = v
		}
	}
	return old, nil
}

func (k *recorder) record(ctx context.Context, m Mutation, before map[string]any) error {
	id, ok := m.ID()
	if !ok {
		return fmt.Errorf("the row has no id")
	}
	at := k.now()
	c := change{cause: causeOf(ctx), id: k.entries.Next(ids.OperationLog, at), at: at, action: "DELETE", entity: m.Type(), entityID: id}
	after := map[string]any(nil)
	if !m.Op().Is(ent.OpDeleteOne) {
		c.action, after = "UPDATE", newValues(m, before)
		if m.Op().Is(ent.OpCreate) {
			c.action = "CREATE"
		}
	}
	r := &redaction{keys: k.people, m: m, entry: c.id, id: id, before: before}
	var err error
	if c.old, err = r.text(ctx, Old, before); err != nil {
		return err
	}
	if c.new, err = r.text(ctx, New, after); err != nil {
		return err
	}
	return k.add(ctx, m, c)
}

// text is how the log keeps the values of a side; nil for none.
func (r *redaction) text(ctx context.Context, side Side, values map[string]any) (json.RawMessage, error) {
	if len(values) == 0 {
		return nil, nil
	}
	if err := r.redact(ctx, side, values); err != nil {
		return nil, err
	}
	return json.Marshal(values)
}

func newValues(m ent.Mutation, before map[string]any) map[string]any {
	after := map[string]any{}
	for _, f := range m.Fields() {
		if !unrecorded[f] {
			after[f], _ = m.Field(f)
		}
	}
	for _, f := range m.AddedFields() {
		if !unrecorded[f] {
			delta, _ := m.AddedField(f)
			after[f] = sum(before[f], delta)
		}
	}
	for _, f := range m.ClearedFields() {
		after[f] = nil
	}
	return after
}

// sum is the value of a counter after a change by delta.
func sum(old, delta any) any {
	switch o := old.(type) {
	case int32:
		return o + delta.(int32)
	case int64:
		return o + delta.(int64)
	default:
		return delta
	}
}

// empty says whether a value is null, be it as a nil pointer.
func empty(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// maxText keeps a client's text from flooding the log, in bytes.
const maxText = 512

// Clip makes a client's text fit for the log: not too long, and nothing that
// PostgreSQL refuses in a text.
func Clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}
