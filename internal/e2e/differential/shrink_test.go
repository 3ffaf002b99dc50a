package differential

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// mostTries bounds how often a document is asked while it is shrunk.
const mostTries = 400

// shrink takes away from a document whatever it differs without.
func shrink(d document, differs func(document) bool) document {
	tries := 0
	for smaller := true; smaller; {
		smaller = false
		for n := 0; tries < mostTries; {
			candidate, more := d.without(n)
			if !more {
				break
			}
			tries++
			if differs(candidate) {
				d, smaller = candidate, true
			} else {
				n++
			}
		}
	}
	return d
}

// without gives the document without the n-th of what can be taken away from it;
// false where there is no n-th. What is no document cannot be made smaller.
func (d document) without(n int) (document, bool) {
	parsed, err := parser.ParseQuery(&ast.Source{Input: d.Query})
	if err != nil {
		return d, false
	}
	c := &cut{left: n}
	for _, o := range parsed.Operations {
		c.set(&o.SelectionSet, parsed)
	}
	for _, f := range parsed.Fragments {
		c.set(&f.SelectionSet, parsed)
	}
	var variables map[string]any
	_ = json.Unmarshal(d.Variables, &variables)
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		variables[name] = c.json(variables[name])
	}
	for _, o := range parsed.Operations {
		for _, v := range o.VariableDefinitions {
			c.now(func() { v.DefaultValue = nil })
		}
	}
	if c.left >= 0 {
		return d, false
	}
	tidy(parsed, variables)
	smaller := d
	smaller.Query, smaller.Variables = printed(parsed), nil
	if len(variables) > 0 {
		smaller.Variables, _ = json.Marshal(variables)
	}
	return smaller, true
}

// printed gives a document as text, without what it does not use.
func printed(doc *ast.QueryDocument) string {
	tidy(doc, nil)
	var text strings.Builder
	formatter.NewFormatter(&text, formatter.WithIndent("  ")).FormatQueryDocument(doc)
	return text.String()
}

// cut takes one thing away when left reaches it.
type cut struct{ left int }

func (c *cut) now(do func()) {
	if c.left == 0 {
		do()
	}
	c.left--
}

func (c *cut) set(set *ast.SelectionSet, doc *ast.QueryDocument) {
	if c.left < 0 {
		return
	}
	for i := range *set {
		if len(*set) > 1 {
			c.now(func() { *set = slices.Delete(*set, i, i+1) })
		}
		if c.left < 0 {
			return
		}
		switch s := (*set)[i].(type) {
		case *ast.Field:
			for k := range s.Arguments {
				c.now(func() { s.Arguments = slices.Delete(s.Arguments, k, k+1) })
				if c.left < 0 {
					return
				}
				c.value(s.Arguments[k].Value)
			}
			for k := range s.Directives {
				c.now(func() { s.Directives = slices.Delete(s.Directives, k, k+1) })
				if c.left < 0 {
					return
				}
			}
			if s.Alias != s.Name {
				c.now(func() { s.Alias = s.Name })
			}
			c.set(&s.SelectionSet, doc)
		case *ast.InlineFragment:
			c.now(func() { *set = slices.Replace(*set, i, i+1, s.SelectionSet...) })
			if len(s.Directives) > 0 {
				c.now(func() { s.Directives = nil })
			}
			c.set(&s.SelectionSet, doc)
		case *ast.FragmentSpread:
			if f := doc.Fragments.ForName(s.Name); f != nil {
				c.now(func() { *set = slices.Replace(*set, i, i+1, f.SelectionSet...) })
			}
			if len(s.Directives) > 0 {
				c.now(func() { s.Directives = nil })
			}
		}
		if c.left < 0 {
			return
		}
	}
}

// value takes a part of a literal away.
func (c *cut) value(v *ast.Value) {
	for i := range v.Children {
		c.now(func() { v.Children = slices.Delete(v.Children, i, i+1) })
		if c.left < 0 {
			return
		}
		c.value(v.Children[i].Value)
		if c.left < 0 {
			return
		}
	}
}

// json takes a part of a variable away.
func (c *cut) json(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			c.now(func() { delete(v, key) })
			if c.left < 0 {
				return v
			}
			v[key] = c.json(v[key])
		}
	case []any:
		for i := range v {
			c.now(func() { value = slices.Delete(v, i, i+1) })
			if c.left < 0 {
				return value
			}
			v[i] = c.json(v[i])
		}
	}
	return value
}

// tidy leaves out the fragments and variables that nothing uses any more.
func tidy(doc *ast.QueryDocument, variables map[string]any) {
	spread, used := map[string]bool{}, map[string]bool{}
	var sets func(ast.SelectionSet)
	var values func(*ast.Value)
	values = func(v *ast.Value) {
		if v.Kind == ast.Variable {
			used[v.Raw] = true
		}
		for _, child := range v.Children {
			values(child.Value)
		}
	}
	directives := func(list ast.DirectiveList) {
		for _, d := range list {
			for _, a := range d.Arguments {
				values(a.Value)
			}
		}
	}
	sets = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				for _, a := range s.Arguments {
					values(a.Value)
				}
				directives(s.Directives)
				sets(s.SelectionSet)
			case *ast.InlineFragment:
				directives(s.Directives)
				sets(s.SelectionSet)
			case *ast.FragmentSpread:
				directives(s.Directives)
				if f := doc.Fragments.ForName(s.Name); f != nil && !spread[s.Name] {
					spread[s.Name] = true
					sets(f.SelectionSet)
				}
			}
		}
	}
	for _, o := range doc.Operations {
		sets(o.SelectionSet)
	}
	doc.Fragments = slices.DeleteFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool { return !spread[f.Name] })
	for _, o := range doc.Operations {
		o.VariableDefinitions = slices.DeleteFunc(o.VariableDefinitions, func(v *ast.VariableDefinition) bool { return !used[v.Variable] })
	}
	maps.DeleteFunc(variables, func(name string, _ any) bool { return !used[name] })
}
