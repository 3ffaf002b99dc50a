package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/store"
)

// tally holds the operation log against what triggers of the database saw. They see
// each row that is written, whoever writes it, and know nothing of the server.
type tally struct {
	t    *testing.T
	db   *store.DB
	seen int64 // the last change that was held against the log
	last int64 // the last entry
}

// change is that a row was written, as a trigger saw it and as the log tells it.
type change struct{ Entity, Action, ID string }

// entry is a row of the operation log.
type entry struct {
	change
	Fields                                           map[string]bool // of the new values
	Actor, User, ActingFor, RequestID, Operation, IP string
}

// aside are columns that change without an entry. Those of the login guard and the use
// of a token are counts of what the audit log has one by one; the last is emptied by
// the database when the role that it names is taken away, which has its entry.
var aside = map[string][]string{
	ent.TypeUser:             {"failed_login_attempts", "last_failed_login_at", "locked_until"},
	ent.TypeRateLimitLog:     {"attempts", "last_attempt_at", "blocked_until"},
	ent.TypeApiToken:         {"last_used_at", "last_used_ip"},
	ent.TypeAccessReviewItem: {"user_role_id", "user_permission_id"},
}

// unsaid are the columns of which an entry says nothing: it has its own time and actor.
var unsaid = []string{"created_at", "updated_at", "created_by", "updated_by", "version"}

// tallied has every change of the database counted from now on.
func tallied(t *testing.T, db *store.DB) *tally {
	t.Helper()
	n := &tally{t: t, db: db}
	exec := func(statement string) {
		if _, err := db.Write.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if db.Dialect == dialect.Postgres {
		exec(`CREATE TABLE seen_changes (n bigserial, entity text, action text, id uuid, columns text)`)
		exec(`CREATE FUNCTION see_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO seen_changes (entity, action, id, columns) SELECT TG_ARGV[0], CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END,
				CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END,
				CASE TG_OP WHEN 'UPDATE' THEN (SELECT string_agg(f.key, ' ') FROM jsonb_each(to_jsonb(NEW)) AS f WHERE f.value IS DISTINCT FROM to_jsonb(OLD) -> f.key) END;
			RETURN NULL; END $$`)
	} else {
		exec(`CREATE TABLE seen_changes (n integer PRIMARY KEY AUTOINCREMENT, entity text, action text, id text, columns text)`)
	}
	for entity, meta := range ent.Meta {
		if !audit.Records(entity) && entity != ent.TypeOperationLog {
			continue
		}
		if db.Dialect == dialect.Postgres {
			exec(`CREATE TRIGGER zz_seen AFTER INSERT OR UPDATE OR DELETE ON ` + meta.Table + ` FOR EACH ROW EXECUTE FUNCTION see_change('` + entity + `')`)
			continue
		}
		changed := []string{`''`}
		for _, f := range meta.Fields {
			changed = append(changed, `CASE WHEN OLD.`+f+` IS NOT NEW.`+f+` THEN '`+f+` ' ELSE '' END`)
		}
		for _, on := range [][4]string{{"INSERT", "CREATE", "NEW", "''"}, {"UPDATE", "UPDATE", "NEW", strings.Join(changed, " || ")}, {"DELETE", "DELETE", "OLD", "''"}} {
			exec(fmt.Sprintf(`CREATE TRIGGER zz_seen_%[1]s_%[2]s AFTER %[2]s ON %[1]s BEGIN INSERT INTO seen_changes (entity, action, id, columns) VALUES ('%[3]s', '%[4]s', %[5]s.id, %[6]s); END`,
				meta.Table, on[0], entity, on[1], on[2], on[3]))
		}
	}
	return n
}

func (n *tally) scan(question string, args []any, into ...any) {
	n.t.Helper()
	if err := n.db.Read.QueryRow(question, args...).Scan(into...); err != nil {
		n.t.Fatalf("%s: %v", question, err)
	}
}

func (n *tally) count(question string, args ...any) (found int) {
	n.t.Helper()
	n.scan(question, args, &found)
	return found
}

// username is that of a user, deleted or not; "" for none.
func (n *tally) username(id string) (name string) {
	n.t.Helper()
	if id != "" {
		n.scan(`SELECT username FROM users WHERE id = $1`, []any{id}, &name)
	}
	return name
}

// changes are those that the triggers have seen since the last time, with the columns
// that became others.
func (n *tally) changes() (all []change, columns [][]string) {
	n.t.Helper()
	rows, err := n.db.Read.Query(`SELECT n, entity, action, id, coalesce(columns, '') FROM seen_changes WHERE n > $1 AND entity <> $2 ORDER BY n`, n.seen, ent.TypeOperationLog)
	if err != nil {
		n.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c change
		var names string
		if err := rows.Scan(&n.seen, &c.Entity, &c.Action, &c.ID, &names); err != nil {
			n.t.Fatal(err)
		}
		changed := strings.Fields(names)
		if of := aside[c.Entity]; c.Action == "UPDATE" && of != nil && !slices.ContainsFunc(changed, func(f string) bool { return !slices.Contains(of, f) }) {
			continue
		}
		said := slices.DeleteFunc(changed, func(f string) bool { return slices.Contains(unsaid, f) || slices.Contains(aside[c.Entity], f) })
		all, columns = append(all, c), append(columns, said)
	}
	if err := rows.Err(); err != nil {
		n.t.Fatal(err)
	}
	return all, columns
}

// entries are those of the log since the last time.
func (n *tally) entries() (all []entry) {
	n.t.Helper()
	rows, err := n.db.Read.Query(`SELECT s.n, l.entity_type, l.action, CAST(l.entity_id AS text), coalesce(CAST(l.new_values AS text), '{}'), l.actor,
		coalesce(CAST(l.user_id AS text), ''), coalesce(CAST(l.acting_for AS text), ''), l.request_id, l.operation, l.ip_address
		FROM seen_changes s JOIN operation_logs l ON l.id = s.id WHERE s.n > $1 AND s.entity = $2 ORDER BY s.n`, n.last, ent.TypeOperationLog)
	if err != nil {
		n.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		e := entry{Fields: map[string]bool{}}
		var values string
		var fields map[string]any
		if err := rows.Scan(&n.last, &e.Entity, &e.Action, &e.ID, &values, &e.Actor, &e.User, &e.ActingFor, &e.RequestID, &e.Operation, &e.IP); err != nil {
			n.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(values), &fields); err != nil {
			n.t.Fatal(err)
		}
		for f := range fields {
			e.Fields[f] = true
		}
		all = append(all, e)
	}
	if err := rows.Err(); err != nil {
		n.t.Fatal(err)
	}
	return all
}

// mustEqual holds what was seen against what is on record since the last time, and
// gives the entries. What says what the changes came of.
func (n *tally) mustEqual(what string) []entry {
	n.t.Helper()
	seen, columns := n.changes()
	entries := n.entries()
	logged, of := make([]change, len(entries)), map[change][]entry{}
	for i, e := range entries {
		logged[i], of[e.change] = e.change, append(of[e.change], e)
	}
	for i, c := range seen { // of the changes of one row each has its own entry, in their order
		if len(of[c]) == 0 {
			continue
		}
		for _, column := range columns[i] {
			if !of[c][0].Fields[column] {
				n.t.Errorf("%s: the entry of %v does not say that %s changed", what, c, column)
			}
		}
		of[c] = of[c][1:]
	}
	if diff := cmp.Diff(counted(seen), counted(logged)); diff != "" {
		n.t.Errorf("%s: the rows that were written are not those on record (-written +on record):\n%s", what, diff)
	}
	return entries
}

// counted says how often each change is among them.
func counted(all []change) map[change]int {
	times := map[change]int{}
	for _, c := range all {
		times[c]++
	}
	return times
}
