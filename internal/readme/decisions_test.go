package readme_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestDecisionsAreWhole holds each record to its form, and the list to the
// records.
func TestDecisionsAreWhole(t *testing.T) {
	const folder, list = "docs/decisions", "docs/decisions/README.md"
	index, numbers := read(t, list), map[string]string{}
	form := regexp.MustCompile(`(?s)^# \d{4} [^\n]+\n\n\d{4}-\d\d-\d\d, (accepted|superseded by [^\n]+)\n\n## Context\n.+\n## Decision\n.+\n## Price\n.+$`)
	for _, page := range pages(t) {
		if path.Dir(page) != folder || page == list {
			continue
		}
		name := path.Base(page)
		number, _, _ := strings.Cut(name, "-")
		if other, taken := numbers[number]; taken {
			t.Errorf("%s and %s have the same number", name, other)
		}
		numbers[number] = name
		text := read(t, page)
		if !strings.HasPrefix(text, "# "+number+" ") || !form.MatchString(text) {
			t.Errorf("%s is not of the form: title with its number, date and state, Context, Decision, Price", name)
		}
		if !strings.Contains(index, "["+number+"]("+name+")") {
			t.Errorf("%s is not in the list", name)
		}
	}
}
