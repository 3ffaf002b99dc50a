package template

import (
	"slices"
	"strings"
	"text/template"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent/schema"
)

// funcs are the functions of our templates, added to entgql's.
var funcs = template.FuncMap{
	"whereOps":    whereOps,
	"whereEdges":  whereEdges,
	"moneyFields": moneyFields,
	"meta":        metaOf,
	"perParent":   perParent,
	"readWith":    readWith,
	"shape":       shapeOf,
}

// ent's own spelling, as its templates have it.
var (
	camel  = gen.Funcs["camel"].(func(string) string)
	pascal = gen.Funcs["pascal"].(func(string) string)
	plural = gen.Funcs["plural"].(func(string) string)
	snake  = gen.Funcs["snake"].(func(string) string)
)

// listName names the connection of a type at the root of the graph.
func listName(t *gen.Type) string {
	if name := said(t.Annotations).ListName; name != "" {
		return name
	}
	return camel(snake(plural(t.Name)))
}

// graphName spells a column as the graph does: customer_id is customerId.
func graphName(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words[1:] {
		if w != "" {
			words[i+1] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "")
}

// The operators of filters. Ranges over strings, suffixes and the like are left
// out: nobody asked, and each is a way to scan a table.
var (
	idOps     = []gen.Op{gen.EQ, gen.In}
	equalOps  = []gen.Op{gen.EQ, gen.NEQ, gen.In, gen.NotIn}
	rangeOps  = []gen.Op{gen.EQ, gen.NEQ, gen.In, gen.NotIn, gen.GT, gen.GTE, gen.LT, gen.LTE}
	stringOps = []gen.Op{gen.EQ, gen.NEQ, gen.In, gen.NotIn, gen.Contains, gen.HasPrefix, gen.EqualFold, gen.ContainsFold}
	nullOps   = []gen.Op{gen.IsNil, gen.NotNil}
)

// whereOps lists the operators that a filter has for a filterable field, in
// ent's order.
func whereOps(f *gen.Field) []gen.Op {
	var ops []gen.Op
	switch t := f.Type.Type; {
	case f.Name == "id":
		ops = idOps
	case t == field.TypeBool:
		ops = []gen.Op{gen.EQ}
	case t == field.TypeUUID, t == field.TypeEnum:
		ops = equalOps
	case t == field.TypeString && !f.HasGoType() && !f.HasValueScanner():
		ops = stringOps
	case t == field.TypeTime, t.Numeric():
		ops = rangeOps
	}
	if len(ops) > 0 && f.Optional {
		ops = append(slices.Clip(ops), nullOps...)
	}
	// A clone: ent keeps one slice for all fields of a kind.
	return slices.DeleteFunc(slices.Clone(f.Ops()), func(op gen.Op) bool { return !slices.Contains(ops, op) })
}

// whereName spells the argument of a filter: startsAtGTE.
func whereName(f *gen.Field, op gen.Op) string {
	if op == gen.EQ {
		return graphName(f.Name)
	}
	return graphName(f.Name) + op.Name()
}

// whereEdges lists the edges that a filter of t may cross.
func whereEdges(t *gen.Type) []*gen.Edge {
	var edges []*gen.Edge
	for _, e := range t.Edges {
		if isFilterable(t, e) {
			edges = append(edges, e)
		}
	}
	return edges
}

// moneyField is a field of type Money and the columns that it is made of.
type moneyField struct {
	Name     string // in the graph
	Method   string // in Go
	Amount   *gen.Field
	Currency *gen.Field
}

// binding tells gqlgen of a method that is not named like the field.
func (m moneyField) binding() ast.DirectiveList {
	if strings.EqualFold(m.Name, m.Method) {
		return nil
	}
	return ast.DirectiveList{{Name: "goField", Arguments: ast.ArgumentList{{
		Name:  "name",
		Value: &ast.Value{Kind: ast.StringValue, Raw: m.Method},
	}}}}
}

// taken are the methods that ent gives every entity.
var taken = []string{"Value", "Update", "Unwrap", "String", "ToEdge", "IsNode"}

func moneyFields(t *gen.Type) []moneyField {
	var fields []moneyField
	for _, m := range said(t.Annotations).Money {
		method := pascal(m.Field)
		if slices.Contains(taken, method) {
			method += "Money"
		}
		fields = append(fields, moneyField{
			Name:     graphName(m.Field),
			Method:   method,
			Amount:   column(t, m.Amount),
			Currency: column(t, m.Currency),
		})
	}
	return fields
}

// readWith gives the columns that are read for a field: its own, and for personal
// data the one that says whose they are.
func readWith(t *gen.Type, f *gen.Field) []*gen.Field {
	if said(f.Annotations).Personal {
		for _, other := range t.Fields {
			if other.Name == "customer_id" {
				return []*gen.Field{f, other}
			}
		}
	}
	return []*gen.Field{f}
}

// perParent names the column by which rows of a to-many edge belong to their
// parent, as Go source.
func perParent(t *gen.Type, e *gen.Edge) string {
	if !e.M2M() {
		return t.Package() + "." + e.ColumnConstant()
	}
	index := "[0]"
	if e.IsInverse() {
		index = "[1]"
	}
	return t.Package() + "." + e.PKConstant() + index
}

// meta is what the generated table ent.Meta says of a type.
type meta struct {
	Name       string
	Columns    []string
	Sensitive  []string
	Personal   []string
	SoftDelete bool
	Note       schema.Annotation
}

func metaOf(t *gen.Type) meta {
	m := meta{Name: t.Name, Note: said(t.Annotations), SoftDelete: column(t, "deleted_at") != nil}
	for _, f := range t.Fields {
		m.Columns = append(m.Columns, f.StorageKey())
		if f.Sensitive() {
			m.Sensitive = append(m.Sensitive, f.Name)
		}
		if said(f.Annotations).Personal {
			m.Personal = append(m.Personal, f.Name)
		}
	}
	return m
}
