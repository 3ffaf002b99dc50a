package transport_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/fault"
)

// depth is how many levels these tests allow.
const depth = 32

func TestReadParams_reads_what_a_request_may_hold(t *testing.T) {
	for body, want := range map[string]graphql.RawParams{
		`{"query":"{ a }"}`: {Query: "{ a }"},
		" \t\r\n{ \"query\" : \"{ a }\" , \"operationName\" : null , \"variables\" : null , \"extensions\" : null } \n": {Query: "{ a }"},
		`{"query":"q","operationName":"A","variables":{"n":1.50,"l":[1,[],{}],"t":true,"f":false,"z":null,"big":9007199254740993},"extensions":{"x":-1e+3}}`: {
			Query: "q", OperationName: "A", Extensions: map[string]any{"x": json.Number("-1e+3")},
			Variables: map[string]any{"n": json.Number("1.50"), "l": []any{json.Number("1"), []any{}, map[string]any{}}, "t": true, "f": false, "z": nil, "big": json.Number("9007199254740993")},
		},
		`{"query":"\"\\\/\b\f\n\r\t\u00e4\uD83C\uDFC3 Aa","id":"left out"}`: {Query: "\"\\/\b\f\n\r\tä🏃 Aa"},
		`{"documentId":"sha256:1"}`:                                         {Extensions: map[string]any{"documentId": "sha256:1"}},
		`{"documentId":"1","extensions":{"documentId":"2"}}`:                {Extensions: map[string]any{"documentId": "1"}},
		`{"extensions":{"persistedQuery":{"version":1}}}`:                   {Extensions: map[string]any{"persistedQuery": map[string]any{"version": json.Number("1")}}},
	} {
		got, err := transport.ReadParams([]byte(body), depth)
		if err != nil {
			t.Errorf("%s: %v", body, err)
		} else if diff := cmp.Diff(want, *got, cmpopts.IgnoreFields(graphql.RawParams{}, "ReadTime")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
}

func TestReadParams_refuses_the_rest_and_repeats_nothing_of_it(t *testing.T) {
	const canary = "canary"
	nested := func(n int) string {
		return `{"query":"q","variables":` + strings.Repeat(`{"a":`, n-1) + `"canary"` + strings.Repeat(`}`, n-1) + `}`
	}
	list := func(n int) string {
		return `{"query":"q","variables":{"a":` + strings.Repeat(`[`, n-2) + strings.Repeat(`]`, n-2) + `}}`
	}
	for _, body := range []string{nested(32), list(32)} {
		if _, err := transport.ReadParams([]byte(body), depth); err != nil {
			t.Errorf("32 levels: %v", err)
		}
	}
	for body, field := range map[string]string{
		``: "", ` `: "", `canary`: "", `null`: "", `"canary"`: "", `["canary"]`: "", `[{"query":"canary"}]`: "", `1`: "", `{`: "", `{"query":"canary"`: "",
		`{"query":"q"} canary`: "", `{"query":"q"}{"query":"canary"}`: "", `{"query":"q"}]`: "", `{"query":"q",}`: "", `{query:"q"}`: "", `{'query':'q'}`: "",
		`{"query":"a","query":"canary"}`:                                      "",
		`{"query":"a","\u0071uery":"canary"}`:                                 "",
		`{"query":"a","variables":{"a":{"b":1,"b":"canary"}}}`:                "",
		`{"query":"a","variables":{"a":[[{"b":1,"b":2}]]}}`:                   "",
		`{"query":"a","canary":{"b":1,"b":2}}`:                                "",
		"{\"query\":\"\xff canary\"}":                                         "",
		"{\"query\":\"\xed\xa0\x80\"}":                                        "",
		"\xef\xbb\xbf{\"query\":\"canary\"}":                                  "",
		"\xff\xfe{\x00\"\x00q\x00\"\x00":                                      "",
		`{"query":"\ud800"}`:                                                  "",
		`{"query":"\ud800canary"}`:                                            "",
		`{"query":"\udc00\ud800"}`:                                            "",
		`{"query":"\ud800\u0041"}`:                                            "",
		`{"query":"\ud800\n"}`:                                                "",
		`{"\ud800":1,"query":"canary"}`:                                       "",
		nested(33):                                                            "",
		list(33):                                                              "",
		`{"query":` + strings.Repeat(`[`, 50_000):                             "",
		`{"query":` + strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40) + `}`: "",
		`{}`:                                  "query",
		`{"query":""}`:                        "query",
		`{"query":null}`:                      "query",
		`{"Query":"canary"}`:                  "query",
		`{"documentId":""}`:                   "query",
		`{"query":["canary"]}`:                "query",
		`{"query":{"canary":1}}`:              "query",
		`{"query":1}`:                         "query",
		`{"query":false}`:                     "query",
		`{"query":"q","operationName":1}`:     "operationName",
		`{"query":"q","operationName":{}}`:    "operationName",
		`{"query":"q","variables":"canary"}`:  "variables",
		`{"query":"q","variables":[]}`:        "variables",
		`{"query":"q","variables":0}`:         "variables",
		`{"query":"q","extensions":"canary"}`: "extensions",
		`{"query":"q","extensions":[1]}`:      "extensions",
		`{"query":"q","documentId":1}`:        "documentId",
	} {
		params, err := transport.ReadParams([]byte(body), depth)
		f, ok := fault.As(err)
		if !ok || params != nil || f.Code != fault.CodeBadUserInput || strings.Contains(f.Error(), canary) {
			t.Errorf("%.60q: %v, %v", body, params, err)
			continue
		}
		if at := strings.Join(paths(f), " "); at != field {
			t.Errorf("%.60q: about %q, want %q", body, at, field)
		}
	}
}

func paths(f *fault.Error) (all []string) {
	for _, field := range f.Fields {
		all = append(all, field.Path)
	}
	return all
}

// FuzzReadObject holds the reader against the standard library: what it takes
// means the same to both.
func FuzzReadObject(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":[1,-0,2.5e-3,"x",null,true,false,{"b":{}}]}`, `{"a":"\ud83c\udfc3"}`, `{"a":"\u0000\"\\"}`, ` {"a" : [ ] , "b":[ 1 , 2 ]} `, `{"":{"":""}}`,
		`{"a":1,"a":1}`, `{"a":"\ud800"}`, `[{}]`, `{"a":1e999}`, "{\"a\":\"\u2028\"}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := transport.ReadObject(text, depth)
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		var want map[string]any
		wantErr := decoder.Decode(&want)
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Fatalf("%q: %v is no fault", text, err)
			}
			return
		}
		if wantErr != nil || !utf8.Valid(text) {
			t.Fatalf("%q is taken, though %v", text, wantErr)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-want +got):\n%s", text, diff)
		}
	})
}
