package compiled

import (
	"context"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph/scalar"
)

// A place stands in a statement for a value of the request. It travels through ent's
// builder as an argument like any other and comes back at its position.
type place struct {
	value func(*run) (any, error)
}

// Value makes a place that was sent to the database fail.
func (*place) Value() (driver.Value, error) {
	return nil, errors.New("compiled: a place without a value")
}

func constant(v any) *place { return &place{func(*run) (any, error) { return v, nil }} }

// input is a value of the document, or one inside a variable.
type input struct {
	literal  *ast.Value // of the document
	variable string     // or the variable that it is in, and the way to it
	path     []any
	value    any // as it is in this request: plans rest on its form alone
}

func (c *compiler) input(v *ast.Value) input {
	if v.Kind == ast.Variable {
		return input{variable: v.Raw, value: c.oc.Variables[v.Raw]}
	}
	value, _ := v.Value(c.oc.Variables)
	return input{literal: v, value: value}
}

func (in input) inside(key, value any) input {
	return input{variable: in.variable, path: append(slices.Clip(in.path), key), value: value}
}

type entry struct {
	name string
	input
}

// object gives the entries that are there, in the order of the document, or sorted.
func (c *compiler) object(in input) ([]entry, error) {
	var entries []entry
	if in.literal != nil {
		if in.literal.Kind != ast.ObjectValue {
			return nil, unplanned("argument")
		}
		for _, child := range in.literal.Children {
			if child.Value.Kind == ast.Variable {
				if _, given := c.oc.Variables[child.Value.Raw]; !given {
					continue
				}
			}
			entries = append(entries, entry{child.Name, c.input(child.Value)})
		}
		return entries, nil
	}
	values, ok := in.value.(map[string]any)
	if !ok {
		return nil, unplanned("argument")
	}
	for name, value := range values {
		entries = append(entries, entry{name, in.inside(name, value)})
	}
	slices.SortFunc(entries, func(a, b entry) int { return compare(a.name, b.name) })
	return entries, nil
}

// list gives the elements; a value that is no list is a list of one.
func (c *compiler) list(in input) []input {
	if in.literal != nil && in.literal.Kind == ast.ListValue {
		inputs := make([]input, len(in.literal.Children))
		for i, child := range in.literal.Children {
			inputs[i] = c.input(child.Value)
		}
		return inputs
	}
	if values, ok := in.value.([]any); ok && in.literal == nil {
		inputs := make([]input, len(values))
		for i, value := range values {
			inputs[i] = in.inside(i, value)
		}
		return inputs
	}
	return []input{in}
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// dig finds what is at the end of the path; a value in the place of a list is its
// only element.
func dig(value any, path []any) any {
	for _, key := range path {
		switch key := key.(type) {
		case string:
			object, _ := value.(map[string]any)
			value = object[key]
		case int:
			if list, ok := value.([]any); ok {
				value = list[key]
			}
		}
	}
	return value
}

// reader reads the value of a scalar as the executor does.
type reader func(ctx context.Context, v any) (any, error)

func reads[T any](read func(context.Context, any) (T, error)) reader {
	return func(ctx context.Context, v any) (any, error) { return read(ctx, v) }
}

var readers = map[string]reader{
	"ID":      reads(scalar.UnmarshalID),
	"Time":    reads(scalar.UnmarshalTime),
	"Date":    reads(scalar.UnmarshalDate),
	"Int":     reads(scalar.UnmarshalInt),
	"Int64":   reads(scalar.UnmarshalInt64),
	"Boolean": func(_ context.Context, v any) (any, error) { return graphql.UnmarshalBoolean(v) },
	"String":  func(_ context.Context, v any) (any, error) { return graphql.UnmarshalString(v) },
}

// reader finds how values of the named type are read; enums are texts, which
// validation has looked at.
func (e *Engine) reader(name string) (reader, error) {
	if r := readers[name]; r != nil {
		return r, nil
	}
	if def := e.schema.Types[name]; def != nil && def.Kind == ast.Enum {
		return readers["String"], nil
	}
	return nil, unplanned("argument of type " + name)
}

// place gives the place of a value. One of the document is read now; one of a
// variable at each request, since a plan must not rest on it.
func (c *compiler) place(in input, read reader) (*place, error) {
	if in.literal != nil {
		v, err := read(c.ctx, in.value)
		if err != nil {
			return nil, unplanned("argument")
		}
		return constant(v), nil
	}
	return &place{func(r *run) (any, error) {
		v := dig(r.variables[in.variable], in.path)
		if v == nil {
			return nil, errDropped
		}
		return read(r.ctx, v)
	}}, nil
}

// text is a place for a text that the predicate changes before it compares, as it
// does with the signs of LIKE.
func (c *compiler) text(in input, change func(string) any) (*place, error) {
	p, err := c.place(in, readers["String"])
	if err != nil {
		return nil, err
	}
	return &place{func(r *run) (any, error) {
		v, err := p.value(r)
		if err != nil {
			return nil, err
		}
		return change(v.(string)), nil
	}}, nil
}
