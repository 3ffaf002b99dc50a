package transport_test

import (
	"strings"
	"testing"

	"clinicgraph/graph/transport"
)

func TestNegotiate_gives_what_the_client_wants_most(t *testing.T) {
	const none = "406"
	for accept, want := range map[string]string{
		"":                                  transport.JSON,
		"*/*":                               transport.JSON,
		"application/*":                     transport.JSON,
		"application/json":                  transport.JSON,
		"Application/JSON; charset=UTF-8":   transport.JSON,
		"application/graphql-response+json": transport.Response,
		"application/graphql-response+json; charset=utf-8":                       transport.Response,
		"application/json, application/graphql-response+json":                    transport.Response,
		"application/graphql-response+json, application/json":                    transport.Response,
		"application/graphql-response+json,application/json;q=0.9":               transport.Response,
		"application/graphql-response+json;q=0.5, application/json":              transport.JSON,
		"application/graphql-response+json;q=0.5, */*":                           transport.JSON,
		"application/graphql-response+json, */*":                                 transport.Response,
		"application/json, */*":                                                  transport.JSON,
		"*/*;q=0.1, application/graphql-response+json;q=0.2":                     transport.Response,
		"application/json;q=0, */*":                                              transport.Response,
		"application/graphql-response+json;q=0, */*":                             transport.JSON,
		"application/*;q=0, */*":                                                 none,
		"text/html, application/xhtml+xml, */*;q=0.8":                            transport.JSON,
		"application/graphql-response+json, application/graphql+json, text/html": transport.Response,
		"text/html":                        none,
		"text/event-stream":                none,
		"application/json;q=0":             none,
		"application/json;q=2":             none,
		"application/json;q=NaN":           none,
		"application/json;q=-1":            none,
		"application/json;q=x":             none,
		"application/json; charset=utf-16": none,
		"application/json; charset=utf-16, application/json;q=0.3": transport.JSON,
		"nonsense":               none,
		",,, application/json ,": transport.JSON,
		strings.Repeat("text/html,", 1000) + "application/graphql-response+json": transport.Response,
	} {
		media, acceptable := transport.Negotiate([]string{accept})
		if !acceptable && media == transport.JSON {
			media = none
		}
		if media != want {
			t.Errorf("%.80q: %s, want %s", accept, media, want)
		}
	}
	if media, ok := transport.Negotiate(nil); media != transport.JSON || !ok {
		t.Errorf("without Accept: %s, %v", media, ok)
	}
	if media, _ := transport.Negotiate([]string{"text/html", "application/graphql-response+json"}); media != transport.Response {
		t.Errorf("two headers: %s", media)
	}
}
