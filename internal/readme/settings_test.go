package readme_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/config"
)

var row = regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| (?:`([^`]*)`)?")

// TestSettingsTable holds the README's table of settings against the settings:
// each once, with its default.
func TestSettingsTable(t *testing.T) {
	got := map[string]string{}
	for _, found := range row.FindAllStringSubmatch(section(t, read(t, "README.md"), "Settings"), -1) {
		if _, twice := got[found[1]]; twice {
			t.Errorf("%s is listed twice", found[1])
		}
		got[found[1]] = found[2]
	}
	want := map[string]string{}
	defaults(reflect.TypeFor[config.Config](), want)
	// Two defaults are no values: the one is made of another setting, the other
	// is a flag that is not given.
	for _, off := range []string{"CLINICGRAPH_AUTO_MIGRATE", "CLINICGRAPH_SERVE_GET"} {
		want[off] = "false"
	}
	want["CLINICGRAPH_SECRET_FILE"] = "secret.key"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-code +README):\n%s", diff)
	}
}

func defaults(t reflect.Type, into map[string]string) {
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		if _, section := tag.Lookup("embed"); section {
			defaults(t.Field(i).Type, into)
			continue
		}
		into[tag.Get("env")] = tag.Get("default")
	}
}

// forTests are the keys that only tests and generation read.
var forTests = []string{"CLINICGRAPH_UPDATE_GOLDEN", "TESTDB_POSTGRES_URL"}

// TestPagesNameOnlySettings finds the settings that a page still talks about
// after they are gone.
func TestPagesNameOnlySettings(t *testing.T) {
	key := regexp.MustCompile(`\bCLINICGRAPH_[A-Z_]*[A-Z]\b`)
	known := append(config.Keys(), forTests...)
	for _, page := range pages(t) {
		for _, found := range key.FindAllString(read(t, page), -1) {
			if !slices.Contains(known, found) {
				t.Errorf("%s names %s, which is not a setting", page, found)
			}
		}
	}
}

// TestTwoCommandsComeFirst holds the README to its order: whoever opens it finds
// the two commands before anything else.
func TestTwoCommandsComeFirst(t *testing.T) {
	blocks := shellBlocks(read(t, "README.md"))
	if len(blocks) == 0 || !strings.HasPrefix(blocks[0], "make run ") || !strings.Contains(blocks[0], "\nmake test ") {
		t.Errorf("the first block of the README is not make run and make test: %q", blocks)
	}
}
