package readme_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClientExamplesAreTestedCode holds the examples of docs/clients.md to the
// clients that are run against a live server: each stands there word for word.
func TestClientExamplesAreTestedCode(t *testing.T) {
	var code strings.Builder
	for _, pattern := range []string{"goclient/*.go", "conformance/*.yml", "conformance/clients/*"} {
		files, err := filepath.Glob(filepath.Join(top, "internal", "e2e", filepath.FromSlash(pattern)))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	// The odd parts are blocks of code, with the language in the first line.
	for i, part := range strings.Split(read(t, "docs/clients.md"), "\n```") {
		_, example, _ := strings.Cut(part, "\n")
		if i%2 == 1 && !strings.Contains(code.String(), example) {
			t.Errorf("this example is not in the tested clients:\n%s", example)
		}
	}
}
