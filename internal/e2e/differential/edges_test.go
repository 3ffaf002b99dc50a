package differential

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/schema/field"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/ent/migrate"
)

// table is what the test knows of the rows of an entity. They stand in an order
// that is the same each time the clinic is built, though their ids are not.
type table struct {
	columns []*schema.Column
	ids     []string
	deleted []string         // of the ids those of deleted rows
	values  map[string][]any // some of each column, to ask for
}

// nasty are texts that an encoder may get wrong. None holds a NUL: PostgreSQL takes
// none.
var nasty = []string{
	``, ` `, `"`, `\`, `</script><b>&amp;'`, "tab\tnew\nline\rfeed\fbell\a\b", "\x01\x1f\x7f", "\u2028\u2029", "\ufeff\ufffd", "é\u0301 ß Ω",
	"👩‍⚕️💥", "\U0010ffff", "%_\\%", "' OR 1=1 --", "NULL", "0", strings.Repeat("long ", 40),
}

// instants are times that a format may get wrong.
var instants = []string{
	"2029-12-31 23:59:59.999999+00:00", "2030-01-01 00:00:00+00:00", "2030-01-01 00:00:00.000001+00:00", "2030-01-01 00:00:00.1+00:00",
	"2030-01-01 00:00:00.120000+00:00", "2028-02-29 12:00:00.5+00:00", "1970-01-01 00:00:00+00:00", "0099-12-31 23:59:59.000009+00:00", "9999-12-31 23:59:59.999999+00:00",
}

// numbers are integers that fit a column of 32 bits.
var numbers = []int{0, 1, -1, 2147483647, -2147483648}

// kept are entities whose rows stay as they are: on them rests who may ask what.
var kept = map[string]bool{
	ent.TypeUserRole: true, ent.TypeUserPermission: true, ent.TypeRolePermission: true, ent.TypePermission: true, ent.TypeSigningKey: true,
	ent.TypeBlacklistedToken: true, ent.TypeUserSession: true, ent.TypeRefreshToken: true,
}

// edges changes rows behind the servers' backs, so that every column that may be
// null is null somewhere, texts and times have awkward values, orders have ties, and
// of every entity that is deleted softly some rows are. What the database's checks
// refuse stays as it was; triggers would refuse more, and are dropped.
func (c *clinic) edges() {
	c.t.Helper()
	c.dropTriggers()
	c.rows = map[string]*table{}
	tables := map[string]*schema.Table{}
	for _, t := range migrate.Tables {
		tables[t.Name] = t
	}
	// The viewers' own profiles stay theirs.
	own := map[any]bool{}
	for _, v := range c.viewers {
		for _, row := range c.scan(`SELECT p.id FROM practitioner_profiles p JOIN users u ON u.id = p.user_id WHERE u.username = $1
			UNION SELECT c.id FROM customers c JOIN users u ON u.id = c.account_id WHERE u.username = $1`, v.login) {
			own[row[0]] = true
		}
	}
	changed, refused := 0, 0
	for _, entity := range slices.Sorted(maps.Keys(ent.Meta)) {
		meta := ent.Meta[entity]
		if meta.Internal {
			continue
		}
		rows := c.read(entity, meta, tables[meta.Table])
		c.rows[entity] = rows
		for _, wish := range wishes(c.schema, entity, meta, rows) {
			if own[wish.id] && (wish.column == "deleted_at" || strings.HasSuffix(wish.column, "_id")) {
				continue
			}
			statement := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE id = $2`, meta.Table, wish.column)
			if other, is := wish.value.(same); is {
				statement = fmt.Sprintf(`UPDATE %[1]s SET %[2]s = (SELECT o.%[2]s FROM %[1]s o WHERE o.id = $1) WHERE id = $2`, meta.Table, wish.column)
				wish.value = other.id
			}
			if c.run(statement, wish.value, wish.id) != nil {
				refused++
				continue
			}
			changed++
		}
		for _, row := range c.scan(deletedRows(meta)) {
			rows.deleted = append(rows.deleted, row[0].(string))
		}
	}
	c.t.Logf("%s: %d values changed, %d refused by checks", c.dialect, changed, refused)
	c.must(c.run(`CREATE INDEX audit_logs_of_a_request ON audit_logs (request_id)`), "make an index")
	if changed < 500 {
		c.t.Errorf("%s: only %d values were changed to awkward ones", c.dialect, changed)
	}
}

func deletedRows(meta ent.TypeMeta) string {
	if !meta.SoftDelete {
		return `SELECT id FROM ` + meta.Table + ` WHERE 1 = 0`
	}
	return `SELECT id FROM ` + meta.Table + ` WHERE deleted_at IS NOT NULL ORDER BY id`
}

// wish is one value to change.
type wish struct {
	column, id string
	value      any
}

// same is the value that another row has.
type same struct{ id string }

// wishes says which values of which rows become awkward: a few rows for each column,
// counted from the end, where the newest rows are, and spread over the table.
func wishes(published *ast.Schema, entity string, meta ent.TypeMeta, rows *table) (all []wish) {
	if kept[entity] || len(rows.ids) < 4 {
		return nil
	}
	at := 0
	next := func() string {
		at += 7
		return rows.ids[(at*13)%len(rows.ids)]
	}
	for _, column := range rows.columns {
		switch {
		case column.Name == "id", column.Name == "version", column.Name == "retention_until", strings.Contains(column.Name, "mac"), strings.HasSuffix(column.Name, "_key"), meta.Sensitive[column.Name]:
			continue
		case column.Name == "deleted_at":
			for range min(3, len(rows.ids)/4) {
				if entity != ent.TypeUser && entity != ent.TypeRole && entity != ent.TypeOrganizationalUnit {
					all = append(all, wish{"deleted_at", next(), instants[1]})
				}
			}
			continue
		}
		if by := published.Types[entity+"OrderField"]; by != nil && by.EnumValues.ForName(strings.ToUpper(column.Name)) != nil && entity != ent.TypeUser && entity != ent.TypeRole {
			tied := rows.ids[len(rows.ids)/2] // whose value some others get
			for range 8 {
				all = append(all, wish{column.Name, next(), same{tied}})
			}
		}
		if column.Nullable && !(entity == ent.TypeUser && column.Name == "organizational_unit_id") {
			all = append(all, wish{column.Name, next(), nil}, wish{column.Name, next(), nil})
		}
		switch column.Type {
		case field.TypeString:
			if entity == ent.TypeUser || entity == ent.TypeRole {
				continue // somebody's login or right
			}
			if def := published.Types[entity]; def != nil {
				if f := def.Fields.ForName(camel(column.Name)); f != nil && f.Type.Name() != "String" {
					continue // such as a day, which is written as it is
				}
			}
			for range 3 {
				all = append(all, wish{column.Name, next(), nasty[at%len(nasty)]})
			}
		case field.TypeTime:
			if entity == ent.TypeUser {
				continue
			}
			tied := instants[at%len(instants)]
			for i := range 6 {
				if i%2 == 0 {
					tied = instants[(at+i)%len(instants)]
				}
				all = append(all, wish{column.Name, next(), tied})
			}
		case field.TypeInt, field.TypeInt32, field.TypeInt64:
			for range 2 {
				all = append(all, wish{column.Name, next(), numbers[at%len(numbers)]})
			}
		}
	}
	return all
}

// read takes the rows of an entity down, in an order made of what they say.
func (c *clinic) read(entity string, meta ent.TypeMeta, t *schema.Table) *table {
	c.t.Helper()
	type row struct{ id, says string }
	found := &table{columns: t.Columns, values: map[string][]any{}}
	var names []string
	for _, column := range t.Columns {
		if random := meta.Sensitive[column.Name] || column.Name == "number" || column.Type == field.TypeUUID || column.Type == field.TypeBytes || column.Type == field.TypeJSON; !random {
			names = append(names, column.Name)
		}
	}
	var rows []row
	for _, r := range c.scan(`SELECT id, ` + strings.Join(names, ", ") + ` FROM ` + meta.Table) {
		rows = append(rows, row{r[0].(string), fmt.Sprint(r[1:]...)})
		for i, name := range names {
			if v := found.values[name]; r[i+1] != nil && len(v) < 40 && !slices.Contains(v, r[i+1]) {
				found.values[name] = append(v, r[i+1])
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.says, b.says) })
	for _, r := range rows {
		found.ids = append(found.ids, r.id)
	}
	return found
}

// camel is what the graph calls a column.
func camel(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

func (c *clinic) dropTriggers() {
	c.t.Helper()
	// Servers look for those of the claims when they start.
	list, drop := `SELECT name, '' FROM sqlite_master WHERE type = 'trigger' AND tbl_name <> 'resource_claims'`, `DROP TRIGGER %s`
	if c.dialect == dialect.Postgres {
		list = `SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0 AND tgrelid <> 'resource_claims'::regclass`
		drop = `DROP TRIGGER %s ON %s`
	}
	for _, row := range c.scan(list) {
		statement := fmt.Sprintf(drop, row[0])
		if c.dialect == dialect.Postgres {
			statement = fmt.Sprintf(drop, row[0], row[1])
		}
		c.must(c.run(statement), "%s", statement)
	}
}
