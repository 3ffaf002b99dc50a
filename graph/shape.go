package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/internal/fault"
)

// shape refuses a document by its form alone: what can be counted without the
// schema. It visits each node once and comes before validation, which does not.
// The counts are of the text: a fragment counts once however often it is spread.
func (l Limits) shape(doc *ast.QueryDocument) *gqlerror.Error {
	if len(doc.Operations) > l.Operations {
		return tooMany("operations", l.Operations, "Send the one that is to run", doc.Operations[l.Operations].Position)
	}
	if len(doc.Fragments) > l.Fragments {
		return tooMany("fragments", l.Fragments, "Ask for less at once, in several requests", doc.Fragments[l.Fragments].Position)
	}
	s := shaping{limits: l, doc: doc, below: map[string]int{}, seen: map[string]int{}}
	for _, op := range doc.Operations {
		for _, v := range op.VariableDefinitions {
			s.directives(v.Directives)
		}
		s.directives(op.Directives)
		if len(op.SelectionSet) > 0 {
			if 1+s.set(op.SelectionSet) > l.Depth {
				s.refuse(tooMany("nested selection sets", l.Depth, "Ask for what lies deeper in a request of its own", op.Position))
			}
		}
	}
	for _, f := range doc.Fragments { // those that no operation spreads
		s.fragment(f.Name)
	}
	return s.refused
}

func tooMany(what string, limit int, remedy string, at *ast.Position) *gqlerror.Error {
	return refusal(fault.New(fault.CodeTooComplex, "The document has more than %d %s. %s.", limit, what, remedy), at)
}

// shaping is one pass over a document. The first refusal stays.
type shaping struct {
	limits  Limits
	doc     *ast.QueryDocument
	below   map[string]int // selection sets nested below the one of a fragment
	seen    map[string]int // response name → the set that had it last
	sets    int
	again   int
	inline  int
	marks   int
	refused *gqlerror.Error
}

func (s *shaping) refuse(err *gqlerror.Error) {
	if s.refused == nil {
		s.refused = err
	}
}

func (s *shaping) directives(list ast.DirectiveList) {
	if s.marks += len(list); s.marks > s.limits.Directives {
		s.refuse(tooMany("directives", s.limits.Directives, "Leave out what is not wanted instead of excluding it", list[0].Position))
	}
}

// set counts a selection set and gives how many are nested below it.
func (s *shaping) set(set ast.SelectionSet) (below int) {
	s.sets++
	return s.selections(set, s.sets)
}

// selections counts what stands in the set numbered so, directly or in an inline
// fragment.
func (s *shaping) selections(set ast.SelectionSet, number int) (below int) {
	for _, selection := range set {
		if s.refused != nil {
			return below
		}
		switch it := selection.(type) {
		case *ast.Field:
			below = max(below, s.field(it, number))
		case *ast.InlineFragment:
			if s.inline++; s.inline > s.limits.Fragments {
				s.refuse(tooMany("inline fragments", s.limits.Fragments, "Ask for less at once, in several requests", it.Position))
			}
			s.directives(it.Directives)
			// Types that exclude each other may well ask for the same.
			s.sets++
			below = max(below, s.selections(it.SelectionSet, s.sets))
		case *ast.FragmentSpread:
			s.directives(it.Directives)
			below = max(below, s.fragment(it.Name))
		}
	}
	return below
}

func (s *shaping) field(f *ast.Field, set int) (below int) {
	if f.Alias != f.Name || s.seen[f.Alias] == set {
		if s.again++; s.again > s.limits.Aliases {
			s.refuse(tooMany("aliases and repeated fields", s.limits.Aliases, "Ask for each field once, or in several requests", f.Position))
		}
	}
	s.seen[f.Alias] = set
	s.directives(f.Directives)
	if len(f.SelectionSet) == 0 {
		return 0
	}
	below = 1 + s.set(f.SelectionSet)
	if introspects(f) {
		return 0 // tools ask for types of types of types; the answer has a limit of its own
	}
	return below
}

// introspects says whether the field leads into the description of the schema.
func introspects(f *ast.Field) bool { return f.Name == "__schema" || f.Name == "__type" }

// fragment gives how many sets are nested below the one of the fragment. Of one
// that leads back to itself that is not known; validation refuses it.
func (s *shaping) fragment(name string) int {
	if below, visited := s.below[name]; visited {
		return below
	}
	def := s.doc.Fragments.ForName(name)
	if def == nil {
		return 0 // validation says so
	}
	s.below[name] = 0
	s.directives(def.Directives)
	below := s.set(def.SelectionSet)
	s.below[name] = below
	return below
}

// isConnection says whether the type is a page of a list.
func isConnection(name string) bool { return strings.HasSuffix(name, "Connection") }
