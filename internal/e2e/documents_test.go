package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/config"
)

// trusting opens a clinic that executes these documents only, each listed by its
// SHA-256.
func trusting(t *testing.T, documents ...string) (c *clinic, ids []string) {
	t.Helper()
	manifest := map[string]string{}
	for _, text := range documents {
		sum := sha256.Sum256([]byte(text))
		ids = append(ids, hex.EncodeToString(sum[:]))
		manifest[ids[len(ids)-1]] = text
	}
	text, err := json.Marshal(manifest)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "persisted-documents.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return open(t, dialect.SQLite, func(cfg *config.Config) { cfg.Server.TrustedDocuments = path }), ids
}

func TestWithAManifestNothingElseIsExecuted(t *testing.T) {
	const who, names, in = `{ viewer { user { username } } }`, `query A { __typename } query B { b: __typename }`,
		`mutation ($input: LoginInput!) { login(input: $input) { accessToken refreshToken } }`
	c, ids := trusting(t, who, names, in)
	send := func(cl *client, body vars) *answer {
		t.Helper()
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		return cl.post("application/json", string(text))
	}
	apollo := func(hash any) vars { return vars{"persistedQuery": vars{"version": 1, "sha256Hash": hash}} }

	me := c.holding(send(c.anyone(), vars{"documentId": ids[2], "variables": vars{"input": vars{"login": customerA, "password": password}}}).ok(), "login")
	for _, body := range []vars{
		{"documentId": ids[0]}, {"documentId": ids[0], "query": who}, {"documentId": ids[0], "query": nil},
		{"extensions": apollo(ids[0])}, {"extensions": apollo(ids[0]), "query": who},
	} {
		send(me, body).ok().want("viewer.user.username", `"`+customerA+`"`)
	}
	send(me, vars{"documentId": ids[1], "operationName": "B"}).ok().want("b", `"Query"`)

	for name, body := range map[string]vars{
		"free text":                {"query": `{ __typename }`},
		"a listed document's text": {"query": who},
		"introspection":            {"query": `{ __schema { types { name } } }`},
		"another text":             {"query": `{ __typename }`, "documentId": ids[0]},
		"the same with a blank":    {"query": who + " ", "documentId": ids[0]},
		"another text for Apollo":  {"query": `{ __typename }`, "extensions": apollo(ids[0])},
		"an unknown id":            {"documentId": strings.Repeat("0", 64)},
		"an unknown hash":          {"extensions": apollo("canary")},
		"an unknown id and text":   {"documentId": "canary", "query": who},
		"a hash of another type":   {"extensions": apollo(1)},
		"no hash":                  {"extensions": vars{"persistedQuery": vars{"version": 1}}},
		"a hash that is a list":    {"extensions": vars{"persistedQuery": []string{ids[0]}}},
		"a known id in capitals":   {"documentId": strings.ToUpper(ids[0])},
	} {
		a := send(me, body).refused("BAD_USER_INPUT")
		if a.data != nil || a.status != http.StatusOK || strings.Contains(string(a.body), "canary") || a.errs[0].Extensions["fields"] == nil {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	send(me, vars{"documentId": ids[1], "operationName": "C"}).refused("GRAPHQL_VALIDATION_FAILED")
}

func TestWithoutAManifestAnIdAloneIsRefused(t *testing.T) {
	c := open(t, dialect.SQLite)
	me := c.as(customerA)
	me.post("application/json", `{"documentId":"x"}`).refused("BAD_USER_INPUT")
	me.post("application/json", `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`).refused("BAD_USER_INPUT")
	me.post("application/json", `{"query":"{ __typename }","documentId":"x"}`).ok()
	me.post("application/json", `{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}`).ok()
}
