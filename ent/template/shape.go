package template

import (
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"
)

// shape is what the generated table ent.Shapes says of a type: how its fields and
// edges in the graph are found in the database.
type shape struct {
	Name    string
	Table   string
	Columns []shapeColumn
	Edges   []shapeEdge
	Money   []moneyField
}

type shapeColumn struct {
	*gen.Field
	Graph string // its name in the graph
	Type  string // constant of ent's field package
	Order string
}

type shapeEdge struct {
	*gen.Edge
	Graph string
	Small bool
	Rel   string // constant of sqlgraph
}

// shapeOf leaves out what the graph does not show. A column whose Go value is not
// what the database keeps has the type Other.
func shapeOf(t *gen.Type) shape {
	s := shape{Name: t.Name, Table: t.Table(), Money: moneyFields(t)}
	for _, f := range append([]*gen.Field{t.ID}, t.Fields...) {
		note := said(f.Annotations)
		if note.Hidden || f.Sensitive() {
			continue
		}
		kind := f.Type.Type
		if f.HasValueScanner() || f.HasGoType() && kind != field.TypeUUID && kind != field.TypeJSON {
			kind = field.TypeOther
		}
		s.Columns = append(s.Columns, shapeColumn{Field: f, Graph: graphName(f.Name), Type: kind.ConstName(), Order: note.Order})
	}
	for _, e := range t.Edges {
		if isShown(t, e) {
			s.Edges = append(s.Edges, shapeEdge{Edge: e, Graph: camel(e.Name), Small: said(e.Annotations).Small, Rel: e.Rel.Type.String()})
		}
	}
	return s
}
