package template

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParsePatch(t *testing.T) {
	t.Run("hunks are read, reasons are not", func(t *testing.T) {
		got, err := parsePatch("why\n<<<<\nold\n====\nnew\nmore\n>>>>\n\n<<<<\ngone\n====\n>>>>\n")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 2 || got[0] != (hunk{"old\n", "new\nmore\n"}) || got[1] != (hunk{old: "gone\n"}) {
			t.Errorf("%q", got)
		}
	})
	for name, text := range map[string]string{
		"without an end":      "<<<<\nold\n====\nnew\n",
		"without a middle":    "<<<<\nold\n>>>>\n",
		"without a beginning": "old\n====\nnew\n>>>>\n",
		"inside another":      "<<<<\n<<<<\n",
	} {
		t.Run("a hunk "+name+" is refused", func(t *testing.T) {
			if got, err := parsePatch(text); err == nil {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestRepairsFit is what an upgrade of entgql meets first.
func TestRepairsFit(t *testing.T) {
	dir, err := moduleDir("entgo.io/contrib")
	if err != nil {
		t.Fatal(err)
	}
	patched := 0
	for _, name := range repaired {
		text, err := os.ReadFile(filepath.Join(dir, "entgql", "template", name+".tmpl"))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := files.ReadFile(name + ".patch")
		if err != nil {
			continue // used as it is
		}
		patched++
		t.Run(name+" takes every hunk", func(t *testing.T) {
			got, err := patch(name, string(text))
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(got, "entgql.") || strings.Contains(got, `contrib/entgql"`) {
				t.Error("the generated code would link entgql, and with it the code generator, into the server")
			}
		})
		t.Run(name+" fails loudly when upstream has changed", func(t *testing.T) {
			hunks, err := parsePatch(string(raw))
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(text), hunks[0].old, "// something else\n", 1)
			if _, err := patch(name, changed); err == nil || !strings.Contains(err.Error(), "hunk 1 of") {
				t.Errorf("got %v", err)
			}
		})
	}
	if patched != 5 {
		t.Errorf("%d templates have patches, not 5: is one lost?", patched)
	}
}
