package graph

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
)

// mergeSteps bounds how many fields one document may make the rule look at. A
// document of 1,000 tokens without overlaps needs a few hundred.
const mergeSteps = 20_000

// fieldsMerge is the rule "Field Selection Merging" of the GraphQL specification
// (5.3.2): what is answered under one name must be one field with the same
// arguments, and must have one shape even where the types exclude each other.
// It merges the sets of an operation from the root down, as the executor will,
// instead of comparing all pairs; the steps of doing so are bounded.
func fieldsMerge(observers *core.Events, addError core.AddErrFunc) {
	observers.OnOperation(func(w *core.Walker, op *ast.OperationDefinition) {
		m := &merging{schema: w.Schema, addError: addError, alone: map[*ast.Field]bool{}, told: map[*ast.Field]bool{}}
		m.merge([]ast.SelectionSet{op.SelectionSet}, true)
		if m.steps > mergeSteps {
			addError(core.Message("The fields of the operation overlap in too many ways to be checked. Use fewer fragments, or different aliases."), core.At(op.Position))
		}
	})
}

type merging struct {
	schema   *ast.Schema
	addError core.AddErrFunc
	alone    map[*ast.Field]bool // fields whose own selection has been looked at
	told     map[*ast.Field]bool // … that conflict
	steps    int
}

// merge looks at the fields that the sets give together. Sets of types that
// exclude each other need the same shape alone (same is false then).
func (m *merging) merge(sets []ast.SelectionSet, same bool) {
	for _, group := range m.collect(sets) {
		if m.steps > mergeSteps {
			return
		}
		first := group[0]
		if len(group) == 1 {
			if !m.alone[first] && len(first.SelectionSet) > 0 {
				m.alone[first] = true
				m.merge([]ast.SelectionSet{first.SelectionSet}, true)
			}
			continue
		}
		if same {
			m.partitions(group)
		}
		if m.sameShape(group) {
			m.below(group, false)
		}
	}
}

// below merges what the fields select.
func (m *merging) below(group []*ast.Field, same bool) {
	var sets []ast.SelectionSet
	for _, f := range group {
		if len(f.SelectionSet) > 0 {
			sets = append(sets, f.SelectionSet)
		}
	}
	if len(sets) > 0 {
		m.merge(sets, same)
	}
}

// partitions merges those fields of a group that one object can have: those of
// its type together with those of interfaces.
func (m *merging) partitions(group []*ast.Field) {
	var abstract []*ast.Field
	var order []string
	concrete := map[string][]*ast.Field{}
	for _, f := range group {
		if f.ObjectDefinition == nil || f.ObjectDefinition.Kind != ast.Object {
			abstract = append(abstract, f)
			continue
		}
		name := f.ObjectDefinition.Name
		if concrete[name] == nil {
			order = append(order, name)
		}
		concrete[name] = append(concrete[name], f)
	}
	if len(order) == 0 {
		m.one(abstract)
		return
	}
	for _, name := range order {
		m.one(append(concrete[name], abstract...))
	}
}

// one looks at fields that will be answered as one.
func (m *merging) one(group []*ast.Field) {
	first := group[0]
	for _, f := range group[1:] {
		m.steps++
		switch {
		case f.Name != first.Name:
			m.conflict(f, `"`+first.Name+`" and "`+f.Name+`" are different fields`)
			return
		case !sameArguments(first.Arguments, f.Arguments):
			m.conflict(f, "they have differing arguments")
			return
		}
	}
	m.below(group, true)
}

// sameShape says whether the fields of a group have types that one client type
// can hold: the same lists, the same nulls, the same scalar or any object.
func (m *merging) sameShape(group []*ast.Field) bool {
	first := group[0]
	for _, f := range group[1:] {
		m.steps++
		if first.Definition == nil || f.Definition == nil {
			return false // another rule says so
		}
		if !m.sameType(first.Definition.Type, f.Definition.Type) {
			m.conflict(f, `they return conflicting types "`+first.Definition.Type.String()+`" and "`+f.Definition.Type.String()+`"`)
			return false
		}
	}
	return true
}

func (m *merging) sameType(a, b *ast.Type) bool {
	if a.NonNull != b.NonNull || (a.Elem == nil) != (b.Elem == nil) {
		return false
	}
	if a.Elem != nil {
		return m.sameType(a.Elem, b.Elem)
	}
	defA, defB := m.schema.Types[a.NamedType], m.schema.Types[b.NamedType]
	return defA == defB || defA != nil && defB != nil && defA.IsCompositeType() && defB.IsCompositeType()
}

// conflict is told once for a field, by the stricter of its checks.
func (m *merging) conflict(at *ast.Field, why string) {
	if m.told[at] {
		return
	}
	m.told[at] = true
	m.addError(core.Message(`Fields "%s" conflict because %s. Use different aliases on the fields to fetch both if this was intentional.`, at.Alias, why), core.At(at.Position))
}

// collect gives the fields of the sets by the name of the answer, in the order
// of the document, with fragments spread once.
func (m *merging) collect(sets []ast.SelectionSet) [][]*ast.Field {
	var groups [][]*ast.Field
	place := map[string]int{}
	visited := map[string]bool{}
	var walk func(ast.SelectionSet)
	walk = func(set ast.SelectionSet) {
		for _, selection := range set {
			if m.steps++; m.steps > mergeSteps {
				return
			}
			switch it := selection.(type) {
			case *ast.Field:
				i, known := place[it.Alias]
				if !known {
					i = len(groups)
					place[it.Alias] = i
					groups = append(groups, nil)
				}
				groups[i] = append(groups[i], it)
			case *ast.InlineFragment:
				walk(it.SelectionSet)
			case *ast.FragmentSpread:
				if it.Definition != nil && !visited[it.Name] {
					visited[it.Name] = true
					walk(it.Definition.SelectionSet)
				}
			}
		}
	}
	for _, set := range sets {
		walk(set)
	}
	return groups
}

func sameArguments(a, b ast.ArgumentList) bool {
	if len(a) != len(b) {
		return false
	}
	for _, arg := range a {
		other := b.ForName(arg.Name)
		if other == nil || !sameValue(arg.Value, other.Value) {
			return false
		}
	}
	return true
}

// sameValue compares values as they are written; the fields of an object may
// stand in another order.
func sameValue(a, b *ast.Value) bool {
	if a.Kind != b.Kind || a.Raw != b.Raw || len(a.Children) != len(b.Children) {
		return false
	}
	for i, child := range a.Children {
		other := b.Children[i].Value
		if a.Kind == ast.ObjectValue {
			other = b.Children.ForName(child.Name)
		}
		if other == nil || !sameValue(child.Value, other) {
			return false
		}
	}
	return true
}
