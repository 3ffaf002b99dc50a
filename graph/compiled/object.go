package compiled

import (
	"strconv"

	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// source is one table in a level's statement: that of its rows, or one that is joined
// for an edge to one object.
type source struct {
	entity  *entity
	name    string // "t0"
	columns []string
	parent  *source // nil: the level's rows
	from    string  // column of the parent
	to      string  // equals this one
	bit     uint64  // among the sources of the level
	doors   []door  // what the fields of an object ask for, where there is an object
}

// reached is how the rows of the source are reached.
func (s *source) reached() reached {
	if s.parent == nil {
		return reached{s.entity, ""}
	}
	return reached{s.entity, s.parent.entity.name}
}

// need has the statement read the column.
func (s *source) need(column string) {
	for _, c := range s.columns {
		if c == column {
			return
		}
	}
	s.columns = append(s.columns, column)
}

// builder puts one level together.
type builder struct {
	*compiler
	level   *level
	sources []*source
	read    []readColumn // what the statement gives, in order
}

type readColumn struct {
	text string // as SQL
	kind slot
}

func (c *compiler) builder(l *level) *builder { return &builder{compiler: c, level: l} }

// source adds a table: the level's rows, or what an edge to one leads to. More than a word has bits are no plan.
func (b *builder) source(e *entity, parent *source) *source {
	s := &source{entity: e, parent: parent, name: "t" + strconv.Itoa(len(b.sources)), bit: 1 << (len(b.sources) & 63)}
	if len(b.sources) == 64 {
		b.fail(unplanned("objects, more than 64 in one"))
	}
	b.sources = append(b.sources, s)
	b.reach(s.reached())
	return s
}

// column has the statement give a column of a source, once, and says which it is.
func (b *builder) column(s *source, name string, kind slot) int {
	s.need(name)
	return b.expression(`"`+s.name+`"."`+name+`"`, kind)
}

func (b *builder) expression(text string, kind slot) int {
	for i, r := range b.read {
		if r.text == text {
			return i
		}
	}
	b.read = append(b.read, readColumn{text, kind})
	return len(b.read) - 1
}

// fields collects what is selected of a type, as the executor does: fragments, skip,
// include and merging are its own.
func (c *compiler) fields(set ast.SelectionSet, types []string) ([]graphql.CollectedField, error) {
	fields := graphql.CollectFields(c.oc, set, types)
	for _, f := range fields {
		if len(f.Deferrables) > 0 {
			return nil, unplanned("defer")
		}
	}
	return fields, nil
}

// object appends the steps that write one object of the source.
func (b *builder) object(p *program, s *source, set ast.SelectionSet) error {
	fields, err := b.fields(set, s.entity.implements)
	if err != nil {
		return err
	}
	p.text("{")
	for i, f := range fields {
		p.key(i, f.Alias)
		if f.Name == "__typename" {
			p.text(`"` + s.entity.name + `"`)
			continue
		}
		def := s.entity.def.Fields.ForName(f.Name)
		if def == nil || b.engine.resolved[s.entity.name+"."+f.Name] {
			return unplanned("field " + s.entity.name + "." + f.Name)
		}
		doors, err := doorsOf(b.engine.schema, def)
		if err != nil {
			return err
		}
		s.doors = addDoors(s.doors, doors...)
		b.doors = addDoors(b.doors, doors...)
		if err := b.field(p, s, f, def); err != nil {
			return err
		}
	}
	p.text("}")
	return nil
}

func (b *builder) field(p *program, s *source, f graphql.CollectedField, def *ast.FieldDefinition) error {
	e := s.entity
	if column := e.columns[f.Name]; column != nil {
		return b.value(p, s, column, def)
	}
	if m := e.money[f.Name]; m != nil {
		return b.money(p, s, m, f, def)
	}
	if edge := e.edges[f.Name]; edge != nil {
		to := b.engine.entities[edge.Entity]
		switch {
		case to == nil:
			return unplanned("field " + e.name + "." + f.Name)
		case edge.Unique:
			return b.one(p, s, edge, to, f, def)
		default:
			return b.many(p, s, edge, to, f)
		}
	}
	return unplanned("field " + e.name + "." + f.Name)
}

// value writes a column. Whoever is shown personal data goes on record with whose they
// are, and a permission of the field alone must reach as far as that of its type.
func (b *builder) value(p *program, s *source, column *ent.Column, def *ast.FieldDefinition) error {
	encode, null, kind, err := b.engine.scalar(column, def)
	if err != nil {
		return err
	}
	for _, d := range def.Directives {
		if d.Name == "hasPermission" {
			b.narrows = append(b.narrows, narrow{d.Arguments.ForName("permission").Value.Raw, ent.Meta[s.entity.name].Permission})
		}
	}
	if bit, personal := b.engine.personal[s.entity.name+"."+def.Name]; personal {
		whose := idColumn
		if hasColumn(s.entity.name, "customer_id") {
			whose = "customer_id"
		}
		*p = append(*p, step{op: opShown, column: b.column(s, whose, slotUUID), child: bit})
	}
	*p = append(*p, step{op: opValue, column: b.column(s, column.Name, kind), encode: encode, null: null})
	return nil
}

func hasColumn(entity, column string) bool {
	for _, c := range ent.Meta[entity].Fields {
		if c == column {
			return true
		}
	}
	return false
}

// money writes an amount and its currency as one object.
func (b *builder) money(p *program, s *source, m *ent.MoneyColumns, f graphql.CollectedField, def *ast.FieldDefinition) error {
	fields, err := b.fields(f.Selections, []string{"Money"})
	if err != nil {
		return err
	}
	amount, currency := b.column(s, m.Amount, slotInt), b.column(s, m.Currency, slotText)
	begin := step{op: opObject, column: amount}
	if !def.Type.NonNull {
		begin.null = []byte("null")
	}
	at := p.open(begin)
	p.text("{")
	for i, f := range fields {
		p.key(i, f.Alias)
		switch f.Name {
		case "__typename":
			p.text(`"Money"`)
		case "amount":
			*p = append(*p, step{op: opValue, column: amount, encode: encodeInt64})
		case "currency":
			*p = append(*p, step{op: opValue, column: currency, encode: encodeText})
		case "formatted":
			*p = append(*p, step{op: opMoney, column: amount, child: currency})
		default:
			return unplanned("field Money." + f.Name)
		}
	}
	p.text("}")
	p.close(at)
	return nil
}

// one joins what an edge leads to. Where there is nothing, or nothing that the caller
// may see, the field is null; a field that cannot be null is the executor's then.
func (b *builder) one(p *program, s *source, edge *ent.Relation, to *entity, f graphql.CollectedField, def *ast.FieldDefinition) error {
	if edge.Rel == sqlgraph.M2M || len(f.Arguments) > 0 {
		return unplanned("field " + s.entity.name + "." + f.Name)
	}
	t := b.source(to, s)
	t.from, t.to = idColumn, edge.Columns[0]
	if edge.Own {
		t.from, t.to = edge.Columns[0], idColumn
	}
	s.need(t.from)
	t.need(t.to)
	begin := step{op: opObject, bit: t.bit, column: b.column(t, idColumn, slotUUID)}
	if !def.Type.NonNull {
		begin.null = []byte("null")
	}
	at := p.open(begin)
	if err := b.object(p, t, f.Selections); err != nil {
		return err
	}
	p.close(at)
	return nil
}

// many adds a level for what an edge leads to, and leaves a hole for it.
func (b *builder) many(p *program, s *source, edge *ent.Relation, to *entity, f graphql.CollectedField) error {
	if edge.Rel == sqlgraph.M2M && !b.engine.postgres() {
		return unplanned("edges between tables on SQLite")
	}
	// What is joined may be the same for several rows, and so may be rows that an edge
	// between tables leads to from several parents.
	shared := s != b.sources[0] || b.level.parents != nil && b.level.parents.Rel == sqlgraph.M2M
	child := &level{parents: edge, repeats: shared}
	var err error
	if edge.Small {
		err = b.compiler.small(child, to, f)
	} else {
		err = b.compiler.page(child, to, f)
	}
	if err != nil {
		return err
	}
	*p = append(*p, step{op: opHole, column: b.column(s, idColumn, slotUUID), child: len(b.level.children)})
	b.level.children = append(b.level.children, child)
	return nil
}

// subject reads an id as the database gives it.
func subject(v any) (uuid.UUID, bool) {
	switch v := v.(type) {
	case []byte:
		id, err := uuid.ParseBytes(v)
		return id, err == nil
	case string:
		id, err := uuid.Parse(v)
		return id, err == nil
	}
	return uuid.UUID{}, false
}
