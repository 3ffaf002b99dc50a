package chain

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
)

// stream is one log whose rows are sealed. Its columns are what the code of a row
// covers, in this order for ever: a column that comes later is appended, and rows
// from before have null there, which adds nothing.
type stream struct {
	id      int16 // in the chain; never reused
	table   string
	entity  string
	columns []column
}

// column is one column and how its value becomes bytes.
type column struct {
	name string
	kind kind
}

// kind is how a value becomes bytes.
type kind byte

const (
	asUUID kind = iota
	asText
	asBool
	asTime // microseconds since 1970: what both databases keep
	asJSON // as written: the columns keep JSON byte for byte
)

// request are the columns of every log, behind its own.
var request = []column{
	{"ip_address", asText}, {"user_agent", asText}, {"request_id", asText}, {"operation", asText}, {"acting_for", asUUID},
}

// streams are the logs that are sealed.
var streams = []stream{
	{1, "operation_logs", ent.TypeOperationLog, append([]column{
		{"id", asUUID}, {"created_at", asTime}, {"user_id", asUUID}, {"actor", asText}, {"action", asText}, {"action_details", asText},
		{"old_values", asJSON}, {"new_values", asJSON}, {"entity_type", asText}, {"entity_id", asUUID},
	}, request...)},
	{2, "audit_logs", ent.TypeAuditLog, append(append([]column{
		{"id", asUUID}, {"created_at", asTime}, {"user_id", asUUID}, {"actor", asText}, {"event", asText}, {"subject_id", asUUID},
		{"resource", asText}, {"permission_checked", asText}, {"decision", asText}, {"success", asBool}, {"error_code", asText}, {"details", asText},
	}, request...), column{"fields_shown", asText}, column{"purpose", asText})},
	{3, "session_logs", ent.TypeSessionLog, append([]column{
		{"id", asUUID}, {"created_at", asTime}, {"user_id", asUUID}, {"session_id", asUUID}, {"event", asText}, {"details", asText},
	}, request...)},
}

// Log is a table of rows that are sealed, and its number in the chain.
type Log struct {
	ID    int16
	Table string
}

// Logs are the tables whose rows are sealed.
func Logs() []Log {
	all := make([]Log, len(streams))
	for i := range streams {
		all[i] = Log{ID: streams[i].id, Table: streams[i].table}
	}
	return all
}

// streamOf finds the log of an entity, nil if its rows are not sealed.
func streamOf(entity string) *stream {
	for i := range streams {
		if streams[i].entity == entity {
			return &streams[i]
		}
	}
	return nil
}

// canonical is the row as bytes: the table and, for each column that is not null,
// its place, the length and the value. No two rows have the same.
type canonical []byte

func (s *stream) begin(into []byte) canonical {
	return append(append(into[:0], s.table...), 0)
}

func (c canonical) add(i int, value []byte) canonical {
	c = append(c, byte(i))
	c = binary.BigEndian.AppendUint32(c, uint32(len(value)))
	return append(c, value...)
}

// value is a Go value of a mutation as bytes; ok is false for null.
func (k kind) value(v any) (b []byte, ok bool, err error) {
	switch v := v.(type) { // what need not be looked into
	case nil:
		return nil, false, nil
	case string:
		if k == asText {
			return []byte(v), true, nil
		}
	case json.RawMessage:
		if k == asJSON {
			return v, v != nil, nil
		}
	}
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return nil, false, nil
		}
		r = r.Elem()
	}
	if !r.IsValid() {
		return nil, false, nil
	}
	switch v := r.Interface().(type) {
	case uuid.UUID:
		if k == asUUID {
			return v[:], true, nil
		}
	case time.Time:
		if k == asTime {
			return micros(v), true, nil
		}
	case bool:
		if k == asBool {
			return truth(v), true, nil
		}
	default:
		if k == asJSON {
			if r.Kind() == reflect.Map && r.IsNil() {
				return nil, false, nil
			}
			b, err = json.Marshal(v) // as ent writes it
			return b, err == nil, err
		}
		if k == asText && r.Kind() == reflect.String {
			return []byte(r.String()), true, nil
		}
	}
	return nil, false, fmt.Errorf("a %T is no value of kind %d", v, k)
}

func micros(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(t.UnixMicro()))
}

func truth(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}
