package compiled

import (
	"strings"

	"entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// entity is what a plan must know of a type of the graph.
type entity struct {
	name       string
	def        *ast.Definition
	table      string
	implements []string // the type and its interfaces
	columns    map[string]*ent.Column
	edges      map[string]*ent.Relation
	money      map[string]*ent.MoneyColumns
	orders     map[string]*ent.Column
	where      *ast.Definition // nil: no filter speaks of it
}

const idColumn = "id"

// entities joins what ent says of its tables with the published schema, by name.
func entities(schema *ast.Schema, closed map[string]bool) map[string]*entity {
	all := map[string]*entity{}
	for name, shape := range ent.Shapes {
		def := schema.Types[name]
		if def == nil || def.Kind != ast.Object || closed[name] {
			continue
		}
		e := &entity{
			name: name, def: def, table: shape.Table, implements: append([]string{name}, def.Interfaces...),
			columns: map[string]*ent.Column{}, edges: map[string]*ent.Relation{}, money: map[string]*ent.MoneyColumns{}, orders: map[string]*ent.Column{},
			where: schema.Types[name+"WhereInput"],
		}
		for i := range shape.Columns {
			c := &shape.Columns[i]
			if def.Fields.ForName(c.Field) != nil {
				e.columns[c.Field] = c
			}
			if c.Order != "" {
				e.orders[c.Order] = c
			}
		}
		for i := range shape.Edges {
			e.edges[shape.Edges[i].Field] = &shape.Edges[i]
		}
		for i := range shape.Money {
			e.money[shape.Money[i].Field] = &shape.Money[i]
		}
		all[name] = e
	}
	return all
}

// step is how generated predicates walk the edge.
func (e *entity) step(r *ent.Relation, to *entity) *sqlgraph.Step {
	return sqlgraph.NewStep(
		sqlgraph.From(e.table, idColumn),
		sqlgraph.To(to.table, idColumn),
		sqlgraph.Edge(r.Rel, r.Inverse, r.Table, r.Columns...),
	)
}

// filtered finds what an argument of a filter speaks of: a column with an operator,
// or an edge. Names are those of ent's generated filters: startsAtGTE, hasUnitWith.
func (e *entity) filtered(name string) (column *ent.Column, edge *ent.Relation, op string) {
	if rest, has := strings.CutPrefix(name, "has"); has && rest != "" {
		field := strings.ToLower(rest[:1]) + rest[1:]
		if edge = e.edges[field]; edge != nil {
			return nil, edge, "has"
		}
		if edge = e.edges[strings.TrimSuffix(field, "With")]; edge != nil {
			return nil, edge, "hasWith"
		}
	}
	for _, op := range operators {
		if field, ok := strings.CutSuffix(name, op); ok && e.columns[field] != nil {
			return e.columns[field], nil, op
		}
	}
	return nil, nil, ""
}

// operators are the endings of a filter's arguments, the longer before the shorter;
// without one it is equality.
var operators = []string{"ContainsFold", "EqualFold", "Contains", "HasPrefix", "NotNil", "IsNil", "NotIn", "NEQ", "GTE", "LTE", "In", "GT", "LT", ""}

// from begins a statement about the entity's own table, without an alias: rules and
// filters name its columns as they do everywhere.
func (c *compiler) from(e *entity) *sql.Selector {
	d := sql.Dialect(c.engine.dialect)
	return d.Select().From(d.Table(e.table)).WithContext(c.ctx)
}
