package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/graph"
)

func TestReadDocuments_reads_what_the_generators_write(t *testing.T) {
	for name, manifest := range map[string]string{
		"the client preset": `{
  "d6af8f7bc5f0f0ff6bf3f93bb4a4f4b6c0a6d2c1": "query Names { __typename viewer { user { ...User_names } } } fragment User_names on User { __typename id username }"
}`,
		"relay-compiler": `{
  "0f6a1fd3a5e4bd1f25f3a2d18a1b5b0c": "query NamesQuery(\n  $first: Int!\n) {\n  users(first: $first) {\n    edges {\n      cursor\n      node {\n        id\n        __typename\n      }\n    }\n    pageInfo {\n      endCursor\n      hasNextPage\n    }\n  }\n}\n",
  "aa21fd3a5e4bd1f25f3a2d18a1b5b0cd": "mutation LogoutMutation {\n  logout {\n    loggedOut\n  }\n}\n"
}`,
	} {
		got, err := graph.ReadDocuments([]byte(manifest), graph.DefaultLimits())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := graph.Documents{}
		if err := json.Unmarshal([]byte(manifest), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestReadDocuments_refuses_in_one_line_what_would_not_be_executed(t *testing.T) {
	tokens := "{ " + strings.Repeat("__typename ", 1000) + "}"
	for manifest, want := range map[string]string{
		``:                                      "is not one JSON object",
		`[]`:                                    "is not one JSON object",
		`{"a":"{ __typename }"} x`:              "is not one JSON object",
		`{"a":"{ __typename }","a":"{b}"}`:      "is not one JSON object",
		`{}`:                                    "lists no document",
		`{"":"{ __typename }"}`:                 `has "", which is not the text of a document`,
		`{"a":{"b":"{ __typename }"}}`:          `has "a", which is not the text of a document`,
		`{"a":null}`:                            `has "a", which is not the text of a document`,
		`{"a":"{"}`:                             `has the document "a", which the graph does not execute: `,
		`{"a":""}`:                              `has the document "a", which the graph does not execute: it has no operation`,
		`{"a":"fragment F on User { id }"}`:     `has the document "a", which the graph does not execute: it has no operation`,
		`{"b":"{ nothing }","a":"{ nothing }"}`: `has the document "a", which the graph does not execute: Cannot query field`,
		`{"a\nb":"{ nothing }"}`:                `has the document "a\nb", which the graph does not execute: Cannot query field`,
		`{"a":"{ node(id: \"x\ny\") { id } }"}`: `has the document "a", which the graph does not execute: `,
		`{"a":"{ node(id: \"\"\"x\ny\"\"\", a: \"\"\"x\ny\"\"\") { id } }"}`: `has the document "a", which the graph does not execute: `,
		`{"a":"` + tokens + `"}`: `has the document "a", which the graph does not execute: `,
	} {
		got, err := graph.ReadDocuments([]byte(manifest), graph.DefaultLimits())
		if err == nil || got != nil || !strings.HasPrefix(err.Error(), want) || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%.60s: got %v, %q, want %q", manifest, got, err, want)
		}
	}
}
