package graph_test

import (
	"cmp"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"clinicgraph/internal/fault"
)

// made is one place where the code makes a fault.
type made struct {
	at, code, message string // message is its format, "" where it is not written there
	fields            bool
}

// makers are the functions of package fault: the code where it does not stand in
// the first argument, and where the format is.
var makers = map[string]struct {
	code   string
	format int
}{
	"New": {"", 1}, "Wrap": {"", 2}, "Invalid": {"CodeBadUserInput", 1}, "NotFound": {"CodeNotFound", 0}, "Forbidden": {"CodeForbidden", 0},
	"Conflict": {"CodeConflict", 0}, "Missing": {"CodeNotFound", -1},
}

// faults finds every place outside of the tests that makes a fault.
func faults(t *testing.T) []made {
	t.Helper()
	var all []made
	files := token.NewFileSet()
	for _, root := range []string{"../internal", "."} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "internal/fault/") {
				return err
			}
			parsed, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(parsed, func(n ast.Node) bool {
				if m, ok := makes(n); ok {
					m.at = files.Position(n.Pos()).String()
					all = append(all, m)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// makes says whether the node makes a fault with a code that is written there.
func makes(n ast.Node) (m made, ok bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		maker, known := makers[ofFault(n.Fun)]
		if !known {
			return m, false
		}
		m.code, m.fields = maker.code, ofFault(n.Fun) == "Invalid"
		if m.code == "" {
			m.code = ofFault(n.Args[0])
		}
		if maker.format >= 0 {
			if text, literal := n.Args[maker.format].(*ast.BasicLit); literal {
				m.message, _ = strconv.Unquote(text.Value)
			}
		}
		return m, m.code != ""
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			if kv, isPair := e.(*ast.KeyValueExpr); isPair && ofFault(n.Type) == "Error" {
				if code := ofFault(kv.Value); strings.HasPrefix(code, "Code") {
					return made{code: code}, true
				}
			}
		}
	}
	return m, false
}

// ofFault is the name behind "fault.", or "".
func ofFault(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "fault" {
		return s.Sel.Name
	}
	return ""
}

// constants are the values of the codes by their names in Go.
func constants(t *testing.T) map[string]fault.Code {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../internal/fault/code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]fault.Code{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Code") {
			value, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			values[spec.Names[0].Name] = fault.Code(value)
		}
		return true
	})
	if len(values) != len(fault.Codes()) {
		t.Fatalf("%d constants for %d codes", len(values), len(fault.Codes()))
	}
	return values
}

var (
	sentence = regexp.MustCompile("(?s)^(%[sdqv]|[A-Z`]).*[.?)}]$")
	verb     = regexp.MustCompile(`%[+]?[svdqt]`)
)

// TestErrors_of_every_fault_have_the_form_of_the_contract finds every fault that
// the code can make and lets a field fail with it.
func TestErrors_of_every_fault_have_the_form_of_the_contract(t *testing.T) {
	codes := constants(t)
	all := faults(t)
	if len(all) < 100 {
		t.Fatalf("found %d places that make a fault", len(all))
	}
	for _, m := range all {
		if codes[m.code] == "" {
			t.Errorf("%s: %s is not in the contract", m.at, m.code)
		}
		if m.message != "" && m.message != "%s" && !sentence.MatchString(m.message) {
			t.Errorf("%s: %q is no sentence for people", m.at, m.message)
		}
	}
	slices.SortFunc(all, func(a, b made) int { return cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.message, b.message)) })
	all = slices.CompactFunc(all, func(a, b made) bool { return a.code == b.code && a.message == b.message })
	each(t, func(t *testing.T, w *world) {
		me := w.as(t, w.admin(t))
		for _, m := range all {
			f := &fault.Error{Code: codes[m.code], Message: cmp.Or(verb.ReplaceAllString(m.message, "x"), "Some words.")}
			if m.fields {
				f.Fields = []fault.Field{{Path: "input.x", Message: f.Message}}
			}
			if f.Code.Retryable() {
				f.RetryAfter = 1500 * time.Millisecond
			}
			w.breaking("bookings", func() error { return f }, func() {
				a := me.ask(`{ x: bookings { totalCount } }`)
				if diff := gocmp.Diff(contract(f), raw(t, a.raw)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", m.at, diff)
				}
			})
			w.log.take()
		}
	})
}

// contract is the whole answer to the operation, a field of which has failed.
func contract(f *fault.Error) vars {
	ext := vars{"code": string(f.Code), "action": string(f.Code.Action()), "retryable": f.Code.Retryable(), "requestId": requestID}
	if len(f.Fields) > 0 {
		ext["fields"] = []any{vars{"path": f.Fields[0].Path, "message": f.Fields[0].Message}}
	}
	if f.RetryAfter > 0 {
		ext["retryAfter"] = 2.0 // rounded up
	}
	return vars{"data": nil, "errors": []any{vars{
		"message": f.Message, "path": []any{"x"}, "locations": []any{vars{"line": 1.0, "column": 3.0}}, "extensions": ext,
	}}}
}

func raw(t *testing.T, text string) (parsed vars) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}
