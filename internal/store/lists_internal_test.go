package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/lib/pq"
)

func TestListsAreArrays(t *testing.T) {
	type status string
	a, b := uuid.UUID{1}, uuid.UUID{2}
	for _, c := range []struct {
		query string
		args  []any
		want  string
		made  []any
	}{
		{`x IN ($1)`, []any{a}, `x = $1`, []any{a}},
		{`x IN ($1) AND y IN ($2, $3)`, []any{"p", a, b}, `x = $1 AND y = ANY($2)`, []any{"p", "{" + a.String() + "," + b.String() + "}"}},
		{`x IN ($1, $2) AND y = $3`, []any{a, b, 7}, `x = ANY($1) AND y = $2`, []any{"{" + a.String() + "," + b.String() + "}", 7}},
		{`y = $1 AND x IN ($2, $3) AND z IN ($4, $5) LIMIT $6`, []any{1, a, b, "p", status(`q"\,`), 9}, `y = $1 AND x = ANY($2) AND z = ANY($3) LIMIT $4`,
			[]any{1, "{" + a.String() + "," + b.String() + "}", pq.StringArray{"p", `q"\,`}, 9}},
		{`x NOT IN ($1, $2) AND y IN ($3)`, []any{a, b, a}, `x NOT IN ($1, $2) AND y = $3`, []any{a, b, a}},
		// Left as they are:
		{`x = $1`, []any{a}, `x = $1`, []any{a}},
		{`x IN ($1, $2)`, []any{1, 2}, `x IN ($1, $2)`, []any{1, 2}},
		{`x IN ($1, $2)`, []any{a, "b"}, `x IN ($1, $2)`, []any{a, "b"}},
		{`x IN ($1, $2)`, []any{a, nil}, `x IN ($1, $2)`, []any{a, nil}},
		{`x IN ($1, $2)`, []any{&a, &b}, `x IN ($1, $2)`, []any{&a, &b}},
		{`x IN ($2, $1)`, []any{a, b}, `x IN ($2, $1)`, []any{a, b}},
		{`x IN ($1) AND y = $1`, []any{a}, `x IN ($1) AND y = $1`, []any{a}},
		{`x IN ($1) AND y = $2`, []any{a}, `x IN ($1) AND y = $2`, []any{a}},
		{`x IN ($1)`, []any{a, b}, `x IN ($1)`, []any{a, b}},
		{`x IN ($1, ' IN ($2)')`, []any{a, b}, `x IN ($1, ' IN ($2)')`, []any{a, b}},
		{`x IN ($1, lower($2))`, []any{a, b}, `x IN ($1, lower($2))`, []any{a, b}},
		{`x IN ($1::uuid, $2)`, []any{a, b}, `x IN ($1::uuid, $2)`, []any{a, b}},
		{`x IN ($12)`, []any{a}, `x IN ($12)`, []any{a}},
	} {
		got, made := asArrays(c.query, c.args)
		if diff := cmp.Diff([]any{c.want, c.made}, []any{got, made}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.query, diff)
		}
	}
	// Numbers of two digits behind a list.
	var marks []string
	var args []any
	for i := range 11 {
		marks, args = append(marks, fmt.Sprint("$", i+1)), append(args, a)
	}
	if got, made := asArrays(`x IN (`+strings.Join(marks, ", ")+`) AND y = $12`, append(args, 5)); got != `x = ANY($1) AND y = $2` || len(made) != 2 {
		t.Error(got, made)
	}
}

func BenchmarkListsAsArrays(b *testing.B) {
	query, args := `SELECT "x"."id" FROM "x" WHERE "x"."id" IN (`, make([]any, 50)
	for i := range args {
		if i > 0 {
			query += ", "
		}
		query += fmt.Sprint("$", i+1)
		args[i] = uuid.New()
	}
	query += `) AND "x"."deleted_at" IS NULL`
	b.ReportAllocs()
	for b.Loop() {
		asArrays(query, args)
	}
}
