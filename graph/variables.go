package graph

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/fault"
)

// rawVariables holds the variables against the limits of lists and filters before
// they are coerced: coercion looks at each field of each input object.
func (l *limiter) rawVariables(limited ast.VariableDefinitionList, given map[string]any) *fault.Error {
	in := inputs{limits: l.limits, schema: l.schema}
	for _, def := range limited {
		if value := given[def.Variable]; value != nil {
			if f := in.value(def.Type, value, def.Variable, 0); f != nil {
				return f
			}
		}
	}
	return nil
}

// hasLimits says whether there is anything to hold a value of the type against: of a
// plain scalar there is not.
func hasLimits(schema *ast.Schema, t *ast.Type) bool {
	if t.Elem != nil {
		return true
	}
	def := schema.Types[t.Name()]
	return def == nil || def.Kind == ast.InputObject || def.Kind == ast.Enum
}

// arguments holds the arguments of a field against the same limits, with the
// variables in their places, and prices their filters.
func (p *pricing) arguments(f *ast.Field) (cost int) {
	for _, arg := range f.Arguments {
		def := f.Definition.Arguments.ForName(arg.Name)
		if def == nil || def.Type.Elem == nil && p.schema.Types[def.Type.Name()].Kind != ast.InputObject {
			continue
		}
		value, err := p.value(arg.Value)
		if err != nil || value == nil {
			continue // a number that is none: whoever reads the argument says so
		}
		before := p.inputs.cost
		if p.refused = p.inputs.value(def.Type, value, arg.Name, 0); p.refused != nil {
			return 0
		}
		cost = plus(cost, p.inputs.cost-before)
	}
	return cost
}

// inputs is one pass over the values of an operation: the conditions of all its
// filters are counted together, since each becomes part of a statement.
type inputs struct {
	limits     Limits
	schema     *ast.Schema
	conditions int
	cost       int
}

// value looks at a value of a type. What does not fit the type is left to the
// coercion. The path is the one that the client used, filters the number of
// those around the value.
func (in *inputs) value(t *ast.Type, value any, path string, filters int) *fault.Error {
	if value == nil {
		return nil
	}
	if t.Elem == nil {
		switch value := value.(type) {
		case map[string]any:
			return in.object(in.schema.Types[t.Name()], value, path, filters)
		case string:
			return exactly(in.schema.Types[t.Name()], value, path)
		}
		return nil
	}
	n, isList := length(value)
	if !isList { // one entry may stand for a list of one
		return in.value(t.Elem, value, path, filters)
	}
	if n > in.limits.List {
		return fault.Invalid(path, "A list has at most %d entries, this one has %d. Send several requests.", in.limits.List, n)
	}
	list := reflect.ValueOf(value)
	for i := range n {
		if f := in.value(t.Elem, list.Index(i).Interface(), fmt.Sprintf("%s.%d", path, i), filters); f != nil {
			return f
		}
	}
	return nil
}

// exactly refuses the value of an enum in other letters, which the library's
// coercion lets pass and nothing behind it expects.
func exactly(def *ast.Definition, value, path string) *fault.Error {
	if def == nil || def.Kind != ast.Enum || def.EnumValues.ForName(value) != nil {
		return nil
	}
	for _, v := range def.EnumValues {
		if strings.EqualFold(v.Name, value) {
			return fault.New(fault.CodeGraphQLValidation, "%s: the values of %s are written in capital letters.", path, def.Name)
		}
	}
	return nil
}

// length gives the length of a list; coercion makes lists of any type.
func length(value any) (n int, isList bool) {
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return 0, false
	}
	return list.Len(), true
}

// object looks at an input object in the order of its definition, so that the
// work and the answer do not depend on keys that are not in it.
func (in *inputs) object(def *ast.Definition, object map[string]any, path string, filters int) *fault.Error {
	if def == nil || def.Kind != ast.InputObject {
		return nil
	}
	isFilter := strings.HasSuffix(def.Name, "WhereInput")
	if isFilter {
		if filters++; filters > in.limits.FilterDepth {
			return fault.Invalid(path, "Filters nest at most %d deep.", in.limits.FilterDepth)
		}
		if len(object) == 0 { // it still is a part of the statement
			if f := in.condition(1, path); f != nil {
				return f
			}
		}
	}
	for _, field := range def.Fields {
		value, given := object[field.Name]
		if !given {
			continue
		}
		here := path + "." + field.Name
		if price := conditionPrice(def, field); isFilter && price > 0 {
			if f := in.condition(price, here); f != nil {
				return f
			}
		}
		if f := in.value(field.Type, value, here, filters); f != nil {
			return f
		}
	}
	return nil
}

func (in *inputs) condition(price int, path string) *fault.Error {
	in.cost = plus(in.cost, price)
	if in.conditions++; in.conditions > in.limits.FilterConditions {
		return fault.Invalid(path, "The filters of an operation have at most %d conditions together. Send several requests, or a list of values to one condition.", in.limits.FilterConditions)
	}
	return nil
}

// conditionPrice is the price of a field of a filter: nothing for what only
// joins conditions, more for a condition on an edge.
func conditionPrice(def *ast.Definition, field *ast.FieldDefinition) int {
	switch {
	case field.Name == "and" || field.Name == "or" || field.Name == "not":
		return 0
	case strings.HasPrefix(field.Name, "has") && (strings.HasSuffix(field.Name, "With") || def.Fields.ForName(field.Name+"With") != nil):
		return edgePrice
	default:
		return 1
	}
}
