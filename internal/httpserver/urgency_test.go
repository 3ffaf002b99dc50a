package httpserver

import (
	"encoding/json"
	"strings"
	"testing"

	"clinicgraph/internal/admission"
)

func TestUrgency_is_read_off_the_document(t *testing.T) {
	s := &Server{Documents: map[string]string{"abc": "mutation Log { logout { loggedOut } }"}}
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
		if got, _ := s.urgency([]byte(body)); got != want {
			t.Errorf("%.90s: %d, want %d", body, got, want)
		}
	}
	_, one := s.urgency([]byte(`{"query": "{ a }", "variables": {"x": 1}}`))
	_, two := s.urgency([]byte(`{"query": "{ a }", "variables": {"x": 2}}`))
	_, other := s.urgency([]byte(`{"query": "{ b }"}`))
	if one != two || one == other || one == 0 {
		t.Errorf("kinds %d, %d, %d", one, two, other)
	}
}
