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

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
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

// mutation is what the generated mutations have in common beyond ent.Mutation.
type mutation interface {
	ent.Mutation
	Client() *ent.Client
	Tx() (*ent.Tx, error)
	ID() (uuid.UUID, bool)
}

// OperationHook writes one OperationLog row for each created, changed or deleted
// row, in the same transaction: changed fields only, old and new values, secrets
// redacted, personal values sealed with the keys, and left out where keys is nil. A
// change that cannot be recorded fails.
func OperationHook(keys *datakeys.Keys) ent.Hook {
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
			if err := record(ctx, m.(mutation), before, keys); err != nil {
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
		return deletedValues(ctx, m.(mutation), fields)
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
func deletedValues(ctx context.Context, m mutation, fields []string) (map[string]any, error) {
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

func record(ctx context.Context, m mutation, before map[string]any, keys *datakeys.Keys) error {
	id, ok := m.ID()
	if !ok {
		return fmt.Errorf("the row has no id")
	}
	action, after := "DELETE", map[string]any(nil)
	if !m.Op().Is(ent.OpDeleteOne) {
		action, after = "UPDATE", newValues(m, before)
		if m.Op().Is(ent.OpCreate) {
			action = "CREATE"
		}
	}
	v, request := access.FromContext(ctx), access.RequestOf(ctx)
	r := &redaction{keys: keys, m: m, entry: ids.New(ids.OperationLog), id: id, before: before}
	create := m.Client().OperationLog.Create().SetID(r.entry).
		SetActor(v.Actor()).SetAction(action).
		SetEntityType(m.Type()).SetEntityID(id).
		SetIPAddress(request.IP).SetUserAgent(Clip(request.UserAgent)).SetRequestID(request.ID).SetOperation(Clip(request.Operation))
	if who := v.Who(); who != uuid.Nil {
		create.SetUserID(who)
	}
	if err := r.redact(ctx, Old, before); err != nil {
		return err
	}
	if err := r.redact(ctx, New, after); err != nil {
		return err
	}
	if len(before) > 0 {
		create.SetOldValues(before)
	}
	if len(after) > 0 {
		create.SetNewValues(after)
	}
	return create.Exec(ctx)
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
