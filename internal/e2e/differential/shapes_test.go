package differential

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// shape is a kind of document.
type shape struct {
	name   string
	weight int
	draw   func(*drawing) string
}

var shapes = []shape{
	{"by id", 34, byID},
	{"connection", 40, roots},
	{"node", 12, node},
	{"viewer", 6, func(d *drawing) string { return d.root("viewer") }},
	{"other", 8, others},
}

func (d *drawing) shape() shape {
	n := d.IntN(100)
	for _, s := range shapes {
		if n -= s.weight; n < 0 {
			return s
		}
	}
	panic("the weights are less than a hundred")
}

// depth of the selections below a root.
func (d *drawing) depth() int { return pick(d, []int{0, 1, 1, 2, 2, 2, 3}) }

func (d *drawing) root(name string) string {
	return d.field(d.schema.Query.Fields.ForName(name), d.depth(), d.chance(10))
}

// getters are the root fields that give one object by its id, by the object.
func getters(schema *ast.Schema) (names []string) {
	for _, f := range schema.Query.Fields {
		if len(f.Arguments) == 1 && f.Arguments[0].Name == "id" && f.Name != "node" {
			names = append(names, f.Name)
		}
	}
	return names
}

func byID(d *drawing) string {
	names := append(getters(d.schema), "booking", "booking", "customer", "customer", "user", "order", "appointment")
	f := d.schema.Query.Fields.ForName(pick(d, d.visible(names)))
	return d.byID(f, f.Type.Name())
}

// byID draws the root field with an id of the entity: mostly one that is there.
func (d *drawing) byID(f *ast.FieldDefinition, entity string) string {
	d.aliases++
	head := fmt.Sprintf("a%d: ", d.aliases)
	if d.chance(60) {
		head = ""
	}
	return head + f.Name + "(id: " + d.placed("ID!", d.idOf(entity)) + ")" + d.directive() + d.below(d.schema.Types[f.Type.Name()], d.depth())
}

// placed puts a string into the document or into a variable.
func (d *drawing) placed(kind, value string) string {
	if d.chance(65) {
		return d.variable(kind, value, "")
	}
	return quote(value)
}

// idOf draws an id where one of the entity is meant.
func (d *drawing) idOf(entity string) string {
	if n, ok := d.seen(entity); ok && d.chance(75) {
		return fmt.Sprintf("@id(%s %d)", entity, n)
	}
	switch n := d.IntN(100); {
	case n < 70 && d.c.rows[entity] != nil:
		return fmt.Sprintf("@id(%s %d)", entity, d.IntN(max(1, len(d.c.rows[entity].ids))))
	case n < 89:
		return fmt.Sprintf("@id(%s deleted %d)", entity, d.IntN(3))
	case n < 92:
		return fmt.Sprintf("@id(%s %d)", pick(d, []string{ent.TypeUser, ent.TypeProduct, ent.TypeOrder}), d.IntN(5))
	case n < 94:
		return "@me(" + d.viewer.name + ")"
	case n < 96:
		return "00000000-0000-0000-0000-000000000000"
	case n < 98:
		return pick(d, []string{"", "x", "@id(Booking 1)x", "{@id(Booking 1)}", "urn:uuid:@id(Booking 1)"})
	}
	return fmt.Sprintf("@id(%s %d)", entity, d.IntN(3))
}

// roots draws one of the lists at the root.
func roots(d *drawing) string {
	var names []string
	for _, f := range d.schema.Query.Fields {
		if isConnection(d.schema.Types[f.Type.Name()]) && f.Name != "timeline" && f.Name != "accessFindings" {
			names = append(names, f.Name)
		}
	}
	for _, name := range []string{"bookings", "bookings", "bookings", "customers", "customers", "appointments", "appointments", "users", "orders", "products", "practitioners"} {
		if slices.Contains(d.sight.lists, name) || len(d.sight.lists) == 0 {
			names = append(names, name)
		}
	}
	if len(d.sight.lists) > 0 && d.chance(90) {
		names = slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(d.sight.lists, name) })
	}
	return d.root(pick(d, names))
}

// node draws node and nodes, with fragments on the types that come of them.
func node(d *drawing) string {
	entities := []string{ent.TypeBooking, ent.TypeCustomer, ent.TypeAppointment, ent.TypeUser, ent.TypeOrder}
	if d.chance(40) {
		for entity := range d.c.rows {
			entities = append(entities, entity)
		}
		slices.Sort(entities)
	}
	entity := pick(d, entities)
	if len(d.sight.rows[entity]) == 0 { // another try
		entity = pick(d, entities)
	}
	id := d.idOf(entity)
	if d.chance(60) {
		return "node(id: " + d.placed("ID!", id) + ")" + d.asNode(entity)
	}
	ids := []any{id}
	for range d.IntN(4) {
		ids = append(ids, d.idOf(pick(d, entities)))
	}
	list := "[" + strings.Join(quoted(ids), ", ") + "]"
	if d.chance(60) {
		list = d.variable("[ID!]!", ids, "")
	}
	d.rows = len(ids)
	return "nodes(ids: " + list + ")" + d.asNode(entity, pick(d, entities))
}

func quoted(values []any) (all []string) {
	for _, v := range values {
		all = append(all, quote(fmt.Sprint(v)))
	}
	return all
}

func (d *drawing) asNode(entities ...string) string {
	parts := []string{"__typename"}
	if d.chance(70) {
		parts = append(parts, "id")
	}
	for _, entity := range entities {
		if def := d.schema.Types[entity]; def != nil {
			parts = append(parts, "... on "+entity+d.directive()+d.selection(def, d.depth()))
		}
	}
	return " { " + strings.Join(parts, " ") + " }"
}

// abstract draws what is asked of an interface.
func (d *drawing) abstract(def *ast.Definition, depth int) string {
	parts := []string{"__typename", d.plain(def)}
	for range d.IntN(3) {
		object := pick(d, d.schema.GetPossibleTypes(def))
		d.uses["inline fragment"] = true
		parts = append(parts, "... on "+object.Name+d.selection(object, min(depth, 1)))
	}
	return " { " + strings.Join(parts, " ") + " }"
}

// others draws what no list and no getter is. The check of the record is left out:
// it depends on what has been sealed by then.
func others(d *drawing) string {
	object := func() string {
		entity := pick(d, []string{ent.TypeBooking, ent.TypeOrder, ent.TypeCustomer, ent.TypeUser})
		return fmt.Sprintf("entityType: %q, entityId: %s", entity, d.placed("ID!", d.idOf(entity)))
	}
	list := func(name, more string) string {
		f := d.schema.Query.Fields.ForName(name)
		return name + "(" + more + fmt.Sprintf(" first: %d)", 1+d.IntN(6)) + d.below(d.schema.Types[f.Type.Name()], 1)
	}
	one := func(name, arguments string) string {
		f := d.schema.Query.Fields.ForName(name)
		return name + "(" + arguments + ")" + d.below(d.schema.Types[f.Type.Name()], 1)
	}
	switch d.IntN(7) {
	case 0:
		return list("timeline", object()+",")
	case 1:
		return list("accessFindings", fmt.Sprintf("endingWithinDays: %d,", d.IntN(40)))
	case 2:
		return one("asOf", object()+`, at: "2030-01-07T12:00:00Z"`)
	case 3:
		return one("changes", object()+`, from: "2029-12-01T00:00:00Z", to: "2030-01-07T12:00:00Z"`)
	case 4:
		return one("explainPermission", fmt.Sprintf("userId: %s, permission: %q", quote(d.idOf(ent.TypeUser)), pick(d, []string{"booking:read", "customer:read_notes", "moon:land"})))
	case 5:
		return one("availableSlots", fmt.Sprintf(`serviceId: %s, from: "2030-01-08T00:00:00Z", to: "2030-01-0%dT00:00:00Z"`, quote(d.idOf(ent.TypeProduct)), 7+d.IntN(3)))
	default:
		return `__schema { queryType { name } } __type(name: "Booking") { name fields { name } }`
	}
}
