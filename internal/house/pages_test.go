package house_test

import (
	"strings"
	"testing"

	gql "github.com/vektah/gqlparser/v2/ast"
)

// TestPagesHaveNoHoles: a client need not look whether an edge or its node is
// there.
func TestPagesHaveNoHoles(t *testing.T) {
	schema, seen := published(t), 0
	for name := range schema.Types {
		entity, isPage := strings.CutSuffix(name, "Connection")
		if !isPage {
			continue
		}
		seen++
		for field, want := range map[string]string{
			name + ".edges": "[" + entity + "Edge!]!", name + ".pageInfo": "PageInfo!", name + ".totalCount": "Int!",
			entity + "Edge.node": entity + "!", entity + "Edge.cursor": "Cursor!",
		} {
			of, which, _ := strings.Cut(field, ".")
			if f := schema.Types[of].Fields.ForName(which); f == nil || f.Type.String() != want {
				t.Errorf("%s is not %s", field, want)
			}
		}
	}
	if seen < 10 {
		t.Errorf("found %d connections", seen)
	}
}

// TestScalarsNameTheirSpecification: those that follow one. The others are ours,
// and their description says all.
func TestScalarsNameTheirSpecification(t *testing.T) {
	ours := map[string]bool{"Cursor": true, "LocalTime": true}
	for name, def := range published(t).Types {
		if def.Kind == gql.Scalar && !def.BuiltIn && (def.Directives.ForName("specifiedBy") == nil) != ours[name] {
			t.Errorf("scalar %s: %v", name, def.Directives)
		}
	}
}
