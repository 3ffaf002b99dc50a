package clinic

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/lib/pq"
)

// object is a constraint or an index of a table, with what makes it.
type object struct {
	table      string
	name       string
	definition string
	foreign    bool // a foreign key
	constraint bool
	valid      bool
}

// objectsOf lists the indexes of the tables, their constraints that have one, and
// the foreign keys from them and to them, in the order in which they can be made.
func objectsOf(ctx context.Context, db *sql.DB, tables []string) (_ []object, err error) {
	rows, err := db.QueryContext(ctx, `
		SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype = 'f', true, convalidated
		  FROM pg_constraint
		 WHERE (contype IN ('p', 'u', 'x') AND conrelid = ANY($1::regclass[]))
		    OR (contype = 'f' AND (conrelid = ANY($1::regclass[]) OR confrelid = ANY($1::regclass[])))
		UNION ALL
		SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid), false, false, indisvalid
		  FROM pg_index
		 WHERE indrelid = ANY($1::regclass[])
		   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
		 ORDER BY 4, 1, 5 DESC, 2`, pq.Array(tables))
	if err != nil {
		return nil, fmt.Errorf("list indexes and constraints: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []object
	for rows.Next() {
		var o object
		if err := rows.Scan(&o.table, &o.name, &o.definition, &o.foreign, &o.constraint, &o.valid); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// drop is the statement that takes the object away.
func (o object) drop() string {
	if o.constraint {
		return fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", o.table, pq.QuoteIdentifier(o.name))
	}
	return "DROP INDEX " + o.name
}

// create lists the statements that make the object. A foreign key is checked
// apart from being made, so that several are checked at once.
func (o object) create() []string {
	if !o.constraint {
		return []string{o.definition}
	}
	add := fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", o.table, pq.QuoteIdentifier(o.name), o.definition)
	if !o.foreign {
		return []string{add}
	}
	return []string{add + " NOT VALID", fmt.Sprintf("ALTER TABLE %s VALIDATE CONSTRAINT %s", o.table, pq.QuoteIdentifier(o.name))}
}
