package store

import (
	"encoding/hex"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/lib/pq"
)

// asArrays gives each list of ids or texts in a statement for PostgreSQL as one
// array: "IN ($2, $3, $4)" becomes "= ANY($2)". A list of another length is then the
// same statement, which is prepared already and planned once. A list of one becomes a
// comparison: "IN ($2)" is "= $2". What it cannot read for certain it leaves as it is:
// a text with quotes, placeholders out of order.
func asArrays(query string, args []any) (string, []any) {
	const in = " IN ($"
	if !strings.Contains(query, in) || strings.IndexByte(query, '\'') >= 0 {
		return query, args
	}
	out, made := make([]byte, 0, len(query)), make([]any, 0, len(args))
	done, next := 0, 0 // of the text, and of the arguments
	for {
		at := strings.IndexByte(query[done:], '$')
		if at < 0 {
			break
		}
		at += done
		out = append(out, query[done:at]...)
		if list := strings.HasSuffix(query[:at], in[:len(in)-1]) && !strings.HasSuffix(query[:at], " NOT"+in[:len(in)-1]); list {
			if n, end := listed(query[at:], next); n == 1 && next < len(args) && arrayOf(args[next:next+1]) != nil {
				// A comparison follows the order of an index, which an array does not.
				made = append(made, args[next])
				out = append(out[:len(out)-len(in)+1], " = $"...)
				out = strconv.AppendInt(out, int64(len(made)), 10)
				done, next = at+end, next+1
				continue
			} else if n > 0 && next+n <= len(args) {
				if array := arrayOf(args[next : next+n]); array != nil {
					made = append(made, array)
					out = append(out[:len(out)-len(in)+1], " = ANY($"...)
					out = append(strconv.AppendInt(out, int64(len(made)), 10), ')')
					done, next = at+end, next+n
					continue
				}
			}
		}
		end := numbered(query[at:], next+1)
		if end == 0 || next == len(args) {
			return query, args
		}
		made = append(made, args[next])
		out = strconv.AppendInt(append(out, '$'), int64(len(made)), 10)
		done, next = at+end, next+1
	}
	if next != len(args) {
		return query, args
	}
	return string(append(out, query[done:]...)), made
}

// numbered gives the length of the placeholder with the number that the text begins
// with, 0 when it begins with another.
func numbered(text string, number int) int {
	digits := strconv.Itoa(number)
	end := 1 + len(digits)
	if !strings.HasPrefix(text[1:], digits) || end < len(text) && '0' <= text[end] && text[end] <= '9' {
		return 0
	}
	return end
}

// listed counts the placeholders of "$3, $4)" behind so many others, and gives the
// length of the text; 0 when it is anything else.
func listed(text string, before int) (n, end int) {
	for {
		length := numbered(text[end:], before+n+1)
		if length == 0 {
			return 0, 0
		}
		n, end = n+1, end+length
		switch {
		case strings.HasPrefix(text[end:], ", $"):
			end += 2
		case strings.HasPrefix(text[end:], ")"):
			return n, end + 1
		default:
			return 0, 0
		}
	}
}

// arrayOf makes an array of ids or of texts; nil of anything else.
func arrayOf(args []any) any {
	if _, ids := args[0].(uuid.UUID); ids {
		return arrayOfIDs(args)
	}
	texts := make(pq.StringArray, len(args))
	for i, arg := range args {
		if _, isID := arg.(uuid.UUID); isID || arg == nil || reflect.TypeOf(arg).Kind() != reflect.String {
			return nil
		}
		texts[i] = reflect.ValueOf(arg).String()
	}
	return texts
}

// arrayOfIDs writes the array itself: lists of ids are what pages are read by, and
// an id has nothing to escape.
func arrayOfIDs(args []any) any {
	b := make([]byte, 0, len(args)*37+1)
	for i, arg := range args {
		id, ok := arg.(uuid.UUID)
		if !ok {
			return nil
		}
		b = append(b, "{,"[min(i, 1)])
		for j, part := range [][]byte{id[:4], id[4:6], id[6:8], id[8:10], id[10:]} {
			if j > 0 {
				b = append(b, '-')
			}
			b = hex.AppendEncode(b, part)
		}
	}
	return string(append(b, '}'))
}
