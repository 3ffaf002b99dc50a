package httpserver

import (
	"bytes"
	"hash/maphash"
	"net/http"
	"net/url"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/admission"
	"clinicgraph/internal/fault"
)

// withAdmission lets in as many requests as the server can work on, and the most
// urgent first. The others are told to come again, before anybody has asked who
// they are: under overload saying no must cost next to nothing.
//
// The body is read before a place is taken and the place is given back when the
// answer begins, so a slow client holds no place, and neither does a socket or a
// stream while nothing happens on it.
func (s *Server) withAdmission(next http.Handler) http.Handler {
	if s.Gate == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := readAhead(r)
		defer body.release()
		if s.Gate.Full() && !mayBeUrgent(body.text()) {
			refuse(w, r, http.StatusServiceUnavailable, admission.Overloaded())
			return
		}
		priority, kind := s.urgency(s.look(body))
		if s.queryByGET(r) {
			priority, kind = s.urgencyOfQuery(r.URL.Query())
		}
		pass, err := s.Gate.Enter(r.Context(), priority, kind)
		if err != nil {
			f, ok := fault.As(err)
			if !ok { // the client has gone: nobody reads the answer
				f = fault.New(fault.CodeOverloaded, "The request was given up.")
			}
			refuse(w, r, http.StatusServiceUnavailable, f)
			return
		}
		defer pass.Leave()
		next.ServeHTTP(herald(w, func(http.Header) { pass.Leave() }), r)
	})
}

// mayBeUrgent is false for what is surely a read or a report.
func mayBeUrgent(body []byte) bool {
	return bytes.Contains(body, []byte("mutation")) || bytes.Contains(body, []byte(`"documentId"`)) || bytes.Contains(body, []byte(`"persistedQuery"`))
}

// longest is how long a body may be to be looked into: longer than a document.
const longest = 32 << 10

// reports are the root fields that read long histories. They can wait.
var reports = []string{"operationLogs", "auditLogs"}

// urgency says how urgent a request is, and which kind it is of: the same
// document is the same kind. It does not judge whether the request is any good.
//
// Words in the text are enough to tell mutations and reports: who lies about a
// read gains a place before other reads. A place before everybody is only for
// what is nothing but refreshSession.
func (s *Server) urgency(request *graphql.RawParams) (admission.Priority, uint32) {
	if request == nil {
		return admission.Read, 0
	}
	text := request.Query
	if text == "" {
		text = s.Documents[documentID(request.Extensions)]
	}
	if text == "" {
		return admission.Read, 0
	}
	kind := max(uint32(maphash.String(kinds, text)), 1)
	switch {
	case strings.Contains(text, "refreshSession") && refreshes(text):
		return admission.Refresh, kind
	case strings.Contains(text, "mutation"):
		return admission.Mutation, kind
	case containsAny(text, reports):
		return admission.Report, kind
	default:
		return admission.Read, kind
	}
}

// queryByGET says whether a request is one for a query by GET, which is served.
func (s *Server) queryByGET(r *http.Request) bool {
	return s.GET && r.Method == http.MethodGet && r.Header.Get("Upgrade") == ""
}

// urgencyOfQuery is urgency of what came by GET. A mutation does not: it gains
// nothing by trying.
func (s *Server) urgencyOfQuery(sent url.Values) (admission.Priority, uint32) {
	request, err := transport.QueryParams(sent, s.JSONDepth)
	if err != nil {
		return admission.Read, 0
	}
	priority, kind := s.urgency(request)
	return max(priority, admission.Read), kind
}

// kinds tells documents apart, in this process.
var kinds = maphash.MakeSeed()

// look reads the parameters of a request, unless they are long; nil is for what
// cannot be read. They are read once: the graph takes what was found.
func (s *Server) look(body *ahead) *graphql.RawParams {
	if n := len(body.text()); n == 0 || n > longest {
		return nil
	}
	params, err := body.Params(s.JSONDepth)
	if err != nil {
		return nil
	}
	return params
}

// documentID is the id of a trusted document, in either of the places that there
// are for it.
func documentID(extensions map[string]any) string {
	id, _ := extensions[transport.DocumentID].(string)
	if id == "" {
		persisted, _ := extensions["persistedQuery"].(map[string]any)
		id, _ = persisted["sha256Hash"].(string)
	}
	return id
}

// refreshes says whether a document does nothing but refresh the session.
func refreshes(text string) bool {
	const tokens = 200
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, tokens)
	if err != nil || len(doc.Operations) != 1 || len(doc.Operations[0].SelectionSet) != 1 {
		return false
	}
	field, ok := doc.Operations[0].SelectionSet[0].(*ast.Field)
	return ok && doc.Operations[0].Operation == ast.Mutation && field.Name == "refreshSession"
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}
