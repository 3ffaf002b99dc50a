package chain

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/store"
)

// declared are the types of a copy's columns, as the clinic's own SQLite has them.
var declared = map[kind]string{asUUID: "uuid", asText: "text", asBool: "bool", asTime: "datetime", asJSON: "json"}

// NewCopy makes, in a SQLite database that is empty, the tables that Insert writes
// to: the logs and the chain as they are in a clinic's, for reading. They have no
// triggers, no defaults and no references.
func NewCopy(ctx context.Context, tx *sql.Tx) error {
	statements := []string{`CREATE TABLE audit_chain (seq integer NOT NULL PRIMARY KEY, stream integer NOT NULL, row_id uuid NOT NULL, row_mac blob NOT NULL, mac blob NOT NULL, sealed_at integer NOT NULL)`}
	for i := range streams {
		var columns strings.Builder
		for _, c := range streams[i].columns {
			columns.WriteString(c.name + " " + declared[c.kind] + ", ")
		}
		statements = append(statements, `CREATE TABLE `+streams[i].table+` (`+columns.String()+`mac blob NOT NULL, PRIMARY KEY (id))`)
	}
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("make the tables of a copy: %w", err)
		}
	}
	return nil
}

// Insert writes an entry and its row to a copy.
func (s *Sealed) Insert(ctx context.Context, tx *sql.Tx) error {
	_, of, id, err := s.canonical()
	if err != nil {
		return err
	}
	e := &Entry{Seq: s.Seq, RowID: id, stream: of.id, rowMAC: s.RowCode, mac: s.Code, sealedAt: s.SealedAt.UnixMicro()}
	if err := insert(ctx, tx, []*Entry{e}); err != nil {
		return err
	}
	names, args := []string{"mac"}, []any{s.RowCode}
	for _, c := range of.columns {
		v, ok := s.Row[c.name]
		if !ok {
			continue
		}
		b, err := c.kind.parse(v)
		if err != nil {
			return err
		}
		names, args = append(names, c.name), append(args, c.kind.argument(v, b))
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO `+of.table+` (`+strings.Join(names, ", ")+`) VALUES (`+store.Places(1, len(args))+`)`, args...)
	if err != nil {
		return fmt.Errorf("write a copy of %s: %w", of.table, err)
	}
	return nil
}

// argument is a value, as JSON and as bytes, for a statement.
func (k kind) argument(v any, b []byte) any {
	switch k {
	case asUUID:
		return uuid.UUID(b)
	case asTime:
		t, _ := time.Parse(time.RFC3339Nano, v.(string)) // parse has accepted it
		return t.UTC()
	case asBool:
		return v
	default:
		return string(b)
	}
}
