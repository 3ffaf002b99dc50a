package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/operationlog"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/store"
)

// change is a row of the operation log.
type change struct {
	cause
	id       uuid.UUID
	at       time.Time
	action   string
	entity   string
	entityID uuid.UUID
	old, new json.RawMessage // nil: none
}

// Columns of the operation log: those that changes of one cause share in a
// statement, and those of each.
var (
	shared = []string{
		operationlog.FieldUserID, operationlog.FieldActingFor, operationlog.FieldActor, operationlog.FieldActionDetails,
		operationlog.FieldIPAddress, operationlog.FieldUserAgent, operationlog.FieldRequestID, operationlog.FieldOperation,
	}
	own = []string{
		operationlog.FieldID, operationlog.FieldCreatedAt, operationlog.FieldAction, operationlog.FieldEntityType,
		operationlog.FieldEntityID, operationlog.FieldOldValues, operationlog.FieldNewValues,
	}
)

// value is what the row has in a column, nil for null.
func (c *change) value(column string) any {
	switch column {
	case operationlog.FieldID:
		return c.id
	case operationlog.FieldCreatedAt:
		return c.at
	case operationlog.FieldAction:
		return c.action
	case operationlog.FieldEntityType:
		return c.entity
	case operationlog.FieldEntityID:
		return c.entityID
	case operationlog.FieldOldValues:
		return jsonOrNil(c.old)
	case operationlog.FieldNewValues:
		return jsonOrNil(c.new)
	case operationlog.FieldActionDetails:
		return ""
	default:
		return c.cause.value(column)
	}
}

func jsonOrNil(text json.RawMessage) any {
	if text == nil {
		return nil
	}
	return text
}

// changesAtOnce bounds the rows of one statement, so that its arguments are not too
// many for the cache of prepared statements.
const changesAtOnce = 5

// changes are the rows of a transaction that are not written yet. All have one
// cause.
type changes struct {
	codes *chain.Keys
	tx    *store.Tx
	rows  []change
}

// add has a change written with those that come before the commit.
func (k *recorder) add(ctx context.Context, m ent.Mutation, c change) error {
	tx, ok := ent.TransactionOf(m).(*store.Tx)
	if !ok {
		return fmt.Errorf("it is in no transaction of the store")
	}
	all := store.Gather(tx, func(ctx context.Context, all *changes) error { return all.write(ctx) })
	all.codes, all.tx = k.codes, tx
	if len(all.rows) > 0 && (len(all.rows) == changesAtOnce || all.rows[0].cause != c.cause) {
		if err := all.write(ctx); err != nil {
			return err
		}
	}
	all.rows = append(all.rows, c)
	return nil
}

// write writes what was added in one statement.
func (all *changes) write(ctx context.Context) error {
	if len(all.rows) == 0 {
		return nil
	}
	args := make([]any, 0, len(shared)+len(all.rows)*(len(own)+1))
	for _, column := range shared {
		args = append(args, all.rows[0].value(column))
	}
	for i := range all.rows {
		c := &all.rows[i]
		for _, column := range own {
			args = append(args, c.value(column))
		}
		var code any // null in tests that have no keys
		if all.codes != nil {
			made, err := all.codes.Code(ent.TypeOperationLog, c.value)
			if err != nil {
				return err
			}
			code = made
		}
		args = append(args, code)
	}
	statement := insertChanges[len(all.rows)-1]
	all.rows = all.rows[:0]
	if err := all.tx.Exec(ctx, statement, args, nil); err != nil {
		return fmt.Errorf("write the operation log: %w", err)
	}
	return nil
}

// insertChanges are the statements for one row, for two, and so on.
var insertChanges = func() (statements [changesAtOnce]string) {
	columns := strings.Join(append(append([]string{}, shared...), own...), ", ") + ", " + operationlog.FieldMAC
	n := len(own) + 1
	var rows []string
	for i := range statements {
		rows = append(rows, "("+store.Places(1, len(shared))+","+store.Places(1+len(shared)+i*n, n)+")")
		statements[i] = `INSERT INTO ` + operationlog.Table + ` (` + columns + `) VALUES ` + strings.Join(rows, ", ")
	}
	return statements
}()
