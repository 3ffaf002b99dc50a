package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// leaf is one question that a filter can ask: a field of a WhereInput.
type leaf struct {
	name string
	base string // the field of the type that it asks about; "" for an edge
	edge string // the entity that it leads to; "" for a field
	kind *ast.Type
	door string // the permission that it asks for, by its own declaration or by that of the field
}

// operators are what the name of a field is followed by in filters.
var operators = []string{"", "NEQ", "In", "NotIn", "GT", "GTE", "LT", "LTE", "IsNil", "NotNil", "Contains", "ContainsFold", "EqualFold", "HasPrefix", "HasSuffix"}

// leavesOf reads the filter of an entity off the schema. A filter that asks about
// no field and no edge of its type is one that nobody has thought about.
func leavesOf(entity string) (all []leaf) {
	input, of := schema.Types[entity+"WhereInput"], schema.Types[entity]
	if input == nil {
		return nil
	}
	for _, f := range input.Fields {
		if f.Name == "and" || f.Name == "or" || f.Name == "not" {
			continue
		}
		l := leaf{name: f.Name, kind: f.Type, door: permissionOf(f.Directives)}
		if target, ok := strings.CutSuffix(f.Type.Name(), "WhereInput"); ok {
			l.edge = target
		} else if i := slices.IndexFunc(of.Fields, func(e *ast.FieldDefinition) bool {
			return f.Name == "has"+strings.ToUpper(e.Name[:1])+e.Name[1:] && !schema.Types[e.Type.Name()].IsLeafType()
		}); i >= 0 {
			l.edge = strings.TrimSuffix(of.Fields[i].Type.Name(), "Connection")
		} else {
			for _, field := range of.Fields {
				if op, ok := strings.CutPrefix(f.Name, field.Name); ok && slices.Contains(operators, op) && len(field.Name) > len(l.base) {
					l.base = field.Name
					if own := permissionOf(field.Directives); own != "" {
						l.door = own
					}
				}
			}
			if l.base == "" {
				panic("a filter of " + entity + " asks about no field of it: " + f.Name)
			}
		}
		all = append(all, l)
	}
	return all
}

func permissionOf(directives ast.DirectiveList) string {
	if d := directives.ForName("hasPermission"); d != nil {
		return d.Arguments.ForName("permission").Value.Raw
	}
	return ""
}

// guess is one filter, with what it is about.
type guess struct {
	what         string
	where, wrong vars // wrong: the same about another value
	id           bool // that nothing has
	door         string
}

// guesses are all filters of the entity, through so many edges: every operator of
// the entity's own fields, and one of each field behind them.
func (o *oracle) guesses(entity string, edges, sparse int) (all []guess) {
	o.reached[entity] = true
	known := map[string]bool{}
	for _, l := range leavesOf(entity) {
		if l.edge != "" {
			if l.kind.Elem == nil {
				for _, there := range []bool{true, false} {
					all = append(all, guess{what: fmt.Sprint(l.name, there), where: vars{l.name: there}, wrong: vars{l.name: !there}, door: l.door})
				}
				continue
			}
			if edges == 0 {
				continue
			}
			for _, inner := range o.guesses(l.edge, edges-1, sparse-1) {
				all = append(all, guess{
					what: l.name + "." + inner.what, where: vars{l.name: []vars{inner.where}}, wrong: vars{l.name: []vars{inner.wrong}},
					id: inner.id, door: o.shut(l.door, inner.door),
				})
			}
			continue
		}
		if sparse < 0 && known[l.base] {
			continue
		}
		known[l.base] = true
		value := o.truth[entity][l.base]
		if strings.HasSuffix(l.name, "IsNil") || strings.HasSuffix(l.name, "NotNil") {
			value = true
		}
		if value == nil {
			continue // no row is hidden, or the hidden one has no value
		}
		all = append(all, guess{
			what: l.name, where: vars{l.name: listed(l, value)}, wrong: vars{l.name: listed(l, another(entity, l, value))},
			id: l.base == "id", door: l.door,
		})
	}
	return all
}

// shut gives the door of the two that is closed to the caller, if one is.
func (o *oracle) shut(doors ...string) string {
	for _, door := range doors {
		if door != "" && !o.may[door] {
			return door
		}
	}
	return ""
}

// another is a value of the same type that is not this one.
func another(entity string, l leaf, value any) any {
	switch kind := schema.Types[l.kind.Name()]; {
	case l.base == "id":
		return missing(entity)
	case kind.Name == "Boolean":
		return value != true
	case kind.Name == "ID":
		return missing(ent.TypeUser)
	case kind.Kind == ast.Enum:
		return kind.EnumValues[slices.IndexFunc(kind.EnumValues, func(v *ast.EnumValueDefinition) bool { return v.Name != value })].Name
	case kind.Name == "Time":
		return "2001-02-03T04:05:06Z"
	default:
		return "nothing has this"
	}
}

func listed(l leaf, value any) any {
	if l.kind.Elem != nil {
		return []any{value}
	}
	return value
}

// list is a connection that can be asked.
type list struct {
	what, entity   string
	before, behind string // what stands around its selection
	args           ast.ArgumentDefinitionList
}

const whole = `{ totalCount edges { node { id } } pageInfo { hasNextPage hasPreviousPage } }`

// lists asks each root list: all filters through two edges, plain and turned
// round, and all orders, with the cursors of the caller and of one who sees more.
func (o *oracle) lists() {
	for _, f := range schema.Query.Fields {
		entity, ok := strings.CutSuffix(f.Type.Name(), "Connection")
		if !ok || ent.Meta[entity].Table == "" {
			continue
		}
		l := list{what: f.Name, entity: entity, before: f.Name, args: f.Arguments}
		if o.do(`{ `+f.Name+` { totalCount } }`).code() != "" {
			o.closedList(l)
			continue
		}
		o.filters(l, o.guesses(entity, 2, 0), true)
		o.orders(l)
	}
}

// nested asks the same of the connections of objects that the caller sees, through
// one edge.
func (o *oracle) nested() {
	for entity, ids := range o.seen {
		for _, f := range schema.Types[entity].Fields {
			target, ok := strings.CutSuffix(f.Type.Name(), "Connection")
			if !ok || ent.Meta[target].Table == "" || o.shut(permissionOf(f.Directives)) != "" {
				continue // what is no entity has no filter and no order
			}
			some, err := json.Marshal(ids[:min(len(ids), 3)])
			if err != nil {
				o.diary.t.Fatal(err)
			}
			l := list{
				what: entity + "." + f.Name, entity: target, args: f.Arguments,
				before: `nodes(ids: ` + string(some) + `) { ... on ` + entity + ` { ` + f.Name, behind: ` } }`,
			}
			o.filters(l, o.guesses(target, 1, -1), false)
			o.orders(l)
		}
	}
}

// filters asks the guesses about a list. What is closed to the caller must be
// refused, whatever is guessed.
func (o *oracle) filters(l list, guesses []guess, alone bool) {
	where := l.args.ForName("where")
	if where == nil {
		return
	}
	kind := where.Type.String()
	for _, g := range guesses {
		if door := o.shut(g.door); door != "" {
			if alone {
				o.refusal(l.what+" "+g.what, func(guess any) (string, vars) {
					return `query Guess($w: ` + kind + `) { ` + l.what + `(where: $w) { totalCount } }`, vars{"w": guess}
				}, g.where, g.wrong)
			}
			continue
		}
		forms := map[string]func(vars) vars{"": func(w vars) vars { return w }}
		if alone {
			forms["not "] = func(w vars) vars { return vars{"not": w} }
		}
		if g.id {
			forms["or, and, not "] = func(w vars) vars {
				return vars{"or": []vars{w, {"and": []vars{{"not": vars{"not": w}}, w}}}}
			}
		}
		for name, form := range forms {
			q := asked{what: l.what + " where " + name + g.what, field: l.before + `(first: 50, where: $w) ` + whole + l.behind, kind: kind, where: form(g.where)}
			o.asked = append(o.asked, q)
			if g.id {
				q.where = form(g.wrong)
				o.asked = append(o.asked, q)
				o.pairs = append(o.pairs, [2]int{len(o.asked) - 2, len(o.asked) - 1})
			}
		}
	}
}

// orders asks a list in all orders, both ways: one row, all rows, and what comes
// after the caller's own first.
func (o *oracle) orders(l list) {
	order := l.args.ForName("orderBy")
	sorts, sort := []any{nil}, "Cursor"
	if order != nil {
		sort = order.Type.String()
		for _, v := range schema.Types[schema.Types[order.Type.Name()].Fields.ForName("field").Type.Name()].EnumValues {
			for _, direction := range []string{"ASC", "DESC"} {
				sorts = append(sorts, vars{"field": v.Name, "direction": direction})
			}
		}
	}
	for _, by := range sorts {
		args := ""
		if by != nil {
			args = ", orderBy: $o"
		}
		what := fmt.Sprint(l.what, " by ", by)
		for _, size := range []string{"first: 1", "last: 1", "first: 50"} {
			o.asked = append(o.asked, asked{what: what, field: l.before + "(" + size + args + ") " + whole + l.behind, order: by, sort: sort})
		}
		if l.behind != "" {
			continue
		}
		document := `query($o: ` + sort + `) { ` + l.what + `(first: 1` + args + `) { pageInfo { endCursor } } }`
		if by == nil {
			document = `{ ` + l.what + `(first: 1) { pageInfo { endCursor } } }`
		}
		if cursor := o.do(document, vars{"o": by}).ok().at(l.what + ".pageInfo.endCursor"); cursor != nil {
			o.asked = append(o.asked, asked{what: what + " after", field: l.before + "(first: 1, after: $c" + args + ") " + whole, order: by, sort: sort, after: cursor})
		}
		o.foreign(l, by, document, args, sort)
	}
}
