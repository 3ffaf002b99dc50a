package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/internal/fault"
)

// GET answers queries whose parameters are in the address (GraphQL over HTTP,
// "GET"), under the rules of POST. How long an address may be says the limit of the
// header. Add it in front of POST.
type GET struct {
	Depth   int // levels of JSON, as in a body: the request is the first
	Recover graphql.RecoverFunc
}

var _ graphql.Transport = GET{}

// Supports implements graphql.Transport.
func (GET) Supports(r *http.Request) bool { return r.Method == http.MethodGet }

// Do implements graphql.Transport.
func (g GET) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	respond(w, r.WithContext(context.WithValue(r.Context(), safeKey{}, true)), exec, g.Recover, g.read)
}

type safeKey struct{}

// Safe says whether a request came by a method that must change nothing (RFC 9110,
// section 9.2.1).
func Safe(ctx context.Context) bool { return ctx.Value(safeKey{}) != nil }

// QueriesByGET is an extension that refuses whatever else comes by GET, before it is
// charged for. GET answers it with 405.
type QueriesByGET struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = QueriesByGET{}

// ExtensionName implements graphql.HandlerExtension.
func (QueriesByGET) ExtensionName() string { return "QueriesByGET" }

// Validate implements graphql.HandlerExtension.
func (QueriesByGET) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (QueriesByGET) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	if Safe(ctx) && oc.Operation.Operation != ast.Query {
		return gqlerror.Wrap(fault.New(fault.CodeBadUserInput, "Only queries are asked with GET. Send this operation with POST."))
	}
	return nil
}

// read reads the parameters of the address.
func (g GET) read(_ http.ResponseWriter, r *http.Request, acceptable bool) (*graphql.RawParams, *refusal) {
	start := graphql.Now()
	if !acceptable {
		return nil, notAcceptable
	}
	if r.ContentLength != 0 {
		return nil, &refusal{http.StatusBadRequest, fault.New(fault.CodeBadUserInput, "A query that is asked with GET has no body.")}
	}
	sent, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil { // its text repeats what was sent
		return nil, &refusal{http.StatusBadRequest, fault.New(fault.CodeBadUserInput, "The address is not one with parameters.")}
	}
	params, err := QueryParams(sent, g.Depth)
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, err}
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

// QueryParams is ReadParams of the parameters of an address. Each is there at most
// once, and an empty one is as good as none.
func QueryParams(sent url.Values, depth int) (*graphql.RawParams, error) {
	object := map[string]any{}
	for name, values := range sent {
		text := values[0]
		switch name {
		case "query", "operationName", DocumentID, "variables", "extensions":
		default:
			continue
		}
		if len(values) > 1 {
			return nil, fault.Invalid(name, "%s is there twice.", name)
		}
		if !utf8.ValidString(text) {
			return nil, fault.Invalid(name, "%s is not in UTF-8.", name)
		}
		if text == "" || text == "null" && (name == "variables" || name == "extensions") {
			continue
		}
		object[name] = text
		if name == "variables" || name == "extensions" {
			inner, err := ReadObject([]byte(text), depth-1)
			if err != nil {
				return nil, inParameter(name, err)
			}
			object[name] = inner
		}
	}
	return ParamsOf(object)
}

// inParameter names the parameter that cannot be read.
func inParameter(name string, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Message != malformed {
		return fault.Invalid(name, "%s", f.Message)
	}
	return fault.Invalid(name, "%s must be an object in JSON.", name)
}
