package house_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// aside are the calls that pass by the row rules, the base policy or the record of
// changes: SQL by hand, upserts, decisions that a policy is not asked for.
var aside = []string{"QueryContext", "QueryRowContext", "ExecContext", "Modify", "OnConflict", "OnConflictColumns", "DecisionContext"}

// TestWhatPassesByTheRulesIsListed holds what is done past ent's rules to a list that
// somebody has looked at: a file that begins to, or does so more often, is a change of
// testdata/aside.txt. The store, whose business it is, is not in it.
func TestWhatPassesByTheRulesIsListed(t *testing.T) {
	found := map[string]int{}
	for _, root := range []string{"../../internal", "../../graph", "../../migrate", "../../server.go"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(path), "../../")
			for _, own := range []string{"internal/store/", "internal/testdb/", "internal/house/", "migrate/", "graph/generated/"} {
				if strings.HasPrefix(name, own) {
					return nil
				}
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if called, ok := call.Fun.(*ast.SelectorExpr); ok && slices.Contains(aside, called.Sel.Name) {
						found[name]++
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var lines []string
	for name, n := range found {
		lines = append(lines, fmt.Sprintf("%s %d", name, n))
	}
	slices.Sort(lines)
	listed, err := os.ReadFile("testdata/aside.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(listed)), "\n"), lines); diff != "" {
		t.Errorf("what passes by the rules (-listed +found):\n%s", diff)
	}
}
