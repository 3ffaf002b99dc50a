package differential

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func isConnection(def *ast.Definition) bool { return strings.HasSuffix(def.Name, "Connection") }

// connection draws what is asked of a page.
func (d *drawing) connection(def *ast.Definition, depth int) string {
	edge := d.schema.Types[def.Fields.ForName("edges").Type.Name()]
	node := d.schema.Types[edge.Fields.ForName("node").Type.Name()]
	var parts []string
	if d.chance(30) {
		d.uses["count"] = true
		parts = append(parts, "totalCount")
	}
	if d.chance(35) {
		d.uses["page info"] = true
		var info []string
		for _, name := range []string{"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"} {
			if d.chance(55) {
				info = append(info, name)
			}
		}
		if len(info) > 0 {
			parts = append(parts, "pageInfo { "+strings.Join(info, " ")+" }")
		}
	}
	if d.chance(93) || len(parts) == 0 {
		inside := "node" + d.directive() + d.selection(node, depth)
		switch n := d.IntN(100); {
		case n < 25:
			inside = "cursor " + inside
		case n < 30:
			inside += " cursor"
		case n < 33:
			inside = "cursor"
		case n < 36:
			inside += " __typename"
		}
		parts = append(parts, "edges { "+inside+" }")
	}
	if d.chance(5) {
		parts = append(parts, "__typename")
	}
	d.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
	return " { " + strings.Join(parts, " ") + " }"
}

// connectionArguments draws the arguments of a page, and notes how many rows it may
// have.
func (d *drawing) connectionArguments(f *ast.FieldDefinition, def *ast.Definition) string {
	var all []string
	nested := d.rows > 1
	size, argument := d.size(nested), "first"
	switch n := d.IntN(100); {
	case n < 10:
		size, argument = 20, ""
	case n < 30:
		argument = "last"
	case n < 32:
		all = append(all, "last: "+d.number("Int", 2))
	}
	if nested {
		d.uses["nested connection"] = true
	}
	if argument != "" {
		all = append(all, argument+": "+d.number("Int", size))
		d.uses[argument] = true
	}
	field, direction := "-", "-"
	if by := f.Arguments.ForName("orderBy"); by != nil && d.chance(45) {
		order := d.schema.Types[by.Type.Name()]
		field = pick(d, d.schema.Types[order.Fields.ForName("field").Type.Name()].EnumValues).Name
		direction = pick(d, []string{"ASC", "DESC"})
		d.uses["order"] = true
		value, literal := map[string]any{"field": field, "direction": direction}, fmt.Sprintf("{field: %s, direction: %s}", field, direction)
		if d.chance(15) && direction == "ASC" {
			value, literal = map[string]any{"field": field}, fmt.Sprintf("{field: %s}", field)
		}
		switch n := d.IntN(100); {
		case n < 4:
			literal = "null"
			field, direction = "-", "-"
		case n < 40:
			literal = d.variable(by.Type.String(), value, literal)
		case n < 50: // the direction alone by a variable
			literal = fmt.Sprintf("{field: %s, direction: %s}", field, d.variable("OrderDirection!", direction, ""))
		}
		all = append(all, "orderBy: "+literal)
	}
	for _, name := range []string{"after", "before"} {
		if d.chance(map[string]int{"after": 16, "before": 7}[name]) {
			d.uses["cursor"] = true
			all = append(all, name+": "+d.nullable("Cursor", d.cursor(def, field, direction)))
		}
	}
	if where := f.Arguments.ForName("where"); where != nil && d.chance(40) {
		d.uses["where"] = true
		value := d.filter(d.schema.Types[where.Type.Name()], 2)
		text := d.literal(where.Type, value)
		if d.chance(45) {
			text = d.variable(where.Type.String(), value, text)
		}
		all = append(all, "where: "+text)
	}
	d.rows *= min(max(size, 1), 20)
	if len(all) == 0 {
		return ""
	}
	d.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	return "(" + strings.Join(all, ", ") + ")"
}

// size draws how many rows a page is to have: a few, and sometimes at a limit.
func (d *drawing) size(nested bool) int {
	switch n := d.IntN(100); {
	case n < 3:
		return pick(d, []int{-1, 101, 2147483647, -2147483648})
	case n < 7:
		return 0
	case n < 9 && !nested:
		return 100
	case nested:
		return 1 + d.IntN(4)
	}
	return 1 + d.IntN(10)
}

func (d *drawing) number(kind string, n int) string {
	if d.chance(40) {
		return d.variable(kind, n, fmt.Sprint(n))
	}
	if d.chance(2) {
		return "null"
	}
	return fmt.Sprint(n)
}

func (d *drawing) nullable(kind, value string) string {
	switch n := d.IntN(100); {
	case n < 60:
		return d.variable(kind, value, quote(value))
	case n < 64:
		return "null"
	}
	return quote(value)
}

// cursor draws a place in the list: mostly one of its own.
func (d *drawing) cursor(def *ast.Definition, field, direction string) string {
	list := d.listOf(def)
	of := func(who, list, field, direction string) string {
		return fmt.Sprintf("@cursor(%s %s %s %s %d)", who, list, field, direction, d.IntN(12))
	}
	switch n := d.IntN(100); {
	case list == "" || n < 4:
		return pick(d, []string{"", "x", "AAAA", "AbKAzEpIE-yZujnvod8U2zKcxRdE36wHW1aMK091O9NfkM21Z9NyPc9pSUt3B"})
	case n < 86:
		return of(d.viewer.name, list, field, direction)
	case n < 90:
		return of("manager", list, field, direction) // of somebody else
	case n < 94:
		return of(d.viewer.name, pick(d, []string{"users", "products", "notifications"}), "-", "-")
	}
	return of(d.viewer.name, list, "-", "-")
}

// listOf is the list at the root that has the rows of the connection; "" without one.
func (d *drawing) listOf(def *ast.Definition) string {
	for _, f := range d.schema.Query.Fields {
		if f.Type.Name() == def.Name && f.Name != "timeline" && f.Name != "accessFindings" {
			return f.Name
		}
	}
	return ""
}
