package differential

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// drawing is one document as it is drawn. The same clinic, seed and number give the
// same document.
type drawing struct {
	*rand.Rand
	c      *clinic
	schema *ast.Schema
	viewer *viewer
	sight  *sight

	variables map[string]any
	declared  []string
	fragments []string
	aliases   int
	rows      int // how many the selections so far may read, by a guess
	uses      map[string]bool
}

// drawing begins the document of that number: it has somebody who asks.
func (c *clinic) drawing(seed, number uint64) *drawing {
	d := &drawing{Rand: rand.New(rand.NewPCG(seed, number)), c: c, schema: c.schema, variables: map[string]any{}, rows: 1, uses: map[string]bool{}}
	d.viewer = d.who()
	if d.viewer.sight == nil {
		d.viewer.sight = c.look(d.viewer)
	}
	d.sight = d.viewer.sight
	return d
}

// draw draws the document of that number.
func (c *clinic) draw(seed, number uint64) document {
	d := c.drawing(seed, number)
	doc := document{Viewer: d.viewer.name}
	shape := d.shape()
	doc.kind = shape.name
	body := shape.draw(d)
	if d.chance(6) { // another root beside it
		body += " " + roots(d)
		d.uses["several roots"] = true
	}
	if d.chance(8) {
		body = "__typename " + body
	}
	head := "query"
	if d.chance(60) {
		head += " Drawn"
	}
	if len(d.declared) > 0 {
		head += "(" + strings.Join(d.declared, ", ") + ")"
	}
	doc.Query = strings.Join(append([]string{head + " { " + body + " }"}, d.fragments...), " ")
	if len(d.variables) > 0 {
		text, err := json.Marshal(d.variables)
		c.must(err, "write variables")
		doc.Variables = text
	}
	if d.chance(5) {
		doc.Purpose = "TREAT"
	}
	for use := range d.uses {
		doc.uses = append(doc.uses, use)
	}
	slices.Sort(doc.uses)
	return doc
}

func (d *drawing) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d *drawing, from []T) T { return from[d.IntN(len(from))] }

// who draws a viewer by their weights.
func (d *drawing) who() *viewer {
	sum := 0
	for _, v := range d.c.viewers {
		sum += v.weight
	}
	n := d.IntN(sum)
	for _, v := range d.c.viewers {
		if n -= v.weight; n < 0 {
			return v
		}
	}
	panic("unreachable")
}

// selection draws what is asked of a type; nothing of a scalar. It has at least one
// field.
func (d *drawing) selection(def *ast.Definition, depth int) string {
	if !def.IsCompositeType() {
		return ""
	}
	if def.IsAbstractType() {
		return d.abstract(def, depth)
	}
	var parts []string
	for range 1 + d.IntN(5) {
		if part := d.part(def, depth); part != "" {
			parts = append(parts, part)
		}
	}
	if d.chance(12) {
		parts = append(parts, "__typename")
	}
	if d.chance(8) && len(parts) > 0 { // asked for twice, to be merged
		parts = append(parts, parts[0])
		d.aliases++
		d.uses["merged"] = true
	}
	if len(parts) == 0 {
		parts = append(parts, d.plain(def))
	}
	return " { " + strings.Join(parts, " ") + " }"
}

// plain gives a field without a selection of its own, of which every type has one.
func (d *drawing) plain(def *ast.Definition) string {
	var names []string
	for _, f := range def.Fields {
		if !d.schema.Types[f.Type.Name()].IsCompositeType() && !strings.HasPrefix(f.Name, "__") && len(f.Arguments) == 0 {
			names = append(names, f.Name)
		}
	}
	if len(names) == 0 {
		return "__typename"
	}
	return pick(d, names)
}

// part draws one field, or some of them in a fragment.
func (d *drawing) part(def *ast.Definition, depth int) string {
	switch n := d.IntN(100); {
	case n < 4:
		d.uses["inline fragment"] = true
		return "... on " + def.Name + d.directive() + d.selection(def, depth)
	case n < 6:
		d.uses["inline fragment"] = true
		return "..." + d.directive() + d.selection(def, depth)
	case n < 9 && len(def.Interfaces) > 0:
		d.uses["fragment on an interface"] = true
		on := d.schema.Types[pick(d, def.Interfaces)]
		return "... on " + on.Name + " { " + d.plain(on) + " }"
	case n < 14 && len(d.fragments) < 6:
		d.uses["fragment"] = true
		name := fmt.Sprintf("F%d", len(d.fragments))
		at := len(d.fragments)
		d.fragments = append(d.fragments, "")
		d.fragments[at] = "fragment " + name + " on " + def.Name + d.selection(def, depth)
		return "..." + name + d.directive()
	}
	for range 20 {
		f := pick(d, def.Fields)
		target := d.schema.Types[f.Type.Name()]
		if strings.HasPrefix(f.Name, "__") || !d.may(f) && d.chance(90) {
			continue
		}
		if !target.IsCompositeType() {
			return d.field(f, depth, d.chance(7))
		}
		if depth > 0 && d.chance(70) && d.rows < 150 {
			return d.field(f, depth-1, d.chance(7))
		}
	}
	return d.plain(def)
}

// personal are fields whose readers are put on record.
var personal = map[string]bool{"phone": true, "birthDate": true, "address": true, "email": true, "notes": true, "documentNumber": true, "emergencyContact": true}

// field draws one field with its arguments. Fields with arguments have an alias of
// their own, so that two of them do not collide.
func (d *drawing) field(f *ast.FieldDefinition, depth int, alias bool) string {
	text := f.Name
	if (alias || len(f.Arguments) > 0) && d.aliases < 20 {
		text = fmt.Sprintf("a%d: %s", d.aliases, f.Name)
		d.aliases++
		d.uses["alias"] = true
	} else if len(f.Arguments) > 0 {
		return "__typename"
	}
	target := d.schema.Types[f.Type.Name()]
	if f.Directives.ForName("hasPermission") != nil && !isConnection(target) {
		d.uses["permission of a field"] = true
	}
	if personal[f.Name] {
		d.uses["personal"] = true
	}
	before := d.rows
	if isConnection(target) {
		text += d.connectionArguments(f, target)
	} else {
		text += d.arguments(f)
		if f.Type.Elem != nil && target.IsCompositeType() {
			d.rows *= 3
		}
	}
	text += d.directive() + d.below(target, depth)
	d.rows = before
	return text
}

func (d *drawing) below(target *ast.Definition, depth int) string {
	if isConnection(target) {
		return d.connection(target, depth)
	}
	return d.selection(target, depth)
}

// directive draws @skip or @include, mostly neither, and such that mostly something
// is left.
func (d *drawing) directive() string {
	if !d.chance(5) {
		return ""
	}
	d.uses["skip or include"] = true
	name, value := "include", true
	if d.chance(40) {
		name, value = "skip", false
	}
	if d.chance(25) {
		value = !value
	}
	text := fmt.Sprint(value)
	if d.chance(60) {
		text = d.variable("Boolean!", value, "")
	}
	return fmt.Sprintf(" @%s(if: %s)", name, text)
}

// variable declares a variable and gives its name. Some have a default, and some of
// those are not given at all.
func (d *drawing) variable(kind string, value any, literal string) string {
	name := fmt.Sprintf("v%d", len(d.declared))
	declaration := "$" + name + ": " + kind
	d.uses["variable"] = true
	switch n := d.IntN(100); {
	case literal != "" && n < 8: // the default alone
		d.uses["default"] = true
		d.declared = append(d.declared, declaration+" = "+literal)
		return "$" + name
	case literal != "" && n < 12: // a default, and a value over it
		declaration += " = " + literal
	case !strings.HasSuffix(kind, "!") && n < 17:
		d.uses["absent"] = true
		d.declared = append(d.declared, declaration)
		return "$" + name
	case !strings.HasSuffix(kind, "!") && n < 21:
		d.uses["null"] = true
		value = nil
	}
	d.declared = append(d.declared, declaration)
	d.variables[name] = value
	return "$" + name
}
