package graph_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

const ours = "Something went wrong on our side. Please report the request id."

// secretText is what no client may read.
const secretText = `canary: pq: relation "users" does not exist at /srv/clinic/store.go:12`

// breaking makes statements about the table fail for the time of a call.
func (w *world) breaking(table string, fail func() error, call func()) {
	w.reads.set(func(query string) error {
		if strings.Contains(query, table) {
			return fail()
		}
		return nil
	})
	defer w.reads.set(nil)
	call()
}

func TestErrors_of_the_database_show_nothing_of_it(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 1)
		me := w.as(t, w.admin(t))
		known := id(ids.Booking, 0).String()
		queries := []string{
			`{ x: bookings { edges { node { id } } } }`, `{ x: bookings { totalCount } }`,
			`{ x: booking(id: "` + known + `") { id } }`, `{ x: node(id: "` + known + `") { id } }`, `{ x: nodes(ids: ["` + known + `"]) { id } }`,
			`{ x: customers { edges { node { bookings { totalCount edges { node { id } } } } } } }`, // loaded ahead
		}
		for _, c := range []struct {
			name string
			fail func() error
			want failure
			log  string
		}{
			{"an unknown error", func() error { return errors.New(secretText) }, failed(fault.CodeInternal, ours, 0), "request failed"},
			{"a wrapped one", func() error { return fmt.Errorf("read: %w", errors.New(secretText)) }, failed(fault.CodeInternal, ours, 0), "request failed"},
			{"a lost connection", func() error { return fmt.Errorf("%s: %w", secretText, driver.ErrBadConn) },
				failed(fault.CodeUnavailable, "The database cannot be reached at the moment. Please try again.", 1), "request failed"},
			{"a statement that took too long", func() error { return fmt.Errorf("%s: %w", secretText, context.DeadlineExceeded) },
				failed(fault.CodeUnavailable, "The database took too long. Please try again.", 1), "request failed"},
			{"a panic", func() error { panic(secretText) }, failed(fault.CodeInternal, ours, 0), "panic"},
			{"a panic with an error", func() error { panic(errors.New(secretText)) }, failed(fault.CodeInternal, ours, 0), "panic"},
		} {
			for _, query := range queries {
				w.breaking("bookings", c.fail, func() {
					a := me.ask(query)
					if strings.Contains(a.raw, "canary") || strings.Contains(a.raw, "goroutine") || strings.Contains(a.raw, ".go") {
						t.Errorf("%s tells of its insides: %s", c.name, a.raw)
					}
					if len(a.Errors) != 1 {
						t.Fatalf("%s, %s: %s", c.name, query, a.raw)
					}
					if got := fmt.Sprint(a.Errors[0].Path); !strings.HasPrefix(got, "[x") {
						t.Errorf("%s, %s: at %s", c.name, query, got)
					}
					a.Errors[0].Path = nil
					if diff := cmp.Diff(c.want, a.Errors[0]); diff != "" {
						t.Errorf("%s, %s (-want +got):\n%s", c.name, query, diff)
					}
				})
				if log := w.log.take(); !strings.Contains(log, c.log) || !strings.Contains(log, "canary") || !strings.Contains(log, "request_id="+requestID) {
					t.Errorf("%s: the log does not tell why: %s", c.name, log)
				}
			}
		}
		me.ask(`{ x: bookings { totalCount } }`).ok().want("x.totalCount", `1`)
	})
}

// A client that goes away is no fault of the server's: the log has no error, which
// would wake somebody at night.
func TestErrors_of_a_client_that_has_gone_are_no_errors_in_the_log(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 1)
		for _, gone := range []bool{true, false} {
			me := w.as(t, w.admin(t))
			within, cancel := context.WithCancel(t.Context())
			defer cancel()
			me.within = within
			w.breaking("bookings", func() error {
				if gone {
					cancel()
				}
				return fmt.Errorf("%s: %w", secretText, context.Canceled)
			}, func() { me.ask(`{ x: bookings { totalCount } }`) })
			if log := w.log.take(); strings.Contains(log, "request failed") == gone {
				t.Errorf("gone %t: the log says %q", gone, log)
			}
		}
	})
}

// failed is the whole of an error but for its path.
func failed(code fault.Code, message string, retryAfter int) failure {
	f := failure{Message: message}
	f.Extensions.Code, f.Extensions.Action, f.Extensions.Retryable = code, code.Action(), code.Retryable()
	f.Extensions.RetryAfter, f.Extensions.RequestID = retryAfter, requestID
	return f
}

func TestPanics_in_one_field_leave_the_others(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.diary(t, 1, 1)
		me := w.as(t, w.admin(t))
		w.breaking("bookings", func() error { panic(secretText) }, func() {
			me.ask(`{ one: customers { totalCount } two: customer(id: "`+id(ids.Customer, 0).String()+`") { number a: account { created: createdBookings { totalCount } } b: account { username } } }`).
				refused(fault.CodeInternal, "").want("one.totalCount", `1`).want("two", `{"a":{"created":null},"b":{"username":"user-0"},"number":"C-0"}`)
		})
		w.log.take()
	})
}

func TestErrors_of_the_document_say_what_to_fix(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		for query, code := range map[string]fault.Code{
			`{`:                  fault.CodeGraphQLParseFailed,
			`{ bookings`:         fault.CodeGraphQLParseFailed,
			`query { "canary" }`: fault.CodeGraphQLParseFailed,
			`{ viewer { ` + strings.Repeat("id ", 1000) + `} }`: fault.CodeGraphQLParseFailed, // more tokens than allowed
			`{ nothing }`:  fault.CodeGraphQLValidation,
			`{ bookings }`: fault.CodeGraphQLValidation,
			`{ bookings(first: "x") { totalCount } }`:                          fault.CodeGraphQLValidation,
			`query($n: Int) { bookings(first: $m) { totalCount } }`:            fault.CodeGraphQLValidation,
			`query($id: ID!) { node(id: $id) { id } }`:                         fault.CodeGraphQLValidation,
			`query($n: Int!) { bookings(first: $n) { totalCount } }`:           fault.CodeGraphQLValidation,
			`query A { viewer { mustChangePassword } } query B { __typename }`: fault.CodeGraphQLValidation,
		} {
			a := me.ask(query)
			if e := a.first(); e.Extensions.Code != code || e.Extensions.Action != fault.ActionFixInput || e.Extensions.RequestID != requestID || e.Message == "" {
				t.Errorf("%s\nwant %s, got %s", query, code, a.raw)
			}
		}
		for _, v := range []vars{{"n": "x"}, {"n": 1.5}, {"n": []int{1, 2}}, {"n": nil}, {"n": vars{}}} {
			a := me.ask(`query($n: Int!) { bookings(first: $n) { totalCount } }`, v)
			if len(a.Errors) != 1 || a.first().Extensions.Code != fault.CodeGraphQLValidation && a.first().Extensions.Code != fault.CodeBadUserInput {
				t.Errorf("%v: %s", v, a.raw)
			}
		}
	})
}

// TestErrors_of_the_body_do_not_repeat_it: a body that cannot be read may hold a
// password.
func TestErrors_of_the_body_do_not_repeat_it(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		for _, body := range []string{``, `canary`, `{"query": "canary`, `[{"query": "canary"}]`, `{"query": {"canary": 1}}`, `{"variables": "canary"}`, `{"query": "{ viewer { mustChangePassword } }", "variables": ["canary"]}`} {
			if a := me.send(body).refused(fault.CodeBadUserInput, ""); a.Data != nil || strings.Contains(a.raw, "canary") || a.first().Extensions.RequestID != requestID {
				t.Errorf("%s: %s", body, a.raw)
			}
		}
	})
}

func TestErrors_are_ten_at_most(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		for n, want := range map[int]int{9: 9, 10: 10, 11: 10, 40: 10} {
			var fields strings.Builder
			list := make([]uuid.UUID, n)
			for i := range n {
				fmt.Fprintf(&fields, "nothing%d ", i)
				list[i] = id(ids.Booking, i)
			}
			if a := me.ask(`{ ` + fields.String() + `}`); len(a.Errors) != want || a.Data != nil {
				t.Errorf("%d errors of a document: %s", n, a.raw)
			}
			if a := me.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": list}); len(a.Errors) != want || len(a.list("nodes")) != n {
				t.Errorf("%d errors of fields: %s", n, a.raw)
			}
		}
	})
}

func TestErrors_of_the_caller_say_what_helps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const list = `{ customers { totalCount } }`
		code := func(c caller) failure {
			a := c.ask(list)
			if len(a.Errors) != 1 || a.Data != nil {
				t.Fatalf("%s", a.raw)
			}
			a.Errors[0].Message, a.Errors[0].Path = "", nil
			return a.Errors[0]
		}
		nobody := w.as(t, nil)
		if diff := cmp.Diff(failed(fault.CodeUnauthenticated, "", 0), code(nobody)); diff != "" {
			t.Error(diff)
		}
		late := nobody
		late.bearer = graph.Bearer{Presented: true, Bad: true}
		want := failed(fault.CodeUnauthenticated, "", 0)
		want.Extensions.Action = fault.ActionRefresh
		if diff := cmp.Diff(want, code(late)); diff != "" {
			t.Error(diff)
		}
		poor := w.viewer(t, uuid.Nil)
		if diff := cmp.Diff(failed(fault.CodeForbidden, "", 0), code(w.as(t, poor))); diff != "" {
			t.Error(diff)
		}
		fresh := w.viewer(t, uuid.Nil, may(access.ScopeAny, "*:*")...)
		fresh.MustChangePassword = true
		if diff := cmp.Diff(failed(fault.CodePasswordChangeRequired, "", 0), code(w.as(t, fresh))); diff != "" {
			t.Error(diff)
		}
		// Each refusal is on record, once for each field and permission.
		n := w.store.Client.AuditLog.Query().CountX(access.System(t.Context(), "test"))
		if n != 3 {
			t.Errorf("%d refusals on record, want 3", n)
		}
	})
}

func TestErrors_of_one_refused_field_of_many_rows_are_one_refusal_on_record(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.write(t, func(ctx context.Context, c *ent.Client) {
			for n := range 30 {
				newCustomer(c, n).SetNotes("canary").SaveX(ctx)
			}
		})
		me := w.as(t, w.viewer(t, uuid.Nil, may(access.ScopeAny, access.CustomerRead)...))
		a := me.ask(`{ customers(first: 30) { edges { node { number notes } } } }`)
		if len(a.Errors) != 10 || strings.Contains(a.raw, "canary") {
			t.Errorf("%d errors: %s", len(a.Errors), a.raw)
		}
		if n := w.store.Client.AuditLog.Query().CountX(access.System(t.Context(), "test")); n != 1 {
			t.Errorf("%d refusals on record, want 1", n)
		}
	})
}
