package httpserver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"hash/fnv"
	"io"
	"net/http"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

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
		if s.Gate.Full() && !mayBeUrgent(body) {
			refuse(w, r, http.StatusServiceUnavailable, admission.Overloaded())
			return
		}
		priority, kind := s.urgency(body)
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
		next.ServeHTTP(&heralded{ResponseWriter: w, before: func(http.Header) { pass.Leave() }}, r)
	})
}

// maxAhead is more than the graph reads of a body.
const maxAhead = 128 << 10

// readAhead reads the body into memory and leaves it in the request to be read
// again, with whatever went wrong. Of one that is too long it reads only the
// beginning, or nothing.
func readAhead(r *http.Request) []byte {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength > maxAhead {
		return nil
	}
	a := &ahead{Closer: r.Body, rest: r.Body, limited: io.LimitedReader{R: r.Body, N: maxAhead}}
	// Room for what the client says will come, and not more than it has likely sent:
	// its word costs it nothing.
	const believed = 8 << 10
	a.Grow(int(min(max(r.ContentLength, 0), believed)) + bytes.MinRead)
	_, a.failed = a.ReadFrom(&a.limited)
	r.Body = a
	return a.Bytes()
}

// ahead is a body of which the beginning is in memory.
type ahead struct {
	bytes.Buffer
	io.Closer
	limited io.LimitedReader
	rest    io.Reader
	failed  error // reading it; nil: the rest can be read on
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	switch {
	case a.Len() > 0:
		return a.Buffer.Read(p)
	case a.failed != nil:
		return 0, a.failed
	default:
		return a.rest.Read(p)
	}
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
func (s *Server) urgency(body []byte) (admission.Priority, uint32) {
	var request struct {
		Query, DocumentID string
		Extensions        struct{ PersistedQuery struct{ SHA256Hash string } }
	}
	if len(body) == 0 || len(body) > longest || json.Unmarshal(body, &request) != nil {
		return admission.Read, 0
	}
	text := request.Query
	if text == "" {
		text = s.Documents[cmp.Or(request.DocumentID, request.Extensions.PersistedQuery.SHA256Hash)]
	}
	if text == "" {
		return admission.Read, 0
	}
	h := fnv.New32a()
	_, _ = io.WriteString(h, text)
	kind := max(h.Sum32(), 1)
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
