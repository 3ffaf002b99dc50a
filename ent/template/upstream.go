package template

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"entgo.io/contrib/entgql"
	"entgo.io/ent/entc/gen"
)

//go:embed *.patch *.tmpl
var files embed.FS

// repaired names the templates of entgql that we use. Those for mutation inputs
// and for transactions are left out: the former accept sensitive fields and
// every edge, the latter roll back what must survive a failure.
var repaired = []string{"collection", "enum", "node", "pagination", "edge", "where_input"}

// repairedTemplates reads entgql's templates and applies our patches. It fails
// when a patch does not fit, so that no upgrade loses a repair silently.
func repairedTemplates() ([]*gen.Template, error) {
	dir, err := moduleDir("entgo.io/contrib")
	if err != nil {
		return nil, err
	}
	var templates []*gen.Template
	for _, name := range repaired {
		path := "template/" + name + ".tmpl"
		text, err := os.ReadFile(filepath.Join(dir, "entgql", filepath.FromSlash(path)))
		if err != nil {
			return nil, fmt.Errorf("read upstream template: %w", err)
		}
		patched, err := patch(name, string(text))
		if err != nil {
			return nil, err
		}
		// The name is upstream's, because entgql looks for it.
		t, err := gen.NewTemplate(path).Funcs(entgql.TemplateFuncs).Funcs(funcs).Parse(patched)
		if err != nil {
			return nil, fmt.Errorf("parse %s with its patch: %w", path, err)
		}
		templates = append(templates, t)
	}
	return templates, nil
}

// ownTemplates are files that upstream has nothing like.
func ownTemplates() ([]*gen.Template, error) {
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var templates []*gen.Template
	for _, entry := range names {
		if filepath.Ext(entry.Name()) != ".tmpl" {
			continue
		}
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		t, err := gen.NewTemplate(entry.Name()).Funcs(entgql.TemplateFuncs).Funcs(funcs).Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", entry.Name(), err)
		}
		templates = append(templates, t)
	}
	return templates, nil
}

func moduleDir(module string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return "", fmt.Errorf("find the source of %s: %w", module, err)
	}
	dir := strings.TrimSpace(string(out))
	if dir == "" {
		return "", fmt.Errorf("find the source of %s: not downloaded", module)
	}
	return dir, nil
}

// everywhere is replaced in each template after its patch: what entgql offers at
// run time, internal/paging has with our repairs and without the code generator
// that importing entgql would link into the server.
var everywhere = strings.NewReplacer(
	`"entgo.io/contrib/entgql"`, `"clinicgraph/internal/paging"`,
	"entgql.", "paging.",
	"*Cursor", "*paging.Cursor",
	"&Cursor{", "&paging.Cursor{",
	") Cursor {", ") paging.Cursor {",
	"Cursor Cursor ", "Cursor paging.Cursor ",
	"PageInfo PageInfo ", "PageInfo paging.Info ",
	"Direction OrderDirection ", "Direction paging.OrderDirection ",
)

// patch applies the file name.patch, if there is one. Such a file is a list of
// hunks, each with the upstream text, the text that takes its place, and before
// it the reason:
//
//	why
//	<<<<
//	upstream
//	====
//	ours
//	>>>>
//
// The upstream text must occur exactly once.
func patch(name, text string) (string, error) {
	raw, err := files.ReadFile(name + ".patch")
	if err != nil {
		return text, nil
	}
	hunks, err := parsePatch(string(raw))
	if err != nil {
		return "", fmt.Errorf("%s.patch: %w", name, err)
	}
	for i, h := range hunks {
		if n := strings.Count(text, h.old); n != 1 {
			return "", fmt.Errorf("%s.patch, hunk %d of %d: its upstream text occurs %d times, not once; "+
				"entgql has changed, look whether the repair is still needed and fit it anew:\n%s", name, i+1, len(hunks), n, h.old)
		}
		text = strings.Replace(text, h.old, h.new, 1)
	}
	return everywhere.Replace(text), nil
}

type hunk struct{ old, new string }

func parsePatch(text string) ([]hunk, error) {
	var (
		hunks   []hunk
		current hunk
		into    *string
	)
	for i, line := range strings.SplitAfter(text, "\n") {
		switch mark := strings.TrimSuffix(line, "\n"); {
		case mark == "<<<<" && into == nil:
			current = hunk{}
			into = &current.old
		case mark == "====" && into == &current.old:
			into = &current.new
		case mark == ">>>>" && into == &current.new:
			hunks, into = append(hunks, current), nil
		case mark == "<<<<" || mark == "====" || mark == ">>>>":
			return nil, fmt.Errorf("line %d: %s is out of place", i+1, mark)
		case into != nil:
			*into += line
		}
	}
	if into != nil {
		return nil, fmt.Errorf("the last hunk has no end")
	}
	return hunks, nil
}
