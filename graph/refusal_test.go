package graph

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// TestARefusalWrittenByHandIsWhatTheEncoderWrites holds encodeRefusal to the form
// of every other error, to the byte.
func TestARefusalWrittenByHandIsWhatTheEncoderWrites(t *testing.T) {
	for _, code := range fault.Codes() {
		for _, message := range []string{"Busy.", "", "<b>\"quoted\" & 'so'</b>\n\x00\u2028 ä\xff"} {
			for _, wait := range []time.Duration{0, time.Nanosecond, time.Second, 1001 * time.Millisecond, time.Hour} {
				for _, presented := range []bool{false, true} {
					f := &fault.Error{Code: code, Message: message, RetryAfter: wait}
					ctx := access.WithRequest(context.Background(), access.Request{ID: "request-1"})
					ctx = WithBearer(ctx, Bearer{Presented: presented})
					var want bytes.Buffer
					transport.Encode(&want, &graphql.Response{Errors: gqlerror.List{present(ctx, f)}})
					if diff := cmp.Diff(want.String(), string(encodeRefusal(ctx, f))); diff != "" {
						t.Errorf("%s %q %s: -encoder +ours\n%s", code, message, wait, diff)
					}
				}
			}
		}
	}
}

func TestOnlyARefusalThatPassesSaysWhenToComeAgain(t *testing.T) {
	for status, want := range map[int]string{403: "", 429: "3", 500: "", 503: "3"} {
		w := httptest.NewRecorder()
		Refuse(w, httptest.NewRequest("POST", "/graphql", strings.NewReader("")), status, &fault.Error{Code: fault.CodeOverloaded, RetryAfter: 2001 * time.Millisecond})
		if got := w.Header().Get("Retry-After"); w.Code != status || got != want {
			t.Errorf("%d: %d, Retry-After %q, want %q", status, w.Code, got, want)
		}
	}
}
