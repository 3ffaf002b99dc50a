package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// The bounds of the documents that are kept.
const (
	keptDocument  = 8 << 10  // longest document, in bytes
	keptDocuments = 16 << 20 // memory of all, in bytes, by estimate
	nodeBytes     = 320      // memory of a node of a parsed document
)

// documents keeps parsed and validated documents by their text. Only what has
// passed every limit is kept, so that documents that will never run do not push
// out those that do; it forgets what is rarely asked for first.
type documents struct {
	cache *otter.Cache[string, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

func newDocuments() *documents {
	return &documents{otter.Must(&otter.Options[string, *ast.QueryDocument]{MaximumWeight: keptDocuments, Weigher: weigh})}
}

// Get gives the document with this text.
func (d *documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	return d.cache.GetIfPresent(text)
}

// Add is called by the executor as soon as a document is valid, which is too
// early: keep is called after the limits.
func (*documents) Add(context.Context, string, *ast.QueryDocument) {}

// keep remembers a document that has passed.
func (d *documents) keep(text string, doc *ast.QueryDocument) {
	if len(text) <= keptDocument {
		d.cache.SetIfAbsent(text, doc)
	}
}

// weigh estimates the memory of a document: a short text can have many nodes.
func weigh(text string, doc *ast.QueryDocument) uint32 {
	nodes := 1
	for _, op := range doc.Operations {
		nodes += 1 + 3*len(op.VariableDefinitions) + weighSet(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		nodes += 1 + weighSet(f.SelectionSet)
	}
	return uint32(len(text) + nodes*nodeBytes)
}

func weighSet(set ast.SelectionSet) (nodes int) {
	for _, selection := range set {
		nodes++
		switch it := selection.(type) {
		case *ast.Field:
			nodes += len(it.Directives) + weighSet(it.SelectionSet)
			for _, arg := range it.Arguments {
				nodes += 1 + weighValue(arg.Value)
			}
		case *ast.InlineFragment:
			nodes += len(it.Directives) + weighSet(it.SelectionSet)
		case *ast.FragmentSpread:
			nodes += len(it.Directives)
		}
	}
	return nodes
}

func weighValue(value *ast.Value) (nodes int) {
	nodes = 1
	for _, child := range value.Children {
		nodes += weighValue(child.Value)
	}
	return nodes
}
