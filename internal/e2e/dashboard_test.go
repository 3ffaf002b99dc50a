package e2e

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicgraph/internal/metrics"
)

// TestTheDashboardAsksForWhatThereIs holds each query of the dashboard against
// the names and labels that a running server shows.
func TestTheDashboardAsksForWhatThereIs(t *testing.T) {
	text, err := os.ReadFile("../../docs/grafana/clinicgraph.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, c *clinic) {
		c.busy()
		labels := map[string][]string{}
		for _, f := range metrics.New(metrics.Sources{}).Families() { // those that nothing happened to
			labels[f.Name] = f.Labels
		}
		for _, s := range c.series() {
			names := labels[s.name]
			for label := range s.labels {
				names = append(names, label)
			}
			labels[s.name] = names
		}
		queries, used := 0, map[string]bool{}
		for _, panel := range dashboard.Panels {
			for _, target := range panel.Targets {
				queries++
				for _, problem := range unknown(target.Expr, labels, used) {
					t.Errorf("panel %q: %s in %s", panel.Title, problem, target.Expr)
				}
			}
		}
		if queries < 15 {
			t.Errorf("the dashboard has %d queries", queries)
		}
		for name := range labels {
			if strings.HasPrefix(name, "clinicgraph_") && !used[name] && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") && labels[name+"_bucket"] == nil {
				t.Errorf("%s is on no panel", name)
			}
		}
	})
}

var (
	selector = regexp.MustCompile(`([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?`)
	grouping = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	matcher  = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)`)
	quoted   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	span     = regexp.MustCompile(`\[[^\]]*\]`)
)

// target are the labels that a scraper adds to everything.
var target = []string{"job", "instance", "le"}

// unknown says what a query asks for that is not there, and marks what it uses.
func unknown(query string, labels map[string][]string, used map[string]bool) (problems []string) {
	rest := span.ReplaceAllString(quoted.ReplaceAllString(query, `""`), "")
	var groups []string
	for _, g := range grouping.FindAllStringSubmatch(rest, -1) {
		for label := range strings.SplitSeq(g[1], ",") {
			groups = append(groups, strings.TrimSpace(label))
		}
	}
	rest = grouping.ReplaceAllString(rest, " ")
	var there []string
	for _, at := range selector.FindAllStringSubmatchIndex(rest, -1) {
		name := rest[at[2]:at[3]]
		if strings.HasPrefix(strings.TrimLeft(rest[at[1]:], " "), "(") { // a function
			continue
		}
		if slices.Contains([]string{"or", "and", "unless", "bool", "offset"}, name) {
			continue
		}
		used[name] = true
		known, ok := labels[name]
		if !ok {
			problems = append(problems, "no metric "+name)
			continue
		}
		there = append(there, known...)
		if at[4] < 0 {
			continue
		}
		for _, m := range matcher.FindAllStringSubmatch(rest[at[4]:at[5]], -1) {
			if !slices.Contains(known, m[1]) && !slices.Contains(target, m[1]) {
				problems = append(problems, "no label "+m[1]+" at "+name)
			}
		}
	}
	for _, label := range groups {
		if label != "" && !slices.Contains(there, label) && !slices.Contains(target, label) {
			problems = append(problems, "no label "+label)
		}
	}
	return problems
}

func TestUnknownFindsWhatIsNotThere(t *testing.T) {
	labels := map[string][]string{"a_total": {"operation"}, "b": nil}
	for query, want := range map[string]int{
		`sum by (operation) (rate(a_total{instance=~"$instance"}[$__rate_interval])) / scalar(b)`: 0,
		`histogram_quantile(0.99, sum by (le) (rate(a_total{operation!="x{y}"}[5m])))`:            0,
		`rate(c_total[5m])`:                     1,
		`a_total{code="OK"}`:                    1,
		`sum by (code, operation) (a_total)`:    1,
		`sum(b) by (kind) + sum(a_totals) or b`: 2,
	} {
		if got := unknown(query, labels, map[string]bool{}); len(got) != want {
			t.Errorf("%s: %v, want %d", query, got, want)
		}
	}
}
