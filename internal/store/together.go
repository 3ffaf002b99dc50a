package store

import (
	"context"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
)

// Bounds of one statement for many inserts. It is kept prepared, so it has to fit into
// the cache of a connection.
const (
	maxTogetherArgs = 256
	maxTogetherText = maxCachedText - 512 // the rest is for numbers that get longer
)

// Together has PostgreSQL get the rows that are made with the context by one
// statement: an insert in a transaction waits for those behind it, and all go with
// the next statement that is none, or with the commit. To a verb that makes ten rows
// this is one round trip and one statement for ten.
//
// The price is when errors come. What a constraint refuses is the error of the next
// statement or of the commit, and not that of the insert: whoever looks at the errors
// of inserts does not make them together. Foreign keys hold whatever the order, since
// PostgreSQL looks at them when the statement is done. SQLite has no round trips and
// no inserts inside of other statements: there each goes by itself.
func Together(ctx context.Context) context.Context {
	return context.WithValue(ctx, togetherKey{}, true)
}

type togetherKey struct{}

// inserts are those that have not been sent.
type inserts struct {
	texts []string
	args  []any
	size  int // of the statement
}

// holds says whether one more fits.
func (w *inserts) holds(text string, args []any) bool {
	return len(w.args)+len(args) <= maxTogetherArgs && w.size+len(text)+len(" AS (), w10") <= maxTogetherText
}

func (w *inserts) add(text string, args []any) {
	w.texts, w.args, w.size = append(w.texts, text), append(w.args, args...), w.size+len(text)+len(" AS (), w10")
}

// statement is one for all: each but the last stands in a WITH of the last.
func (w *inserts) statement() string {
	if len(w.texts) == 1 {
		return w.texts[0]
	}
	b := make([]byte, 0, w.size+w.size/4)
	before, last := 0, len(w.texts)-1
	for i, text := range w.texts {
		switch {
		case i == last:
			b = append(b, ") "...)
		case i == 0:
			b = append(b, "WITH w0 AS ("...)
		default:
			b = append(strconv.AppendInt(append(b, "), w"...), int64(i), 10), " AS ("...)
		}
		var most int
		b, most = renumbered(b, text, before)
		before += most
	}
	return string(b)
}

// renumbered adds a text with its placeholders counted from before on, and gives the
// highest that it had.
func renumbered(b []byte, text string, before int) (_ []byte, most int) {
	for {
		at := strings.IndexByte(text, '$')
		if at < 0 {
			return append(b, text...), most
		}
		n, end := 0, at+1
		for end < len(text) && '0' <= text[end] && text[end] <= '9' {
			n, end = n*10+int(text[end]-'0'), end+1
		}
		b = strconv.AppendInt(append(b, text[:at+1]...), int64(before+n), 10)
		most, text = max(most, n), text[end:]
	}
}

// keep says whether a statement waits for those behind it. One with a quote or a
// semicolon in it is none that ent has made.
func (t *Tx) keep(ctx context.Context, query string, args, result any) (bool, error) {
	if result != nil || ctx.Value(togetherKey{}) == nil || t.driver.dialect != dialect.Postgres || !strings.HasPrefix(query, "INSERT INTO ") || strings.ContainsAny(query, "'`;") {
		return false, nil
	}
	all, ok := args.([]any)
	if !ok || len(all) > maxTogetherArgs || len(query) > maxTogetherText {
		return false, nil
	}
	if !t.waiting.holds(query, all) {
		if err := t.send(ctx); err != nil {
			return false, err
		}
	}
	t.waiting.add(query, all)
	return true, nil
}

// send sends the inserts that wait.
func (t *Tx) send(ctx context.Context) error {
	if len(t.waiting.texts) == 0 {
		return nil
	}
	statement, args := t.waiting.statement(), t.waiting.args
	t.waiting = inserts{}
	return t.cause(t.Conn.Exec(ctx, statement, args, nil))
}
