package house_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "clinicgraph"

// listed is what is used of go list's answer.
type listed struct {
	ImportPath string
	Imports    []string
}

// rule says what the packages under one path must not import.
type rule struct {
	from  string
	never []string // import paths; a trailing slash means everything below

	why string
}

var arrows = []rule{
	{from: "graph/", never: []string{"github.com/prometheus/", "go.opentelemetry.io/"}, why: "who counts and traces is told, by functions"},
	{from: "internal/metrics", never: []string{"clinicgraph/"}, why: "whoever has something to count hands it over"},
	{from: "internal/trace", never: []string{"clinicgraph/ent", "clinicgraph/ent/", "clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/config", "clinicgraph/internal/httpserver"},
		why: "a span holds facts about the work, and nobody's data"},
	{from: "graph/", never: []string{"database/sql", "clinicgraph/internal/config", "net/http/httptest", "clinicgraph/internal/jobs", "clinicgraph/internal/app"},
		why: "resolvers turn arguments into one call"},
	{from: "graph/compiled", never: []string{"clinicgraph/graph", "clinicgraph/graph/generated", "clinicgraph/graph/model", "clinicgraph/internal/guard", "clinicgraph/internal/audit", "clinicgraph/internal/store"},
		why: "plans are made of what they are handed: rules, doors, a way to ask"},
	{from: "graph/transport", never: []string{"clinicgraph/graph", "clinicgraph/graph/generated", "clinicgraph/ent", "clinicgraph/ent/", "clinicgraph/internal/httpserver"},
		why: "a transport knows no entity and no door"},
	{from: "ent/schema", never: []string{"clinicgraph/ent", "clinicgraph/ent/"},
		why: "a schema that imports generated code blocks its own generation"},
	{from: "internal/fault", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/access", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/ids", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/money", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/config", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/seal", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/pages", never: []string{"clinicgraph/"}, why: "a page is a client of the graph"},
	{from: "internal/needs", never: []string{"clinicgraph/"}, why: "it reads a schema, and asks nobody"},
	{from: "internal/groupcommit", never: []string{"clinicgraph/"}, why: "leaf"},
	{from: "internal/fsm", never: []string{"clinicgraph/ent", "clinicgraph/ent/", "database/sql"}, why: "pure"},
	{from: "internal/store", never: []string{"clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/guard", "clinicgraph/internal/audit"},
		why: "the store is below everything"},
	{from: "internal/admission", never: []string{"clinicgraph/ent", "clinicgraph/graph", "clinicgraph/internal/access", "clinicgraph/internal/config", "net/http"},
		why: "the gate knows priorities and times, and no request"},
	{from: "internal/ratelimit", never: []string{"clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/config", "clinicgraph/internal/httpserver", "net/http"},
		why: "limits speak no HTTP"},
	{from: "internal/guard", never: []string{"clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/config"},
		why: "guard knows ent, access, audit and the store"},
	{from: "internal/chain", never: []string{"clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/audit", "clinicgraph/internal/guard", "clinicgraph/internal/config", "net/http"},
		why: "the chain seals rows, whatever they mean"},
	{from: "internal/archive", never: []string{"clinicgraph/ent", "clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/audit", "clinicgraph/internal/guard", "clinicgraph/internal/config", "net/http"},
		why: "an archive holds what the chain has sealed, whatever it means"},
	{from: "internal/trail", never: []string{"clinicgraph/ent", "clinicgraph/ent/", "clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/audit", "clinicgraph/internal/config", "net/http"},
		why: "it writes out what it is handed, and chooses nothing"},
	{from: "internal/datakeys", never: []string{"clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/access", "clinicgraph/internal/audit", "clinicgraph/internal/guard", "clinicgraph/internal/config", "net/http"},
		why: "a key is somebody's; what it seals and who may see that others decide"},
	{from: "internal/events", never: []string{"clinicgraph/graph", "clinicgraph/graph/", "clinicgraph/internal/guard", "clinicgraph/internal/config", "net/http"},
		why: "who is told, and how, is the graph's business"},
	domain("notify", "accounts", "customers", "scheduling", "orders", "payments", "rewards", "catalog", "auth"),
	domain("notifications", "accounts", "customers", "scheduling", "orders", "payments", "rewards", "catalog", "auth"),
	domain("accounts", "customers", "scheduling", "orders", "payments", "rewards", "catalog", "auth"),
	domain("customers", "scheduling", "orders", "payments", "rewards", "catalog", "auth"),
	domain("catalog", "scheduling", "orders", "payments", "rewards", "auth"),
	domain("payments", "scheduling", "orders", "rewards", "auth"),
	domain("rewards", "scheduling", "orders", "auth"),
	domain("orders", "scheduling", "auth"),
	domain("scheduling", "auth"),
	domain("auth", "scheduling", "orders", "payments", "rewards"),
}

// domain is the rule of a domain package, and the domain packages above it.
func domain(name string, above ...string) rule {
	never := []string{
		"clinicgraph/graph", "clinicgraph/graph/", "github.com/99designs/gqlgen/", "net/http",
		"clinicgraph/internal/config", "clinicgraph/internal/app", "clinicgraph/internal/guard", "clinicgraph/internal/httpserver",
	}
	for _, a := range above {
		never = append(never, "clinicgraph/internal/"+a)
	}
	return rule{from: "internal/" + name, never: never, why: "domain packages know no transport, and data flows down"}
}

func TestArrowsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		for _, r := range arrows {
			if path != r.from && !strings.HasPrefix(path+"/", r.from) || path != r.from && !strings.HasSuffix(r.from, "/") {
				continue
			}
			for _, imported := range p.Imports {
				if hits(r.never, imported) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, r.why)
				}
			}
		}
	}
}

// TestNobodyImportsTheTests keeps what is for tests out of the server.
func TestNobodyImportsTheTests(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasPrefix(p.ImportPath, module+"/internal/testdb") || strings.HasPrefix(p.ImportPath, module+"/internal/e2e") {
			continue
		}
		for _, imported := range p.Imports {
			if imported == "testing" && !strings.HasSuffix(p.ImportPath, "test") || strings.HasPrefix(imported, module+"/internal/testdb") || imported == module+"/internal/mailtest" {
				t.Errorf("%s imports %s: that is for tests", p.ImportPath, imported)
			}
		}
	}
}

func hits(never []string, imported string) bool {
	for _, n := range never {
		if imported == n || strings.HasSuffix(n, "/") && strings.HasPrefix(imported, n) {
			return true
		}
	}
	return false
}

// packages asks the go command for the module's own packages. It reads source
// files and nothing from the network.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 20 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}
