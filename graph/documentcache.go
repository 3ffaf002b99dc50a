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
	standingBytes = 512      // memory of what is known of an operation
)

// documents keeps parsed and validated documents by their text, with what the text
// alone says of their operations. Only what has passed every limit is kept, so that
// documents that will never run do not push out those that do; it forgets what is
// rarely asked for first.
type documents struct {
	cache *otter.Cache[string, *document]
}

// document is a document that has passed. Nobody changes it.
type document struct {
	*ast.QueryDocument
	operations []*standing
}

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

func newDocuments() *documents {
	return &documents{otter.Must(&otter.Options[string, *document]{MaximumWeight: keptDocuments, Weigher: weigh})}
}

// Get gives the document with this text.
func (d *documents) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	found, ok := d.cache.GetIfPresent(text)
	if !ok {
		return nil, false
	}
	return found.QueryDocument, true
}

// of gives what is known of an operation of the document with this text; nil where
// it is not kept, or read once more by another request at the same time.
func (d *documents) of(text string, operation *ast.OperationDefinition) *standing {
	found, ok := d.cache.GetIfPresent(text)
	if !ok {
		return nil
	}
	for _, s := range found.operations {
		if s.definition == operation {
			return s
		}
	}
	return nil
}

// limited gives the variables with limits of the operation of that name, where the
// document with this text is known.
func (d *documents) limited(text, name string) (_ ast.VariableDefinitionList, known bool) {
	found, ok := d.cache.GetIfPresent(text)
	if !ok {
		return nil, false
	}
	operation := found.Operations.ForName(name)
	for _, s := range found.operations {
		if s.definition == operation {
			return s.limited, true
		}
	}
	return nil, true // there is no such operation: the executor says so
}

// Add is called by the executor as soon as a document is valid, which is too
// early: keep is called after the limits.
func (*documents) Add(context.Context, string, *ast.QueryDocument) {}

// keep remembers a document that has passed; stand says what is known of each of its
// operations.
func (d *documents) keep(text string, doc *ast.QueryDocument, stand func(*ast.OperationDefinition) *standing) {
	if len(text) > keptDocument {
		return
	}
	kept := &document{QueryDocument: doc}
	for _, operation := range doc.Operations {
		kept.operations = append(kept.operations, stand(operation))
	}
	d.cache.SetIfAbsent(text, kept)
}

// weigh estimates the memory of a document: a short text can have many nodes.
func weigh(text string, doc *document) uint32 {
	nodes := 1
	for _, op := range doc.Operations {
		nodes += 1 + 3*len(op.VariableDefinitions) + weighSet(op.SelectionSet)
	}
	for _, f := range doc.Fragments {
		nodes += 1 + weighSet(f.SelectionSet)
	}
	return uint32(len(text) + nodes*nodeBytes + len(doc.operations)*standingBytes)
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
