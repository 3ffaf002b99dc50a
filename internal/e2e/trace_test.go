package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// spans keeps the spans that have ended, and says when a tree is whole.
type spans struct {
	*tracetest.SpanRecorder
	roots chan sdk.ReadOnlySpan
}

// OnEnd implements sdk.SpanProcessor.
func (s *spans) OnEnd(span sdk.ReadOnlySpan) {
	s.SpanRecorder.OnEnd(span)
	if !span.Parent().IsValid() {
		s.roots <- span
	}
}

// traced opens a clinic whose traces are kept.
func traced(t *testing.T, d string) (*clinic, *spans) {
	t.Helper()
	kept := &spans{tracetest.NewSpanRecorder(), make(chan sdk.ReadOnlySpan, 1000)}
	return openWith(t, d, func(_ *config.Config, o *app.Options) { o.Spans = kept }), kept
}

// tree gives the tree of the next request: its root, and all that is below.
func (s *spans) tree(t *testing.T) (root sdk.ReadOnlySpan, rest []sdk.ReadOnlySpan) {
	t.Helper()
	select {
	case root = <-s.roots:
	case <-time.After(time.Minute):
		t.Fatal("no request has ended in a minute")
	}
	for _, span := range s.Ended() {
		if span.SpanContext().TraceID() == root.SpanContext().TraceID() && span != root {
			rest = append(rest, span)
		}
	}
	return root, rest
}

func attributeOf(span sdk.ReadOnlySpan, key attribute.Key) string {
	for _, a := range span.Attributes() {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

// TestARequestIsOneTreeOfSpans: HTTP, in it the operation, in that the SQL.
func TestARequestIsOneTreeOfSpans(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, kept := traced(t, d)
			me := c.as(customerA)
			kept.tree(t) // signing in
			me.header, me.value = "Traceparent", "00-11111111111111111111111111111111-2222222222222222-01"
			a := me.do(`query Mine { bookings { totalCount } }`).ok()
			root, rest := kept.tree(t)
			if root.Name() != "POST /graphql" || attributeOf(root, "http.response.status_code") != "200" || attributeOf(root, "clinicgraph.request_id") != a.header.Get("X-Request-Id") {
				t.Errorf("the root is %s %v", root.Name(), root.Attributes())
			}
			if got := root.SpanContext().TraceID().String(); strings.HasPrefix(got, "1111") || len(root.Links()) != 1 {
				t.Errorf("the client's trace is joined: %s, links %v", got, root.Links())
			}
			i := slices.IndexFunc(rest, func(s sdk.ReadOnlySpan) bool { return s.Name() == "query bookings" })
			if i < 0 {
				t.Fatalf("no span of the operation among %d", len(rest))
			}
			operation, below := rest[i], 0
			if operation.Parent().SpanID() != root.SpanContext().SpanID() || attributeOf(operation, "clinicgraph.outcome") != "OK" {
				t.Errorf("the operation's parent is %s; %v", operation.Parent().SpanID(), operation.Attributes())
			}
			for _, span := range rest {
				if span.Name() != "SELECT" {
					continue
				}
				if span.Parent().SpanID() == operation.SpanContext().SpanID() {
					below++
				} else if span.Parent().SpanID() != root.SpanContext().SpanID() { // reading the session
					t.Errorf("a statement hangs on %s", span.Parent().SpanID())
				}
				if span.EndTime().Before(span.StartTime()) || !strings.Contains(attributeOf(span, "db.query.text"), "SELECT") {
					t.Errorf("a statement: %v", span.Attributes())
				}
			}
			if below == 0 {
				t.Error("no statement hangs on the operation")
			}
			// One that is refused before it runs is a span of HTTP alone.
			me.do(`{ nothing }`)
			root, rest = kept.tree(t)
			if attributeOf(root, "clinicgraph.outcome") != "GRAPHQL_VALIDATION_FAILED" || slices.ContainsFunc(rest, func(s sdk.ReadOnlySpan) bool { return strings.HasPrefix(s.Name(), "query") }) {
				t.Errorf("refused: %v and %d more", root.Attributes(), len(rest))
			}
			if d == dialect.SQLite && attributeOf(operation, "db.system.name") != "" {
				t.Error("an operation is no statement")
			}
		})
	}
}

// TestAJobIsATreeOfItsOwn: the statements of its verb hang on it, and what the
// queue itself asks of the database is traced nowhere.
func TestAJobIsATreeOfItsOwn(t *testing.T) {
	c, kept := traced(t, dialect.SQLite)
	if err := c.app.Jobs.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, rest := kept.tree(t)
	for root.Name() != "job expire-bookings" {
		root, rest = kept.tree(t)
	}
	if err := c.app.Jobs.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if len(rest) == 0 || attributeOf(root, "clinicgraph.job") != "expire-bookings" {
		t.Errorf("%d statements; %v", len(rest), root.Attributes())
	}
	for _, span := range kept.Ended() {
		if !span.Parent().IsValid() && !strings.HasPrefix(span.Name(), "job ") || strings.Contains(attributeOf(span, "db.query.text"), "river_") {
			t.Errorf("%s is traced: %s", span.Name(), attributeOf(span, "db.query.text"))
		}
	}
}
