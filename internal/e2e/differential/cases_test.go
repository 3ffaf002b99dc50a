package differential

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	graphql "github.com/vektah/gqlparser/v2/ast"
	language "github.com/vektah/gqlparser/v2/parser"
)

// casesFolder holds what was once answered differently.
const casesFolder = "testdata"

// cases reads what is kept.
func cases(t testing.TB) map[string]document {
	t.Helper()
	all := map[string]document{}
	files, err := filepath.Glob(filepath.Join(casesFolder, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d document
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = d
	}
	return all
}

// keep writes a case, under a name that the same case has the next time.
func keep(t testing.TB, d document) (file string) {
	t.Helper()
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text.String()))
	file = filepath.Join(casesFolder, hex.EncodeToString(sum[:6])+".json")
	if err := os.MkdirAll(casesFolder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// written are the documents that people have written for the server: those of the
// benchmarks, of the playground and of the clients.
func written(t testing.TB) (all []string) {
	t.Helper()
	benchmarks := filepath.Join("..", "..", "..", "bench", "internal", "question", "documents.go")
	parsed, err := parser.ParseFile(token.NewFileSet(), benchmarks, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && strings.HasPrefix(text, "query") {
				all = append(all, text)
			}
		}
		return true
	})
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "web", "src", "examples", "*.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(files, filepath.Join("..", "conformance", "clients", "operations.graphql"), filepath.Join("..", "goclient", "operations.graphql")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, queries(t, file, string(text))...)
	}
	return all
}

// queries gives each query of a file as a document of its own, with the fragments
// that it uses.
func queries(t testing.TB, file, text string) (all []string) {
	t.Helper()
	whole, err := language.ParseQuery(&graphql.Source{Name: file, Input: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range whole.Operations {
		if o.Operation != graphql.Query {
			continue
		}
		one := &graphql.QueryDocument{Operations: graphql.OperationList{o}, Fragments: append(graphql.FragmentDefinitionList{}, whole.Fragments...)}
		all = append(all, printed(one))
	}
	return all
}

// asked draws who asks a written document, and its variables.
func (c *clinic) asked(text string, seed, number uint64) document {
	d := c.drawing(seed, number)
	doc := document{Viewer: d.viewer.name, Query: text, kind: "written"}
	parsed, err := language.ParseQuery(&graphql.Source{Input: text})
	c.must(err, "parse %s", text)
	variables := map[string]any{}
	entity := ""
	for _, s := range parsed.Operations[0].SelectionSet {
		if f, is := s.(*graphql.Field); is && c.schema.Query.Fields.ForName(f.Name) != nil {
			entity = c.schema.Query.Fields.ForName(f.Name).Type.Name()
		}
	}
	for _, v := range parsed.Operations[0].VariableDefinitions {
		if !v.Type.NonNull && d.chance(50) {
			continue
		}
		entity := strings.TrimSuffix(entity, "Connection")
		switch v.Type.Name() {
		case "Int":
			variables[v.Variable] = 1 + d.IntN(30)
		case "Time":
			variables[v.Variable] = pick(d, []string{"2029-12-20T00:00:00Z", "2030-01-02T00:00:00Z", "2030-01-08T00:00:00+01:00", "2030-01-15T00:00:00.5Z"})
		case "ID":
			variables[v.Variable] = d.idOf(entity)
		default:
			variables[v.Variable] = d.value(v.Type, v.Variable, entity, 1)
		}
	}
	doc.Variables, err = json.Marshal(variables)
	c.must(err, "write variables")
	return doc
}
