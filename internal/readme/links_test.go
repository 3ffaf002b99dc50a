package readme_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const top = "../.."

// elsewhere are folders whose pages are not ours.
var elsewhere = map[string]bool{".git": true, "node_modules": true, "bin": true, "data": true, "dist": true}

// pages lists the Markdown files of the project, by their paths in it.
func pages(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && elsewhere[entry.Name()] {
			return filepath.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			name, err := filepath.Rel(top, path)
			if err != nil {
				return err
			}
			names = append(names, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) < 5 {
		t.Fatalf("found %d pages: %v", len(names), names)
	}
	return names
}

var (
	link   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	code   = regexp.MustCompile("(?s)```.*?\n```|`[^`\n]*`")
	remote = regexp.MustCompile(`^[a-z]+:`)
)

// TestLinksResolve holds every relative link of every page: the file is there,
// and so is the heading that the link names.
func TestLinksResolve(t *testing.T) {
	for _, page := range pages(t) {
		text := code.ReplaceAllStringFunc(read(t, page), func(s string) string {
			if strings.HasPrefix(s, "```") {
				return ""
			}
			return s
		})
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target := found[1]
			if remote.MatchString(target) {
				continue
			}
			file, heading, _ := strings.Cut(target, "#")
			name := page
			if file != "" {
				name = filepath.ToSlash(filepath.Join(filepath.Dir(page), file))
			}
			if _, err := os.Stat(filepath.Join(top, name)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, target)
				continue
			}
			if heading != "" && !headings(read(t, name))[heading] {
				t.Errorf("%s links to %s: there is no such heading", page, target)
			}
		}
	}
}

var (
	title   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped = regexp.MustCompile(`[^\p{L}\p{N}\s_-]`)
)

// headings gives the anchors of a page, as hosting sites make them.
func headings(text string) map[string]bool {
	anchors := map[string]bool{}
	for _, found := range title.FindAllStringSubmatch(text, -1) {
		name := dropped.ReplaceAllString(strings.ToLower(found[1]), "")
		anchors[strings.ReplaceAll(name, " ", "-")] = true
	}
	return anchors
}

// TestNothingPointsAtAMachine keeps out paths of the machine somebody wrote on.
func TestNothingPointsAtAMachine(t *testing.T) {
	path := regexp.MustCompile(`(^|[\s("'` + "`" + `])/(home|root|tmp|work|Users)/`)
	for _, page := range pages(t) {
		if found := path.FindString(read(t, page)); found != "" {
			t.Errorf("%s names %q", page, strings.TrimSpace(found))
		}
	}
}
