package audit

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/groupcommit"
)

// insert writes the rows in one statement, which has committed when it returns.
func (s *Security) insert(ctx context.Context, rows []*row) error {
	query, args := s.statement(rows)
	return s.Store.DB.Append(ctx, query, args...)
}

// insertMany writes more rows than one statement takes, all of them or none.
func (s *Security) insertMany(ctx context.Context, rows []*row) error {
	return s.Store.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		for some := range slices.Chunk(rows, groupcommit.ItemsAtOnce) {
			query, args := s.statement(some)
			if _, err := tx.ExecContext(ctx, query, args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// statement is the one that writes the rows.
func (s *Security) statement(rows []*row) (string, []any) {
	if s.Store.DB.Dialect != dialect.Postgres {
		return insertRows(len(rows)), values(rows)
	}
	return insertArrays, arrays(rows)
}

// insertRows is the statement for SQLite, which reads it each time. It takes 32,766
// arguments, and has 20 for each row.
func insertRows(n int) string {
	one := "(" + strings.Repeat("?,", len(auditlog.Columns)-1) + "?)"
	return `INSERT INTO ` + auditlog.Table + ` (` + strings.Join(auditlog.Columns, ", ") + `) VALUES ` + strings.Repeat(one+",", n-1) + one
}

func values(rows []*row) []any {
	all := make([]any, 0, len(rows)*len(auditlog.Columns))
	for _, r := range rows {
		for _, column := range auditlog.Columns {
			all = append(all, r.value(column))
		}
	}
	return all
}

// insertArrays is the statement for PostgreSQL. It takes an array for each column, so
// that any number of rows is one prepared statement. To run it again changes nothing:
// ids are made once, and never chosen by somebody else.
var insertArrays = fromArrays()

func fromArrays() string {
	types := map[string]string{
		auditlog.FieldID: "uuid", auditlog.FieldUserID: "uuid", auditlog.FieldActingFor: "uuid", auditlog.FieldSubjectID: "uuid",
		auditlog.FieldCreatedAt: "timestamptz", auditlog.FieldSuccess: "boolean", auditlog.FieldMAC: "bytea",
	}
	places := make([]string, len(auditlog.Columns))
	for i, column := range auditlog.Columns {
		kind := types[column]
		if kind == "" {
			kind = "text"
		}
		places[i] = "$" + strconv.Itoa(i+1) + "::" + kind + "[]"
	}
	return `INSERT INTO ` + auditlog.Table + ` (` + strings.Join(auditlog.Columns, ", ") + `) SELECT r.* FROM unnest(` +
		strings.Join(places, ", ") + `) AS r ON CONFLICT (id) DO NOTHING`
}

// arrays are the columns of the rows.
func arrays(rows []*row) []any {
	all := make([]any, len(auditlog.Columns))
	var b []byte
	for i, column := range auditlog.Columns {
		b = append(b[:0], '{')
		for j, r := range rows {
			if j > 0 {
				b = append(b, ',')
			}
			b = element(b, r.value(column))
		}
		all[i] = string(append(b, '}'))
	}
	return all
}

// element adds a value as it is written in an array of PostgreSQL.
func element(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "NULL"...)
	case bool:
		return strconv.AppendBool(b, v)
	case uuid.UUID:
		return append(b, v.String()...)
	case time.Time:
		return append(v.AppendFormat(append(b, '"'), "2006-01-02 15:04:05.999999Z07:00"), '"')
	case []byte:
		return append(hex.AppendEncode(append(b, `"\\x`...), v), '"')
	case string:
		b = append(b, '"')
		for i := range len(v) {
			if v[i] == '"' || v[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, v[i])
		}
		return append(b, '"')
	default:
		panic(fmt.Sprintf("audit: no array of PostgreSQL takes a %T", v)) // a slip in the program, seen by its first row
	}
}
