package httpserver

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/admission"
)

func TestUrgency_is_read_off_the_document(t *testing.T) {
	s := &Server{JSONDepth: 32, Documents: map[string]string{"abc": "mutation Log { logout { loggedOut } }"}}
	query := func(text string) string {
		body, err := json.Marshal(map[string]any{"query": text, "variables": map[string]string{"a": "mutation refreshSession"}})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	for body, want := range map[string]admission.Priority{
		query(`mutation { refreshSession(input: {refreshToken: "x"}) { accessToken } }`):                              admission.Refresh,
		query("# again\nmutation R($in: RefreshSessionInput!) { r: refreshSession(input: $in) { accessToken } }"):     admission.Refresh,
		query(`mutation { refreshSession(input: {}) { accessToken } bookAppointment(input: {}) { booking { id } } }`): admission.Mutation,
		query("mutation { bookAppointment(input: {}) { booking { id } } } # refreshSession"):                          admission.Mutation,
		query("{ bookings { totalCount } } # refreshSession"):                                                         admission.Read,
		query("{ refreshSession: viewer { user { id } } }"):                                                           admission.Read,
		query("fragment F on Booking { id } mutation { bookAppointment(input: {}) { booking { ...F } } }"):            admission.Mutation,
		query("{ bookings { totalCount } }"):                                                                          admission.Read,
		query("query Q { operationLogs { totalCount } }"):                                                             admission.Report,
		`{"documentId": "abc"}`: admission.Mutation,
		`{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}}`: admission.Mutation,
		`{"documentId": "unknown"}`: admission.Read,
		`{"query": 7}`:              admission.Read,
		`nonsense`:                  admission.Read,
		``:                          admission.Read,
		query("mutation { a } " + strings.Repeat(" ", longest)): admission.Read,
	} {
		if got, _ := s.urgency(looked(s, body)); got != want {
			t.Errorf("%.90s: %d, want %d", body, got, want)
		}
	}
	_, one := s.urgency(looked(s, `{"query": "{ a }", "variables": {"x": 1}}`))
	_, two := s.urgency(looked(s, `{"query": "{ a }", "variables": {"x": 2}}`))
	_, other := s.urgency(looked(s, `{"query": "{ b }"}`))
	if one != two || one == other || one == 0 {
		t.Errorf("kinds %d, %d, %d", one, two, other)
	}
}

// looked are the parameters of a body, as admission sees them.
func looked(s *Server, body string) *graphql.RawParams {
	return s.look(readAhead(httptest.NewRequest(http.MethodPost, graphPath, strings.NewReader(body))))
}

func TestABodyIsReadOnce(t *testing.T) {
	s := &Server{JSONDepth: 32}
	r := httptest.NewRequest(http.MethodPost, graphPath, strings.NewReader(`{"query": "{ a }"}`))
	body := readAhead(r)
	seen := s.look(body)
	taken, err := r.Body.(transport.ReadAhead).Params(32)
	if seen == nil || seen != taken || err != nil {
		t.Errorf("%v is looked at, %v is run: %v", seen, taken, err)
	}
	if _, err := body.Params(1); err != nil {
		t.Error(err)
	}
	body.release()
	if text, err := io.ReadAll(r.Body); len(text) > 0 || err != nil {
		t.Errorf("%q is left when another request has the memory, %v", text, err)
	}
}
