package transport

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/internal/fault"
)

// DocumentID is where ReadParams leaves the id of a trusted document in the
// extensions of a request.
const DocumentID = "documentId"

// malformed is all that is said about a body that cannot be read. What was in
// it is not repeated: it may be a password.
const malformed = "The body is not a request in JSON: {\"query\": …, \"variables\": …, \"operationName\": …}."

// ReadParams reads the parameters of a request (GraphQL over HTTP, "Request
// Parameters"): one JSON object in UTF-8 (RFC 8259) and nothing after it, with
// no key twice in one object and at most depth levels, the object of the request
// being the first. Numbers stay json.Number.
// Parameters beyond the known ones are left out. The error is a BAD_USER_INPUT
// that repeats nothing of the body.
func ReadParams(body []byte, depth int) (*graphql.RawParams, error) {
	object, err := ReadObject(body, depth)
	if err != nil {
		return nil, err
	}
	return ParamsOf(object)
}

// ParamsOf is ReadParams of an object that has been read, such as the payload of
// a message.
func ParamsOf(object map[string]any) (*graphql.RawParams, error) {
	p := &graphql.RawParams{}
	var id string
	for _, read := range []error{
		parameter(object, "query", "a string", &p.Query),
		parameter(object, "operationName", "a string", &p.OperationName),
		parameter(object, "variables", "an object", &p.Variables),
		parameter(object, "extensions", "an object", &p.Extensions),
		parameter(object, DocumentID, "a string", &id),
	} {
		if read != nil {
			return nil, read
		}
	}
	if id != "" {
		if p.Extensions == nil {
			p.Extensions = map[string]any{}
		}
		p.Extensions[DocumentID] = id
	}
	if p.Query == "" && id == "" && p.Extensions["persistedQuery"] == nil {
		return nil, fault.Invalid("query", "A request needs a query.")
	}
	return p, nil
}

// parameter reads one parameter; null is as good as none.
func parameter[T any](object map[string]any, name, kind string, into *T) error {
	value := object[name]
	if value == nil {
		return nil
	}
	var ok bool
	if *into, ok = value.(T); !ok {
		return fault.Invalid(name, "%s must be %s.", name, kind)
	}
	return nil
}

// ReadObject reads one JSON object under the rules of ReadParams.
func ReadObject(text []byte, depth int) (map[string]any, error) {
	// The grammar is checked once, by the standard library and without recursion.
	// What follows relies on it.
	if !utf8.Valid(text) || !json.Valid(text) {
		return nil, fault.New(fault.CodeBadUserInput, malformed)
	}
	r := reader{text: text, depth: depth}
	value, err := r.value(1)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fault.New(fault.CodeBadUserInput, malformed)
	}
	return object, nil
}
