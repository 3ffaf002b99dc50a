package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"clinicgraph/graph/generated"
	"clinicgraph/graph/transport"
	"clinicgraph/internal/fault"
)

// Documents are the trusted documents by their ids: with them, nothing else is
// executed. Nil lets every document in.
type Documents map[string]string

// ReadDocuments reads a manifest: one JSON object from the id of a document to
// its text, as the client preset of GraphQL Code Generator
// (persisted-documents.json) and relay-compiler (persistConfig.file) write it.
// The id is opaque: each of them hashes in its own way. Every document must be
// one that the graph would execute within the limits (zero: DefaultLimits); the
// error is one line.
func ReadDocuments(manifest []byte, limits Limits) (Documents, error) {
	if limits == (Limits{}) {
		limits = DefaultLimits()
	}
	object, err := transport.ReadObject(manifest, limits.JSONDepth)
	if err != nil {
		return nil, errors.New("is not one JSON object from ids to documents")
	}
	if len(object) == 0 {
		return nil, errors.New("lists no document")
	}
	schema := served(generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema())
	documents := Documents{}
	for _, id := range slices.Sorted(maps.Keys(object)) { // the same error each time
		text, ok := object[id].(string)
		if !ok || id == "" {
			return nil, fmt.Errorf("has %q, which is not the text of a document", id)
		}
		if err := executable(schema, text, limits); err != nil {
			return nil, fmt.Errorf("has the document %q, which the graph does not execute: %s", id, err.Message)
		}
		documents[id] = text
	}
	return documents, nil
}

// executable gives the first error of a document.
func executable(schema *ast.Schema, text string, limits Limits) *gqlerror.Error {
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, limits.Tokens)
	if err != nil {
		return gqlerror.Wrap(err)
	}
	if len(document.Operations) == 0 {
		return gqlerror.Errorf("it has no operation")
	}
	if err := limits.shape(document); err != nil {
		return err
	}
	if errs := validator.ValidateWithRules(schema, document, validation(true, limits.Errors)()); len(errs) > 0 {
		return errs[0]
	}
	return nil
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
} = Documents(nil)

// ExtensionName implements graphql.HandlerExtension.
func (Documents) ExtensionName() string { return "TrustedDocuments" }

// Validate implements graphql.HandlerExtension.
func (Documents) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters implements graphql.OperationParameterMutator: it puts
// the text of the document that the request names in its place.
func (d Documents) MutateOperationParameters(_ context.Context, request *graphql.RawParams) *gqlerror.Error {
	id, path, err := documentID(request.Extensions)
	switch {
	case err != nil:
		return gqlerror.Wrap(err)
	case id == "" && d == nil:
		return nil
	case id == "":
		return gqlerror.Wrap(fault.Invalid("query", "This server executes listed documents only. Send the documentId of one."))
	case d == nil && request.Query != "":
		return nil // clients send the id along with the text
	}
	text, listed := d[id]
	if !listed {
		return gqlerror.Wrap(fault.Invalid(path, "This server has no document of this id."))
	}
	if request.Query != "" && request.Query != text {
		return gqlerror.Wrap(fault.Invalid("query", "The query is not the document of this id. Send the id alone."))
	}
	request.Query = text
	return nil
}

// documentID finds the id of a document, and the parameter that it stands in:
// documentId (GraphQL over HTTP, "Persisted Documents") or Apollo's
// extensions.persistedQuery.sha256Hash.
func documentID(extensions map[string]any) (id, path string, err error) {
	id, _ = extensions[transport.DocumentID].(string)
	if id != "" {
		return id, transport.DocumentID, nil
	}
	persisted := extensions["persistedQuery"]
	if persisted == nil {
		return "", "", nil
	}
	const at = "extensions.persistedQuery.sha256Hash"
	object, _ := persisted.(map[string]any)
	if id, _ = object["sha256Hash"].(string); id == "" {
		return "", at, fault.Invalid(at, "The id of a document is a string that is not empty.")
	}
	return id, at, nil
}
