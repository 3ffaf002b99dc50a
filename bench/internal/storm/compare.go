//go:build linux

package storm

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"clinicgraph/ent"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/store"
)

// entriesOf says how many rows of the operation log a mutation has: one for each row
// that it makes or changes.
var entriesOf = map[string]int{kindMake: 1, kindChange: 1, kindDrop: 1}

// compare holds the journal, the tables and the record against each other.
func (s *Storm) compare(ctx context.Context, db *store.DB, j *journal) (r Report, err error) {
	if err := j.compare(ctx, db, &r); err != nil {
		return r, err
	}
	for entity, meta := range ent.Meta {
		if audit.Records(entity) {
			err = errors.Join(err, rowsAndEntries(ctx, db, entity, meta))
		}
	}
	err = errors.Join(err, db.Read.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM operation_logs), (SELECT count(*) FROM audit_chain)`).Scan(&r.Rows, &r.Entries))
	return r, errors.Join(err, s.streamed(r.Entries))
}

// compare looks at each mutation of the journal: what was done is on record in full,
// what was refused is not on record, and of what nobody knows all is or nothing. No
// entry is of a request that was never sent.
func (j *journal) compare(ctx context.Context, db *store.DB, r *Report) error {
	found, err := byRequest(ctx, db)
	if err != nil {
		return err
	}
	var wrong []error
	users := map[int]bool{} // how many rows a new user has
	for id, l := range j.lines {
		n := found[id]
		delete(found, id)
		want := entriesOf[l.kind]
		switch l.verdict {
		case answered:
			r.Answered++
			if l.kind == kindUser {
				users[n] = true
			} else if n != want {
				wrong = append(wrong, fmt.Errorf("%s %s was done, and has %d entries and not %d", l.kind, id, n, want))
			}
		case refused:
			r.Refused++
			if n != 0 {
				wrong = append(wrong, fmt.Errorf("%s %s was refused, and has %d entries", l.kind, id, n))
			}
		default:
			r.Unknown++
			if n > 0 {
				r.Happened++
			}
			if l.kind == kindUser && n > 0 {
				users[n] = true
			} else if n != 0 && n != want {
				wrong = append(wrong, fmt.Errorf("%s %s was cut off, and has %d entries of %d", l.kind, id, n, want))
			}
		}
	}
	if len(users) > 1 || users[0] {
		wrong = append(wrong, fmt.Errorf("new users have different numbers of entries: %v", users))
	}
	for id, n := range found {
		if strings.HasPrefix(id, "storm-") {
			wrong = append(wrong, fmt.Errorf("%d entries are of request %s, which nobody sent", n, id))
		}
	}
	return errors.Join(wrong...)
}

// byRequest counts the entries of each request.
func byRequest(ctx context.Context, db *store.DB) (map[string]int, error) {
	rows, err := db.Read.QueryContext(ctx, `SELECT request_id, count(*) FROM operation_logs GROUP BY request_id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]int{}
	for rows.Next() {
		var id string
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return nil, err
		}
		found[id] = n
	}
	return found, rows.Err()
}

// rowsAndEntries holds a table against the entries of its rows: each row was made
// once, each that was made and not taken away is there, and each change that a row
// has counted is one entry.
func rowsAndEntries(ctx context.Context, db *store.DB, entity string, meta ent.TypeMeta) error {
	// One look at the log for each question, and not one for each row.
	told := func(action, wrong string) string {
		return `SELECT count(*) FROM ` + meta.Table + ` t LEFT JOIN (SELECT entity_id, count(*) AS n FROM operation_logs WHERE entity_type = $1 AND action = '` + action + `' GROUP BY entity_id) l ON l.entity_id = t.id WHERE coalesce(l.n, 0) ` + wrong
	}
	questions := map[string]string{
		"rows were not made once, by the record":     told("CREATE", "<> 1"),
		"entries are of rows that are not there":     `SELECT count(*) FROM operation_logs l WHERE l.entity_type = $1 AND l.action = 'CREATE' AND NOT EXISTS (SELECT 1 FROM ` + meta.Table + ` t WHERE t.id = l.entity_id) AND NOT EXISTS (SELECT 1 FROM operation_logs d WHERE d.entity_id = l.entity_id AND d.action = 'DELETE')`,
		"rows that are there were taken away, by it": told("DELETE", "> 0"),
	}
	if slices.Contains(meta.Fields, "version") {
		questions["rows have changed as often as the record does not say"] = told("UPDATE", "<> t.version - 1")
	}
	var wrong []error
	for what, question := range questions {
		var n int
		if err := db.Read.QueryRowContext(ctx, question, entity).Scan(&n); err != nil {
			return fmt.Errorf("%s: %w", entity, err)
		}
		if n > 0 {
			wrong = append(wrong, fmt.Errorf("%s: %d %s", entity, n, what))
		}
	}
	return errors.Join(wrong...)
}

// streamed reads the file that the record was written out to: all entries are in it,
// once, in order.
func (s *Storm) streamed(last int64) error {
	f, err := os.Open(s.stream())
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var at int64
	for lines.Scan() {
		var l struct{ Seq int64 }
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("behind entry %d the stream has a broken line: %w", at, err)
		}
		if l.Seq != at+1 {
			return fmt.Errorf("behind entry %d the stream has entry %d", at, l.Seq)
		}
		at = l.Seq
	}
	if at != last {
		return fmt.Errorf("the stream ends with entry %d, the chain with %d", at, last)
	}
	return lines.Err()
}
