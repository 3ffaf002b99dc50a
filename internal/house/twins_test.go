package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// twinless are the events that have no twin for a try that failed, and why.
var twinless = map[string]string{
	"EventAccessDenied":       "tells of nothing but a failure",
	"EventReuse":              "tells of nothing but a failure",
	"EventPasskeyCloned":      "tells of nothing but a failure",
	"EventFactorAsked":        "is the first half of a sign-in: what fails is LOGIN_ERROR",
	"EventExportBegin":        "what cannot be put on record is not exported: nothing was tried",
	"EventConfiguration":      "a server that cannot tell does not start: nothing has changed",
	"EventAdministratorMade":  "a start that fails is undone whole",
	"EventDemoAccountCreated": "a demo clinic that fails is thrown away with its database",
}

// handed are the functions that are given an event and record how it went.
var handed = []string{"step", "decide"}

// TestEachEventHasATwin reads the list of events, and who records each: somebody does so
// with the error of the try, or the event is listed here with a reason.
func TestEachEventHasATwin(t *testing.T) {
	list, err := parser.ParseFile(token.NewFileSet(), "../audit/security.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	ast.Inspect(list, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Event") {
			told[v.Names[0].Name] = false
		}
		return true
	})
	if len(told) < 50 {
		t.Fatalf("only %d events are listed", len(told))
	}
	for _, root := range []string{"../../internal", "../../graph"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "/generated/") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if event, failure := recorded(n); failure {
					told[event] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for event, twin := range told {
		switch reason := twinless[event]; {
		case !twin && reason == "":
			t.Errorf("nobody records %s with the error of a try that failed", event)
		case twin && reason != "" && reason != "tells of nothing but a failure":
			t.Errorf("%s has a twin, and is listed as having none", event)
		}
	}
	for event := range twinless {
		if _, ok := told[event]; !ok {
			t.Errorf("there is no %s", event)
		}
	}
}

// recorded gives the event that a call or an audit.Event names, and whether it comes
// with an error.
func recorded(n ast.Node) (event string, failure bool) {
	var parts []ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		parts = n.Args
	case *ast.CompositeLit:
		if name, ok := n.Type.(*ast.Ident); ok && slices.Contains(handed, name.Name) {
			failure = true
		}
		parts = n.Elts
	default:
		return "", false
	}
	if call, ok := n.(*ast.CallExpr); ok {
		if f, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(handed, f.Sel.Name) {
			failure = true
		}
	}
	for _, p := range parts {
		if pair, ok := p.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Err" {
				failure = true
			}
			p = pair.Value
		}
		switch p := p.(type) {
		case *ast.SelectorExpr:
			if of, ok := p.X.(*ast.Ident); ok && of.Name == "audit" && strings.HasPrefix(p.Sel.Name, "Event") {
				event = p.Sel.Name
			}
		case *ast.Ident:
			failure = failure || p.Name == "err"
		}
	}
	return event, failure && event != ""
}
