package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
	"entgo.io/ent/schema/field"

	"clinicgraph/ent/schema"
)

// said gives what the schema says of a type, a field or an edge.
func said(annotations gen.Annotations) schema.Annotation {
	var a schema.Annotation
	raw, ok := annotations[schema.AnnotationName]
	if !ok {
		return a
	}
	// ent hands annotations over as decoded JSON.
	buf, err := json.Marshal(raw)
	if err == nil {
		err = json.Unmarshal(buf, &a)
	}
	if err != nil {
		panic(fmt.Sprintf("annotation %s does not survive JSON: %v", schema.AnnotationName, err))
	}
	return a
}

// set writes entgql's annotation in the form in which entgql's templates read
// it: decoded JSON.
func set(annotations *gen.Annotations, a entgql.Annotation) {
	var raw map[string]any
	buf, err := json.Marshal(a)
	if err == nil {
		err = json.Unmarshal(buf, &raw)
	}
	if err != nil {
		panic(fmt.Sprintf("annotation %s does not survive JSON: %v", a.Name(), err))
	}
	// A clone: an edge through a schema shares its annotations with that one's.
	own := gen.Annotations{}
	maps.Copy(own, *annotations)
	own[a.Name()] = raw
	*annotations = own
}

// declare turns our annotations into entgql's and refuses what the schemas must
// not say. It names every fault at once.
func declare(g *gen.Graph) error {
	paged, filtered := reached(g)
	var faults []error
	for _, t := range g.Nodes {
		faults = append(faults, declareType(t, paged[t.Name], filtered[t.Name])...)
		for _, f := range t.Fields {
			faults = append(faults, declareField(t, f)...)
		}
		if t.ID != nil {
			set(&t.ID.Annotations, entgql.Annotation{})
		}
		for _, e := range t.Edges {
			faults = append(faults, declareEdge(t, e)...)
		}
	}
	return errors.Join(faults...)
}

// reached names the types that are shown in connections, and those that a filter
// speaks of.
func reached(g *gen.Graph) (paged, filtered map[string]bool) {
	paged, filtered = map[string]bool{}, map[string]bool{}
	for _, t := range g.Nodes {
		if said(t.Annotations).List {
			paged[t.Name], filtered[t.Name] = true, true
		}
		for _, e := range t.Edges {
			if isConnection(t, e) {
				paged[e.Type.Name], filtered[e.Type.Name] = true, true
			}
			if isFilterable(t, e) {
				filtered[e.Type.Name] = true
			}
		}
	}
	return paged, filtered
}

// isShown says whether an edge is a field of the graph.
func isShown(t *gen.Type, e *gen.Edge) bool {
	return !said(t.Annotations).Internal && !said(e.Type.Annotations).Internal && !said(e.Annotations).Hidden
}

func isConnection(t *gen.Type, e *gen.Edge) bool {
	return !e.Unique && isShown(t, e) && !said(e.Annotations).Small
}

func isFilterable(t *gen.Type, e *gen.Edge) bool {
	return isShown(t, e) && said(e.Annotations).FilterableEdge
}

// isThrough says whether ent added the edge for another one that runs through the
// target, with that other one's annotations.
func isThrough(t *gen.Type, e *gen.Edge) bool {
	return slices.ContainsFunc(t.Edges, func(o *gen.Edge) bool { return o != e && o.Through == e.Type })
}

func declareType(t *gen.Type, paged, filtered bool) (faults []error) {
	a := said(t.Annotations)
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("schema %s: %s", t.Name, fmt.Sprintf(format, args...)))
	}
	switch {
	case a.Internal && a.Door.Kind != "":
		fault("Internal has no door, Read, Authenticated and Public are one: say one of the two")
	case a.Internal && a.List:
		fault("an Internal type has no List")
	case !a.Internal && a.Door.Kind == "":
		fault("say who may read it: Read, Authenticated, Public or Internal")
	}
	if a.Internal {
		set(&t.Annotations, entgql.Skip(entgql.SkipAll))
		return faults
	}
	for _, m := range a.Money {
		if amount, currency := column(t, m.Amount), column(t, m.Currency); amount == nil || currency == nil {
			fault("Money %s: there is no field %s or %s", m.Field, m.Amount, m.Currency)
		} else if amount.Type.Type != field.TypeInt64 || currency.Type.Type != field.TypeString {
			fault("Money %s: %s must be an int64 and %s a string", m.Field, m.Amount, m.Currency)
		} else if amount.Nillable != amount.Optional || currency.Nillable {
			fault("Money %s: an optional amount must be Nillable, the currency must not", m.Field)
		}
	}
	ant := entgql.Annotation{RelayConnection: paged}
	if !paged {
		ant.Skip |= entgql.SkipOrderField
	}
	if !filtered {
		ant.Skip |= entgql.SkipWhereInput
	}
	if a.Entry {
		ant.Implements = []string{"LogEntry"}
	}
	if a.List {
		ant.QueryField = &entgql.FieldConfig{Name: listName(t)}
	}
	set(&t.Annotations, ant)
	return faults
}

func column(t *gen.Type, name string) *gen.Field {
	for _, f := range t.Fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

var upperSnake = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)

func declareField(t *gen.Type, f *gen.Field) (faults []error) {
	a := said(f.Annotations)
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("schema %s, field %s: %s", t.Name, f.Name, fmt.Sprintf(format, args...)))
	}
	hidden := a.Hidden || f.Sensitive()
	if hidden && (a.Filterable || a.Order != "" || a.Door.Kind != "") {
		fault("what is hidden is neither filterable nor orderable, nor has it a door")
	}
	if hidden || said(t.Annotations).Internal {
		set(&f.Annotations, entgql.Skip(entgql.SkipAll))
		return faults
	}
	if a.Order != "" {
		switch {
		case f.Optional || f.Nillable:
			fault("Orderable needs a NOT NULL column: pages over nulls lose and repeat rows")
		case a.Door.Kind != "":
			fault("a field with a door of its own is not orderable: the order tells its values")
		case !orderable(f):
			fault("Orderable takes strings, enums, integers, booleans, ids and times")
		case !upperSnake.MatchString(a.Order):
			fault("the order is named UPPER_SNAKE, not %q", a.Order)
		}
	}
	if a.Filterable && len(whereOps(f)) == 0 {
		fault("Filterable takes strings, enums, numbers, booleans, ids and times")
	}
	for _, v := range f.Enums {
		if !upperSnake.MatchString(v.Value) {
			fault("the enum's values are UPPER_SNAKE, not %q", v.Value)
		}
	}
	ant := entgql.Annotation{
		Type:       scalar(f, a),
		OrderField: a.Order,
		Mapping:    []string{graphName(f.Name)},
	}
	if ant.Type == "" && !f.IsEnum() {
		fault("the Go type %s has no scalar: say Scalar(…) or Hidden()", f.Type)
	}
	if !a.Filterable {
		ant.Skip |= entgql.SkipWhereInput
	}
	if a.Order == "" {
		ant.Skip |= entgql.SkipOrderField
	}
	set(&f.Annotations, ant)
	return faults
}

// orderable says whether a cursor can carry the field's value.
func orderable(f *gen.Field) bool {
	switch f.Type.Type {
	case field.TypeUUID:
		return true
	case field.TypeString, field.TypeEnum, field.TypeBool, field.TypeTime,
		field.TypeInt, field.TypeInt8, field.TypeInt16, field.TypeInt32, field.TypeInt64:
		return !f.HasGoType()
	}
	return false
}

// scalar names the field's type in the graph; "" leaves it to entgql, which
// names enums.
func scalar(f *gen.Field, a schema.Annotation) string {
	if a.Scalar != "" {
		return a.Scalar
	}
	if f.IsEnum() {
		return ""
	}
	switch t := f.Type.Type; t {
	case field.TypeUUID:
		return "ID"
	case field.TypeBool:
		return "Boolean"
	case field.TypeTime:
		return "Time"
	case field.TypeFloat32, field.TypeFloat64:
		return "Float"
	case field.TypeInt, field.TypeInt8, field.TypeInt16, field.TypeInt32, field.TypeUint8, field.TypeUint16:
		return "Int"
	case field.TypeInt64, field.TypeUint32:
		return "Int64"
	case field.TypeString:
		return "String"
	case field.TypeJSON:
		if f.Type.RType == nil {
			break
		}
		switch f.Type.RType.Ident {
		case "[]string":
			return "[String!]"
		case "map[string]interface {}", "json.RawMessage":
			return "JSON"
		}
	}
	return ""
}

func declareEdge(t *gen.Type, e *gen.Edge) (faults []error) {
	a := said(e.Annotations)
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("schema %s, edge %s: %s", t.Name, e.Name, fmt.Sprintf(format, args...)))
	}
	if !isShown(t, e) {
		if a.FilterableEdge && !said(t.Annotations).Internal && !isThrough(t, e) {
			fault("what is hidden is not filterable")
		}
		set(&e.Annotations, entgql.Skip(entgql.SkipAll))
		return faults
	}
	switch {
	case e.Unique && (a.Connection || a.Small):
		fault("ConnectionEdge and Small are for to-many edges")
	case !e.Unique && a.Implied:
		fault("Implied is for to-one edges")
	case a.Implied && e.Optional:
		fault("an Implied edge must be Required")
	case a.FilterableEdge && a.Door.Kind != "":
		// The filter would ask the target's door only.
		fault("an edge with a door of its own is not filterable")
	case a.Connection && a.Small:
		fault("say ConnectionEdge or Small, not both")
	}
	set(&e.Annotations, entgql.Annotation{RelayConnection: isConnection(t, e)})
	return faults
}
