package house_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGeneratedAndOursAreToldApart holds .gitattributes to the truth: in ent/ and
// graph/ a Go file says that it is generated if and only if git is told so.
func TestGeneratedAndOursAreToldApart(t *testing.T) {
	files := tracked(t, "ent", "graph")
	marked := generatedByGit(t, files)
	for _, f := range files {
		if filepath.Ext(f) != ".go" {
			continue
		}
		says := saysGenerated(t, f)
		if says != marked[f] {
			t.Errorf("%s: says that it is generated: %t, .gitattributes says so: %t", f, says, marked[f])
		}
	}
}

// TestFilesAreShort holds hand-written Go to 300 lines a file: past that a second
// noun is hiding in it.
func TestFilesAreShort(t *testing.T) {
	for _, f := range tracked(t, ".") {
		if filepath.Ext(f) != ".go" || strings.HasSuffix(f, "_test.go") || saysGenerated(t, f) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(top, f))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > 300 {
			t.Errorf("%s has %d lines", f, n)
		}
	}
}

func tracked(t *testing.T, paths ...string) []string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"ls-files", "--"}, paths...)...)
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for _, f := range strings.Fields(string(out)) {
		if _, err := os.Stat(filepath.Join(top, f)); err == nil {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		t.Fatal("git tracks nothing here")
	}
	return files
}

func generatedByGit(t *testing.T, files []string) map[string]bool {
	t.Helper()
	cmd := exec.Command("git", "check-attr", "--stdin", "linguist-generated")
	cmd.Dir = top
	cmd.Stdin = strings.NewReader(strings.Join(files, "\n"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git check-attr: %v", err)
	}
	marked := map[string]bool{}
	for _, line := range strings.Split(string(out), "\n") {
		if file, rest, ok := strings.Cut(line, ": linguist-generated: "); ok {
			marked[file] = rest == "true"
		}
	}
	return marked
}

func saysGenerated(t *testing.T, file string) bool {
	t.Helper()
	f, err := os.Open(filepath.Join(top, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s, n := bufio.NewScanner(f), 0; s.Scan() && n < 5; n++ {
		if strings.HasPrefix(s.Text(), "// Code generated ") && strings.HasSuffix(s.Text(), "DO NOT EDIT.") {
			return true
		}
	}
	return false
}
