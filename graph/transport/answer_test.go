package transport_test

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/fault"
)

// refused is the response to a request that is not executed.
func refused(code fault.Code, retryAfter int) *graphql.Response {
	ext := map[string]any{"code": code}
	if retryAfter > 0 {
		ext["retryAfter"] = retryAfter
	}
	return &graphql.Response{Errors: gqlerror.List{{Message: "No.", Extensions: ext}}}
}

// TestStatus_of_every_code walks the contract, for requests that are not
// executed, and for those that are and fail.
func TestStatus_of_every_code(t *testing.T) {
	special := map[fault.Code]int{
		fault.CodeUnauthenticated: 401, fault.CodeForbidden: 403, fault.CodePayloadTooLarge: 413,
		fault.CodeRateLimited: 429, fault.CodeOverloaded: 503, fault.CodeUnavailable: 503, fault.CodeInternal: 500,
	}
	for _, code := range fault.Codes() {
		want, other := special[code], special[code]
		if want == 0 {
			want, other = 200, 400
		}
		resp := refused(code, 0)
		if plain, response := transport.Status(transport.JSON, resp), transport.Status(transport.Response, resp); plain != want || response != other {
			t.Errorf("%s: %d and %d, want %d and %d", code, plain, response, want, other)
		}
		for _, data := range []string{`null`, `{"a":null}`} {
			resp.Data = []byte(data)
			if plain, response := transport.Status(transport.JSON, resp), transport.Status(transport.Response, resp); plain != 200 || response != 200 {
				t.Errorf("%s with data %s: %d and %d, want 200", code, data, plain, response)
			}
		}
	}
}

func TestWrite_says_when_to_come_back(t *testing.T) {
	for _, c := range []struct {
		status int
		resp   *graphql.Response
		want   string
	}{
		{429, refused(fault.CodeRateLimited, 17), "17"},
		{503, refused(fault.CodeOverloaded, 0), "1"},
		{503, refused(fault.CodeUnavailable, 2), "2"},
		{200, refused(fault.CodeTooComplex, 0), ""},
	} {
		rec := httptest.NewRecorder()
		transport.Write(rec, transport.JSON, c.status, c.resp)
		if got := rec.Header().Get("Retry-After"); rec.Code != c.status || got != c.want {
			t.Errorf("%d: Retry-After %q, want %q", rec.Code, got, c.want)
		}
	}
}

func TestEncode_has_a_data_entry_only_where_something_was_executed(t *testing.T) {
	for want, resp := range map[string]*graphql.Response{
		`{"data":{"a":1}}`: {Data: []byte(`{"a":1}`), Extensions: map[string]any{}},
		`{"data":null}`:    {},
		`{"errors":[{"message":"No.","extensions":{"code":"CONFLICT"}}]}`: refused(fault.CodeConflict, 0),
		`{"errors":[{"message":"\u003cb\u003e"}],"data":null}`:            {Errors: gqlerror.List{{Message: "<b>"}}, Data: []byte(`null`)},
		`{"data":{"a":"ä"},"extensions":{"cost":7}}`:                      {Data: []byte(`{"a":"ä"}`), Extensions: map[string]any{"cost": 7}},
	} {
		var b bytes.Buffer
		transport.Encode(&b, resp)
		if b.String() != want {
			t.Errorf("got  %s\nwant %s", b.String(), want)
		}
	}
}
