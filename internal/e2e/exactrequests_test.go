package e2e

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"clinicgraph/ent"
)

// quiet are the mutations whose refusal is no event, unless the caller may not do it at
// all: that a visit cannot be had, or something is not there, tells of no attempt.
var quiet = []string{
	"bookAppointment", "cancelBooking", "capturePayment", "redeemReward", "createCustomer", "updateCustomer",
	"markNotificationRead", "nameSession", "renameAuthenticator",
}

// spent are the mutations of which a try that fails uses up what was shown: a ticket, a
// challenge.
var spent = []string{"completeLogin", "signInWithPasskey", "finishPasskeyRegistration"}

// requests has a client's requests pass, one after the other, and holds what each
// changed against the record.
type requests struct {
	http.RoundTripper
	*tally
	mu      sync.Mutex
	changed map[string]int // how many entries each mutation left that went through
}

// exactly has every change of the clinic counted from now on.
func (c *clinic) exactly() *requests {
	c.t.Helper()
	r := &requests{RoundTripper: c.http.Transport, tally: tallied(c.t, c.app.Store.DB), changed: map[string]int{}}
	c.http.Transport = r
	return r
}

// RoundTrip implements http.RoundTripper.
func (r *requests) RoundTrip(q *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	response, sent, shown, err := overheard(r.RoundTripper, q)
	if err != nil {
		return nil, err
	}
	var request struct{ Query string }
	var answer struct{ Errors []failure }
	if json.Unmarshal(sent, &request) != nil || json.Unmarshal(shown, &answer) != nil {
		r.t.Errorf("neither %s nor %s is understood", sent, shown)
		return response, nil
	}
	r.hold(request.Query, strings.TrimPrefix(q.Header.Get("Authorization"), "Bearer "), response.Header.Get("X-Request-Id"), answer.Errors)
	return response, nil
}

// hold holds one request against the record: what it wrote is there once, by whom, for
// whom and under which name; what was refused changed nothing and is there as refused.
func (r *requests) hold(query, token, id string, failed []failure) {
	t := r.t
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: query})
	if err != nil || len(doc.Operations) != 1 {
		t.Errorf("%s: %v", query, err)
		return
	}
	op := doc.Operations[0]
	field := op.SelectionSet[0].(*ast.Field).Name
	entries := r.mustEqual(field)
	user, actingFor := bearer(t, token)
	public := false // whoever proves something acts as who they prove to be
	if f := schema.Mutation.Fields.ForName(field); f != nil {
		public = f.Directives.ForName("public") != nil
	}
	mine := 0
	for _, e := range entries {
		if e.RequestID == "" && strings.HasPrefix(e.Actor, "system:") && e.User == "" {
			continue // what the story arranged before, without a request
		}
		mine++
		who := r.username(e.User)
		if e.User == "" {
			who = e.Actor // the system, or nobody
		}
		if e.RequestID != id || e.Operation != cmp.Or(op.Name, field) || e.Actor != who || e.IP != "127.0.0.1" {
			t.Errorf("%s: the entry of %v is of another request, operation or actor: %+v", field, e.change, e)
		}
		if token == "" || public || e.User == "" && (e.Entity == ent.TypeOneTimeToken || e.Entity == ent.TypeOutboxMessage) {
			continue // nobody's, or the system's own
		}
		if e.User != user || e.ActingFor != actingFor && field != "impersonate" { // which begins to act for somebody
			t.Errorf("%s: %v is on record as of %q for %q, not of %q for %q", field, e.change, e.User, e.ActingFor, user, actingFor)
		}
	}
	if op.Operation != ast.Mutation {
		return
	}
	if len(failed) == 0 {
		r.changed[field] += mine
		return
	}
	code, _ := failed[0].Extensions["code"].(string)
	if code == "SECOND_FACTOR_REQUIRED" {
		return // half of a sign-in, with the ticket for the other half
	}
	if mine > 0 && !slices.Contains(spent, field) {
		t.Errorf("%s was refused with %s and left %d entries", field, code, mine)
	}
	if slices.Contains(quiet, field) && code != "FORBIDDEN" && code != "UNAUTHENTICATED" {
		return
	}
	if r.count(`SELECT count(*) FROM audit_logs WHERE request_id = $1 AND success = $2`, id, false) == 0 {
		t.Errorf("%s was refused with %s, and the audit log does not say so", field, code)
	}
}

// bearer is who acts by an access token, and for whom (RFC 8693).
func bearer(t *testing.T, token string) (user, actingFor string) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", ""
	}
	var claims struct {
		Sub string
		Act struct{ Sub string }
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(body, &claims) != nil {
		t.Errorf("no claims in %s", token)
	}
	if claims.Act.Sub != "" {
		return claims.Act.Sub, claims.Sub
	}
	return claims.Sub, ""
}
