package graph

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/paging"
)

// What an operation costs, in points; one is about one row read. Docs: decision
// 0017.
const (
	pagePrice  = 1  // a statement, whatever it finds
	countPrice = 10 // totalCount reads the whole list
	edgePrice  = 10 // a condition on an edge is a query inside the query
	writePrice = 10 // a mutation: its transaction and its records
	plainList  = 10 // rows that a list without pages is taken for
	slotList   = 100
	chainPrice = 500 // a check of the record reads up to 20,000 rows
	costCap    = math.MaxInt32
	askedKey   = "asked"
)

// asked is what is found out about an operation before it runs.
type asked struct {
	cost  int
	known *standing // nil: its text is met for the first time
}

// askedOf gives it; zero where the operation was refused before.
func askedOf(oc *graphql.OperationContext) asked {
	if a, ok := oc.Stats.GetExtension(askedKey).(*asked); ok {
		return *a
	}
	return asked{}
}

// CostOf gives the cost of the operation that ctx belongs to, 0 where it is not
// known: the document was refused before.
func CostOf(ctx context.Context) int {
	if !graphql.HasOperationContext(ctx) {
		return 0
	}
	return askedOf(graphql.GetOperationContext(ctx)).cost
}

// merged are the lists that are made of several, and of how many; histories what
// reads a log to the end, with the rows that it is taken for.
var (
	merged    = map[string]int{"Query.timeline": trailStreams}
	histories = map[string]int{"Query.asOf": 100, "Query.changes": 100}
)

// price computes the cost of the operation, and refuses arguments past the
// limits on the way. Varies says that with other variables, or without a directive
// that they decide about, it may be another one.
func (l *limiter) price(oc *graphql.OperationContext) (cost int, varies bool, _ *fault.Error) {
	p := pricing{
		schema: l.schema, sizes: l.sizes, variables: oc.Variables, spread: map[string]price{},
		inputs: inputs{limits: l.limits, schema: l.schema},
	}
	total := p.set(oc.Operation.SelectionSet)
	if p.refused != nil {
		return 0, false, p.refused
	}
	if most := l.limits.Introspection * len(l.schema.Types); total.described > most {
		return 0, false, fault.New(fault.CodeTooComplex, "The introspection would give about %d objects, at most %d are allowed. Ask for the types one by one.", total.described, most)
	}
	return total.once, p.varies, nil
}

// value gives a value of the operation.
func (p *pricing) value(v *ast.Value) (any, error) {
	p.varies = p.varies || mentionsVariable(v)
	return v.Value(p.variables)
}

func mentionsVariable(v *ast.Value) bool {
	return v.Kind == ast.Variable || slices.ContainsFunc(v.Children, func(c *ast.ChildValue) bool { return mentionsVariable(c.Value) })
}

// price is what a selection costs.
type price struct {
	once      int  // on its own
	each      int  // for each row of the page that it belongs to
	rows      bool // the page has to read its rows
	described int  // objects of the schema's description
}

// pricing is one pass over an operation. A fragment is priced once, whatever
// spreads it, so that the pass is linear in the document; sums stop at costCap.
type pricing struct {
	schema    *ast.Schema
	sizes     map[string]int
	variables map[string]any
	spread    map[string]price
	inputs    inputs
	varies    bool
	visits    int // for the test that the pass is linear
	refused   *fault.Error
}

func (p *pricing) set(set ast.SelectionSet) (sum price) {
	for _, selection := range set {
		if p.refused != nil {
			return sum
		}
		p.visits++
		switch it := selection.(type) {
		case *ast.Field:
			p.varies = p.varies || len(it.Directives) > 0
			sum.add(p.field(it))
		case *ast.InlineFragment:
			p.varies = p.varies || len(it.Directives) > 0
			sum.add(p.set(it.SelectionSet))
		case *ast.FragmentSpread:
			p.varies = p.varies || len(it.Directives) > 0
			known, ok := p.spread[it.Name]
			if !ok && it.Definition != nil {
				known = p.set(it.Definition.SelectionSet)
				p.spread[it.Name] = known
			}
			sum.add(known)
		}
	}
	return sum
}

func (s *price) add(o price) {
	s.once, s.each, s.described = plus(s.once, o.once), plus(s.each, o.each), plus(s.described, o.described)
	s.rows = s.rows || o.rows
}

// field prices a field with all that is below it. Values cost nothing beside
// the row that they are read with.
func (p *pricing) field(f *ast.Field) price {
	if f.Definition == nil || f.ObjectDefinition == nil {
		return price{}
	}
	own := p.arguments(f)
	if p.refused != nil {
		return price{}
	}
	parent, target := f.ObjectDefinition.Name, f.Definition.Type.Name()
	if len(f.SelectionSet) == 0 {
		if isConnection(parent) && f.Name == "totalCount" {
			own = plus(own, countPrice)
		}
		return price{once: own}
	}
	below := p.set(f.SelectionSet)
	switch {
	case introspects(f):
		return price{described: plus(1, below.once)}
	case isConnection(parent):
		if f.Name == "edges" {
			return price{each: below.once, rows: true}
		}
		return price{once: below.once, rows: true} // pageInfo
	case isConnection(target):
		logs := max(1, merged[parent+"."+f.Name])
		own = plus(own, (logs-1)*(pagePrice+p.pageSize(f))) // what is read and not shown
		return price{once: plus(own, plus(pagePrice, below.page(p.pageSize(f))))}
	case f.Definition.Type.Elem != nil:
		return price{once: plus(own, times(p.listSize(f), plus(1, below.once))), described: below.described}
	case p.edge(f), parent == "__Type" && f.Name == "ofType":
		// The row has its price in the page. Tools ask for ten types inside of each
		// other, where there are one or two.
		return price{once: plus(own, below.once)}
	case f.ObjectDefinition == p.schema.Query && f.Name == "auditChain":
		return price{once: plus(own, plus(chainPrice, below.once))}
	case f.ObjectDefinition == p.schema.Mutation:
		return price{once: plus(own, plus(writePrice, below.once))}
	default:
		return price{once: plus(own, plus(max(1, histories[parent+"."+f.Name]), below.once))}
	}
}

// page is the price of a page with so many rows.
func (s price) page(size int) int {
	if !s.rows {
		return s.once
	}
	return plus(s.once, times(size, plus(1, s.each)))
}

// edge says whether the field is the node of an edge of a connection.
func (p *pricing) edge(f *ast.Field) bool {
	parent := f.ObjectDefinition
	return f.Name == "node" && parent.Fields.ForName("cursor") != nil
}

// pageSize is how many rows a page may have. A size that is out of bounds is
// refused where the list is read; it counts as the largest. Nothing counts as
// less than one: what is below is planned all the same.
func (p *pricing) pageSize(f *ast.Field) int {
	for _, name := range []string{"first", "last"} {
		arg := f.Arguments.ForName(name)
		if arg == nil {
			continue
		}
		value, err := p.value(arg.Value)
		if err != nil {
			return paging.MaxSize
		}
		if value == nil {
			continue
		}
		n, err := strconv.ParseFloat(fmt.Sprint(value), 64)
		if err != nil || n > paging.MaxSize {
			return paging.MaxSize
		}
		return max(1, int(n))
	}
	return paging.DefaultSize
}

// listSize is how many rows a list without pages is taken to have: as many as
// ids were given, what is known of the field, or a guess.
func (p *pricing) listSize(f *ast.Field) int {
	if size, ok := p.sizes[f.ObjectDefinition.Name+"."+f.Name]; ok {
		return size
	}
	if arg := f.Arguments.ForName("ids"); arg != nil {
		if value, err := p.value(arg.Value); err == nil {
			if n, isList := length(value); isList {
				return max(1, n)
			}
		}
		return 1
	}
	return plainList
}

// listSizes gives the sizes of the lists that are known. Those of the schema's
// description are averages over the schema, rounded up: introspection multiplies
// them.
func listSizes(schema *ast.Schema) map[string]int {
	var objects, fields, arguments, inputs, inputFields, enums, values, implemented, possible, directiveArguments int
	for _, def := range schema.Types {
		implemented += len(def.Interfaces)
		switch def.Kind {
		case ast.Object, ast.Interface:
			objects++
			fields += len(def.Fields)
			for _, f := range def.Fields {
				arguments += len(f.Arguments)
			}
		case ast.InputObject:
			inputs++
			inputFields += len(def.Fields)
		case ast.Enum:
			enums++
			values += len(def.EnumValues)
		}
	}
	for _, def := range schema.Directives {
		directiveArguments += len(def.Arguments)
	}
	for name, types := range schema.PossibleTypes {
		if schema.Types[name].IsAbstractType() {
			possible += len(types)
		}
	}
	mean := func(sum, n int) int { return 1 + sum/max(1, n) }
	return map[string]int{
		"Query.availableSlots": slotList, "RoleChangePreview.users": maxListed,
		"__Schema.types": len(schema.Types), "__Schema.directives": len(schema.Directives),
		"__Type.fields": mean(fields, len(schema.Types)), "__Field.args": mean(arguments, fields),
		"__Type.inputFields": mean(inputFields, len(schema.Types)), "__Type.enumValues": mean(values, len(schema.Types)),
		"__Type.interfaces": mean(implemented, len(schema.Types)), "__Type.possibleTypes": mean(possible, len(schema.Types)),
		"__Directive.args": mean(directiveArguments, len(schema.Directives)),
	}
}

func plus(a, b int) int { return min(a+b, costCap) }

func times(a, b int) int {
	if a > 0 && b > costCap/a {
		return costCap
	}
	return a * b
}
