package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// everyID gives the ids of all rows of an entity.
func (d *diary) everyID(entity string) []string {
	d.t.Helper()
	return strings.Fields(strings.Join(d.rows(`SELECT id FROM `+ent.Meta[entity].Table), " "))
}

// foreign asks with cursors of hidden rows, which somebody who sees them was
// given: what comes of it is the same for all of them.
func (o *oracle) foreign(l list, by any, document, args, sort string) {
	if by == nil {
		return // newest first: what is asked below as well, by what is visible of it
	}
	t := o.diary.t
	theirs := o.as(admin).do(strings.Replace(strings.Replace(document, "first: 1", "first: 100", 1), "pageInfo { endCursor }", "edges { cursor node { id } }", 1), vars{"o": by}).ok()
	said := map[string]bool{}
	for _, edge := range theirs.list(l.what + ".edges") {
		edge := edge.(map[string]any)
		if id := edge["node"].(map[string]any)["id"].(string); !slices.Contains(o.hidden[l.entity], id) {
			continue
		}
		a := o.do(`query($o: `+sort+`, $c: Cursor) { `+l.what+`(first: 50, after: $c`+args+`) `+whole+` }`, vars{"o": by, "c": edge["cursor"]})
		said[a.bytes()] = true
	}
	if len(said) > 1 {
		t.Errorf("%s by %v: cursors of hidden rows tell %s where those are: %v", l.what, by, o.name, said)
	}
	o.cursors += len(said)
}

// closedFields asks for filters and orders on the fields that are closed to the
// caller: there are none, or they are refused whatever is guessed.
func (o *oracle) closedFields() {
	for field, entity := range listFields() {
		for _, f := range schema.Types[entity].Fields {
			if o.shut(permissionOf(f.Directives)) == "" {
				continue
			}
			o.refusal(field+" where "+f.Name, func(guess any) (string, vars) {
				return `query Guess { ` + field + `(where: {` + f.Name + `: "` + guess.(string) + `"}) { totalCount } }`, nil
			}, "1990-05-17", "1990-05-18")
			o.refusal(field+" by "+f.Name, func(guess any) (string, vars) {
				return `query Guess { ` + field + `(orderBy: {field: ` + strings.ToUpper(column(f.Name)) + `, direction: ` + guess.(string) + `}) { totalCount } }`, nil
			}, "ASC", "ASC")
		}
	}
}

var capital = regexp.MustCompile(`[A-Z]`)

// column is where the database keeps a field.
func column(field string) string { return strings.ToLower(capital.ReplaceAllString(field, "_$0")) }

// change gives hidden rows other values, and every row other values in what is
// closed to the caller. It says how many values it has changed.
func (o *oracle) change() (changed int) {
	o.unlock()
	for entity := range o.reached {
		done := map[string]bool{"id": true, "": true}
		for _, l := range leavesOf(entity) {
			if !done[l.base] {
				done[l.base] = true
				changed += o.set(entity, schema.Types[entity].Fields.ForName(l.base), o.hidden[entity])
			}
		}
		for _, f := range schema.Types[entity].Fields {
			// What is sealed is kept under another name, and nothing can compare it.
			if schema.Types[f.Type.Name()].IsLeafType() && o.shut(permissionOf(f.Directives)) != "" && slices.Contains(ent.Meta[entity].Fields, column(f.Name)) {
				changed += o.set(entity, f, slices.Concat(o.seen[entity], o.hidden[entity]))
			}
		}
	}
	return changed
}

// unlock lets go of the triggers and the checks of the database, which would not
// have single columns changed.
func (o *oracle) unlock() {
	if o.dialect == dialect.Postgres {
		for _, name := range o.tables() {
			o.exec(`ALTER TABLE "` + name + `" DISABLE TRIGGER USER`)
		}
		for _, check := range o.rows(`SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname) FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0`) {
			o.exec(check)
		}
		return
	}
	o.exec(`PRAGMA ignore_check_constraints = ON`)
	for _, name := range o.rows(`SELECT name FROM sqlite_master WHERE type = 'trigger'`) {
		o.exec(`DROP TRIGGER ` + name)
	}
}

func (o *oracle) exec(statement string) int {
	o.diary.t.Helper()
	done, err := o.app.Store.DB.Write.ExecContext(o.diary.t.Context(), statement)
	if err != nil {
		o.diary.t.Fatalf("%s: %v", statement, err)
	}
	n, err := done.RowsAffected()
	if err != nil {
		o.diary.t.Fatal(err)
	}
	return int(n)
}

// set gives one field of the rows another value.
func (o *oracle) set(entity string, f *ast.FieldDefinition, ids []string) int {
	name := column(f.Name)
	if !slices.Contains(ent.Meta[entity].Fields, name) {
		o.diary.t.Fatalf("%s has no column %s for %s", entity, name, f.Name)
	}
	kind := schema.Types[f.Type.Name()]
	year := `CAST(CAST(substr(` + name + `, 1, 4) AS INTEGER) - 1 AS TEXT) || substr(` + name + `, 5)`
	if o.dialect == dialect.Postgres {
		year = name + ` - interval '1 year'`
	}
	value := map[string]string{
		"String": `'x-' || CAST(id AS TEXT)`, "Boolean": `NOT ` + name, "Int": name + ` + 1`, "Date": `'1901-02-03'`, "JSON": `'{"other": true}'`,
		"ID": `'` + o.users[admin] + `'`, "Time": `CASE WHEN ` + name + ` IS NULL THEN created_at ELSE ` + year + ` END`,
	}[kind.Name]
	if kind.Kind == ast.Enum {
		value = fmt.Sprintf(`CASE WHEN %s = '%s' THEN '%s' ELSE '%[2]s' END`, name, kind.EnumValues[0].Name, kind.EnumValues[1].Name)
	}
	if value == "" {
		o.diary.t.Fatalf("nobody has said how to change a %s: %s.%s", kind.Name, entity, f.Name)
	}
	if len(ids) == 0 {
		return 0
	}
	return o.exec(`UPDATE ` + ent.Meta[entity].Table + ` SET ` + name + ` = ` + value + ` WHERE id IN ('` + strings.Join(ids, "', '") + `')`)
}

// remove deletes every second of the hidden rows that stay when they are deleted.
func (o *oracle) remove() (gone int) {
	for entity := range o.reached {
		if ids := o.hidden[entity]; ent.Meta[entity].SoftDelete && len(ids) > 0 {
			half := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Index(ids, id)%2 == 1 })
			gone += o.exec(`UPDATE ` + ent.Meta[entity].Table + ` SET deleted_at = created_at WHERE id IN ('` + strings.Join(half, "', '") + `')`)
		}
	}
	return gone
}
