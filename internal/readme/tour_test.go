package readme_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// address is where make run serves, as the README has it.
const address = "http://127.0.0.1:8080"

// TestTour runs the blocks of the README's tour, in order and in one shell,
// against the demo clinic as `make run` serves it, and compares what they print
// with what the README says they print.
func TestTour(t *testing.T) {
	walk(t, section(t, read(t, "README.md"), "A tour in five minutes"), 8)
}

// TestAuthenticationPage does so with the page for front-end developers.
func TestAuthenticationPage(t *testing.T) {
	walk(t, read(t, "docs/authentication.md"), 12)
}

// walk runs the blocks of a text, at least so many.
func walk(t *testing.T, text string, least int) {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "jq", "openssl", "base32", "awk"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("the blocks need %s: install it with your system's package manager", tool)
		}
	}
	blocks := shellBlocks(text)
	if len(blocks) < least {
		t.Fatalf("there are %d blocks", len(blocks))
	}
	if n := strings.Count(strings.Join(blocks, ""), address); n != 1 {
		t.Fatalf("the blocks name %s %d times, want once: the test serves on another port", address, n)
	}
	folder := t.TempDir()
	url := serveDemo(t, folder)

	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for i, block := range blocks {
		fmt.Fprintf(&script, "echo %s%d\n%s\n", fence, i+1, strings.ReplaceAll(block, address, url))
	}
	var out, errs bytes.Buffer
	shell := exec.CommandContext(t.Context(), "bash", "-s")
	shell.Dir, shell.Stdin, shell.Stdout, shell.Stderr = folder, strings.NewReader(script.String()), &out, &errs
	failure := shell.Run()

	printed := strings.Split(out.String(), fence)[1:]
	for i, text := range printed {
		_, text, _ = strings.Cut(text, "\n") // the block's number
		if want := promised(blocks[i]); !want.MatchString(text) {
			t.Errorf("block %d:\n%s\nprinted:\n%s", i+1, blocks[i], text)
		}
	}
	if failure != nil || len(printed) != len(blocks) {
		t.Errorf("stopped in block %d of %d: %v\n%s", len(printed), len(blocks), failure, errs.String())
	}
}

// fence separates what the blocks print.
const fence = "~~~ block "

// section gives the part of a page under a heading of the second level.
func section(t *testing.T, page, title string) string {
	t.Helper()
	_, rest, found := strings.Cut(page, "\n## "+title+"\n")
	if !found {
		t.Fatalf("the README has no section %q", title)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// shellBlocks gives the code blocks that are marked sh.
func shellBlocks(text string) (blocks []string) {
	for _, part := range strings.Split("\n"+text, "\n```sh\n")[1:] {
		block, _, _ := strings.Cut(part, "\n```")
		blocks = append(blocks, block)
	}
	return blocks
}

// promised is what a block prints by its lines with "# =>". In them … stands for
// anything in a line, and alone for any number of lines.
func promised(block string) *regexp.Regexp {
	pattern := "^"
	for line := range strings.Lines(block + "\n") {
		text, isOutput := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "# => ")
		switch {
		case !isOutput:
		case text == "…":
			pattern += `(?:.*\n)*`
		default:
			pattern += strings.ReplaceAll(regexp.QuoteMeta(text), "…", ".*") + `\n`
		}
	}
	return regexp.MustCompile(pattern + "$")
}

func TestPromised(t *testing.T) {
	block := "echo\n# => [\"B-…\",1.5]\n# => …\n# => end"
	for text, want := range map[string]bool{
		"[\"B-77\",1.5]\nend\n":       true,
		"[\"B-77\",1.5]\na\nb\nend\n": true,
		"[\"B-77\",1x5]\nend\n":       false,
		"[\"B-77\",1.5]\n":            false,
		"x\n[\"B-77\",1.5]\nend\n":    false,
		"[\"B-\n\",1.5]\nend\n":       false,
	} {
		if got := promised(block).MatchString(text); got != want {
			t.Errorf("%q: fits %t, want %t", text, got, want)
		}
	}
}

// serveDemo does what make run does, with the data folder in folder and on a free
// port, until the test ends. It gives the URL that the server announces.
func serveDemo(t *testing.T, folder string) (url string) {
	t.Helper()
	// The settings are the defaults, whatever the tests were started with.
	for _, entry := range os.Environ() {
		if key, _, _ := strings.Cut(entry, "="); strings.HasPrefix(key, "CLINICGRAPH_") || strings.HasPrefix(key, "DATABASE_URL") {
			t.Setenv(key, "") // restores it afterwards
			if err := os.Unsetenv(key); err != nil {
				t.Fatal(err)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var log bytes.Buffer
	code := make(chan int, 1)
	go func() {
		args := []string{"serve", "--demo", "--addr=127.0.0.1:0", "--data=" + filepath.Join(folder, "data")}
		got := app.Main(ctx, "test", args, writer, &log)
		_ = writer.Close()
		code <- got
	}()
	t.Cleanup(func() {
		stop()
		if got := <-code; got != config.ExitOK {
			t.Errorf("the server ended with %d:\n%s", got, log.String())
		}
	})
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if _, rest, found := strings.Cut(lines.Text(), "serves "); found {
			url = strings.TrimSuffix(rest, "/graphql")
			break
		}
	}
	if url == "" {
		t.Fatal("the server did not say where it serves")
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }() // what else it prints
	return url
}

// read reads a file of the project.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
