package readme_test

import (
	"regexp"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// TestTheOperationsOfTheAccessPageAreOfTheGraph validates each of them.
func TestTheOperationsOfTheAccessPageAreOfTheGraph(t *testing.T) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: read(t, "schema.graphqls")})
	if err != nil {
		t.Fatal(err)
	}
	operations := regexp.MustCompile("(?s)```graphql\n(.*?)```").FindAllStringSubmatch(read(t, "docs/access.md"), -1)
	if len(operations) < 4 {
		t.Errorf("%d operations on the page", len(operations))
	}
	for _, o := range operations {
		if _, errs := gqlparser.LoadQueryWithRules(schema, o[1], rules.NewDefaultRules()); len(errs) > 0 {
			t.Errorf("%v in:\n%s", errs, o[1])
		}
	}
}
