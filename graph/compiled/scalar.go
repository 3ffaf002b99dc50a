package compiled

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"entgo.io/ent/schema/field"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/graph/scalar"
	"clinicgraph/internal/money"
)

// slot is a kind of column. Columns of one kind can stand in one place when several
// statements become one.
type slot byte

const (
	slotUUID slot = iota
	slotText
	slotInt
	slotBool
	slotTime
	slotJSON
)

func slotOf(t field.Type) slot {
	switch t {
	case field.TypeUUID:
		return slotUUID
	case field.TypeTime:
		return slotTime
	case field.TypeBool:
		return slotBool
	case field.TypeInt, field.TypeInt8, field.TypeInt16, field.TypeInt32, field.TypeInt64:
		return slotInt
	case field.TypeJSON:
		return slotJSON
	default:
		return slotText
	}
}

// encoder appends a value of the database as the executor writes it; false is a value
// that the executor would not write, or not so.
type encoder func(b []byte, v any) ([]byte, bool)

// scalar finds the encoder of a column and what NULL is written as; no text means that
// NULL is not expected.
func (e *Engine) scalar(c *ent.Column, def *ast.FieldDefinition) (encode encoder, null []byte, kind slot, err error) {
	kind = slotOf(c.Type)
	name := def.Type.Name()
	list := def.Type.Elem != nil
	zero := ""
	switch {
	case list && name == "String" && c.Type == field.TypeJSON:
		encode = encodeTexts
		if !def.Type.NonNull {
			zero = "null"
		}
	case list:
	case name == "ID" && c.Type == field.TypeUUID:
		encode = encodeUUID
	case name == "String" && c.Type == field.TypeString:
		encode, zero = encodeText, `""`
	case name == "Boolean" && c.Type == field.TypeBool:
		encode, zero = encodeBool, "false"
	case name == "Int" && kind == slotInt:
		encode, zero = encodeInt32, "0"
	case name == "Int64" && kind == slotInt:
		encode, zero = encodeInt64, "0"
	case name == "Time" && c.Type == field.TypeTime:
		encode = encodeTime
	case name == "Date" && c.Type == field.TypeString:
		encode, zero = encodeRaw, `""`
	case name == "LocalTime" && kind == slotInt:
		encode = encodeLocalTime
	case name == "JSON" && c.Type == field.TypeJSON:
		encode = encodeMap
	case c.Type == field.TypeEnum && e.schema.Types[name] != nil && e.schema.Types[name].Kind == ast.Enum:
		encode = encodeRaw
	}
	if encode == nil {
		return nil, nil, 0, unplanned("field of type " + def.Type.String())
	}
	switch {
	case c.Nillable && !def.Type.NonNull:
		null = []byte("null")
	case c.Optional && !c.Nillable && zero != "":
		null = []byte(zero)
	}
	return encode, null, kind, nil
}

// textual gives a text as either driver does.
func textual(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	return "", false
}

const hexadecimal = "0123456789ABCDEF"

// encodeText writes a string with the escapes of the executor's, and no others.
func encodeText(b []byte, v any) ([]byte, bool) {
	s, ok := textual(v)
	if !ok {
		return b, false
	}
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '\\' && c != '"' {
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '\t':
			b = append(b, '\\', 't')
		case '\r':
			b = append(b, '\\', 'r')
		case '\n':
			b = append(b, '\\', 'n')
		case '\\', '"':
			b = append(b, '\\', c)
		default:
			b = append(b, '\\', 'u', '0', '0', hexadecimal[c>>4], hexadecimal[c&0xf])
		}
		start = i + 1
	}
	return append(append(b, s[start:]...), '"'), true
}

// encodeRaw writes what needs no escapes: values of enums, days.
func encodeRaw(b []byte, v any) ([]byte, bool) {
	s, ok := textual(v)
	if !ok {
		return b, false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c == '\\' || c == '"' || c >= 0x7f {
			return b, false
		}
	}
	return append(append(append(b, '"'), s...), '"'), true
}

func encodeUUID(b []byte, v any) ([]byte, bool) {
	b = append(b, '"')
	switch v := v.(type) {
	case []byte:
		if len(v) != 36 {
			return b, false
		}
		b = append(b, v...)
	case string:
		if len(v) != 36 {
			return b, false
		}
		b = append(b, v...)
	default:
		return b, false
	}
	return append(b, '"'), true
}

func encodeBool(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(b, v), true
	case int64:
		return strconv.AppendBool(b, v != 0), v == 0 || v == 1
	}
	return b, false
}

func encodeInt32(b []byte, v any) ([]byte, bool) {
	n, ok := v.(int64)
	return strconv.AppendInt(b, n, 10), ok && math.MinInt32 <= n && n <= math.MaxInt32
}

func encodeInt64(b []byte, v any) ([]byte, bool) {
	n, ok := v.(int64)
	return strconv.AppendInt(b, n, 10), ok && -scalar.MaxSafe <= n && n <= scalar.MaxSafe
}

func encodeTime(b []byte, v any) ([]byte, bool) {
	t, ok := v.(time.Time)
	if !ok || t.IsZero() {
		return b, false
	}
	b = append(b, '"')
	b = t.UTC().Truncate(time.Microsecond).AppendFormat(b, time.RFC3339Nano)
	return append(b, '"'), true
}

const dayMinutes = 24 * 60

func encodeLocalTime(b []byte, v any) ([]byte, bool) {
	n, ok := v.(int64)
	if !ok || n < 0 || n >= dayMinutes {
		return b, false
	}
	h, m := byte(n/60), byte(n%60)
	return append(b, '"', '0'+h/10, '0'+h%10, ':', '0'+m/10, '0'+m%10, '"'), true
}

// encodeMap writes an object as the executor does: read and written anew, with the
// line break that encoding/json puts behind it.
func encodeMap(b []byte, v any) ([]byte, bool) {
	s, ok := textual(v)
	if !ok {
		return b, false
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(s), &object); err != nil || object == nil {
		return b, false
	}
	w := bytes.NewBuffer(b)
	err := json.NewEncoder(w).Encode(object)
	return w.Bytes(), err == nil
}

func encodeTexts(b []byte, v any) ([]byte, bool) {
	s, ok := textual(v)
	if !ok {
		return b, false
	}
	var texts []string
	if err := json.Unmarshal([]byte(s), &texts); err != nil || texts == nil {
		return b, false
	}
	b = append(b, '[')
	for i, text := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b, _ = encodeText(b, text)
	}
	return append(b, ']'), true
}

// encodeMoney writes an amount for people.
func encodeMoney(b []byte, minor, currency any) ([]byte, bool) {
	n, ok := minor.(int64)
	code, is := textual(currency)
	if !ok || !is {
		return b, false
	}
	return encodeText(b, money.Amount{Minor: n, Currency: code}.Formatted())
}
