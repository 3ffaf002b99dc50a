package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	gql "github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

const top = "../.."

// published loads the schema that the project publishes.
func published(t *testing.T) *gql.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, "schema.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&gql.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func doors(directives gql.DirectiveList) []string {
	var found []string
	for _, d := range directives {
		switch d.Name {
		case "public", "authenticated", "hasPermission":
			found = append(found, d.Name)
		}
	}
	return found
}

// inherits names the types that hold no data of their own: what leads to them
// has asked.
var inherits = regexp.MustCompile(`(Connection|Edge|Payload)$|^(PageInfo|Money|Query|Mutation|Subscription)$`)

func TestEveryRootFieldSaysWhoMayCallIt(t *testing.T) {
	schema := published(t)
	for _, root := range []*gql.Definition{schema.Query, schema.Mutation, schema.Subscription} {
		if root == nil {
			continue
		}
		for _, f := range root.Fields {
			if !strings.HasPrefix(f.Name, "__") && len(doors(f.Directives)) != 1 {
				t.Errorf("%s.%s has %d declarations, want exactly one", root.Name, f.Name, len(doors(f.Directives)))
			}
		}
	}
}

func TestEveryTypeThatHoldsDataSaysWhoMayReadIt(t *testing.T) {
	for name, def := range published(t).Types {
		if def.Kind != gql.Object || def.BuiltIn || strings.HasPrefix(name, "__") {
			continue
		}
		n := len(doors(def.Directives))
		if want := 1; inherits.MatchString(name) {
			if n > want {
				t.Errorf("%s has %d declarations, want one at most", name, n)
			}
		} else if n != want {
			t.Errorf("%s has %d declarations, want exactly one", name, n)
		}
	}
}

func TestEveryPermissionIsInTheRegistryAndUsed(t *testing.T) {
	used := map[string]bool{}
	for _, def := range published(t).Types {
		note := func(directives gql.DirectiveList) {
			for _, d := range directives.ForNames("hasPermission") {
				p := d.Arguments.ForName("permission").Value.Raw
				used[p] = true
				if !access.Known(p) {
					t.Errorf("%s names the permission %q, which is not in the registry", def.Name, p)
				}
			}
		}
		note(def.Directives)
		for _, f := range def.Fields {
			note(f.Directives)
		}
	}
	for _, p := range access.Registry() {
		if p.Reserved == used[p.Name] {
			t.Errorf("%s: reserved %t, used %t", p.Name, p.Reserved, used[p.Name])
		}
	}
	for _, r := range access.SystemRoles() {
		for _, g := range r.Grants {
			if !access.Known(g.Permission) && !strings.HasSuffix(g.Permission, ":*") {
				t.Errorf("role %s holds %q, which is not in the registry", r.Name, g.Permission)
			}
		}
	}
}

func TestEverythingPublishedIsDescribed(t *testing.T) {
	for name, def := range published(t).Types {
		if def.BuiltIn || strings.HasPrefix(name, "__") {
			continue
		}
		if def.Description == "" && def.Name != "Query" && def.Name != "Mutation" {
			t.Errorf("%s has no description", name)
		}
		for _, f := range def.Fields {
			if f.Description == "" && !strings.HasPrefix(f.Name, "__") {
				t.Errorf("%s.%s has no description", name, f.Name)
			}
			for _, a := range f.Arguments {
				if a.Description == "" && !strings.HasPrefix(f.Name, "__") {
					t.Errorf("%s.%s(%s:) has no description", name, f.Name, a.Name)
				}
			}
		}
		for _, v := range def.EnumValues {
			if v.Description == "" {
				t.Errorf("%s.%s has no description", name, v.Name)
			}
		}
	}
}

func TestErrorCodesArePublished(t *testing.T) {
	var want, got []string
	for _, c := range fault.Codes() {
		want = append(want, string(c))
	}
	for _, v := range published(t).Types["ErrorCode"].EnumValues {
		got = append(got, v.Name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ErrorCode (-code +SDL):\n%s", diff)
	}
}

func TestThePublishedSchemaNamesNoGoPackage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "schema.graphqls"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"clinicgraph/", "@goModel", "@goField", "github.com"} {
		if strings.Contains(string(text), word) {
			t.Errorf("schema.graphqls holds %q", word)
		}
	}
}

func TestEveryEntityHasItsRowRule(t *testing.T) {
	decided := rowRules(t)
	for entity := range ent.Meta {
		if !decided["Type"+entity] {
			t.Errorf("internal/guard/rows.go does not decide about %s", entity)
		}
	}
}

// rowRules reads which entities the page of row rules names.
func rowRules(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(top, "internal/guard/rows.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	decided := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		clause, ok := n.(*ast.CaseClause)
		if !ok {
			return true
		}
		for _, e := range clause.List {
			if s, ok := e.(*ast.SelectorExpr); ok {
				decided[s.Sel.Name] = true
			}
		}
		return true
	})
	return decided
}

func TestEveryEntityHasItsKindAndDoor(t *testing.T) {
	for entity, meta := range ent.Meta {
		if _, ok := ids.ParseKind(entity); !ok {
			t.Errorf("%s has no number in internal/ids", entity)
		}
		if (meta.Door == "") != meta.Internal {
			t.Errorf("%s: door %q, internal %t", entity, meta.Door, meta.Internal)
		}
		if !meta.AppendOnly && !meta.SoftDelete && !removedForGood[entity] {
			t.Errorf("%s is neither kept, nor append-only, nor listed as removed for good", entity)
		}
	}
	for _, k := range ids.Kinds() {
		if _, ok := ent.Meta[k.String()]; !ok {
			t.Errorf("internal/ids numbers %s, which is no entity", k)
		}
	}
}

// removedForGood lists the entities whose rows go when they end; the operation
// log keeps what they were.
var removedForGood = map[string]bool{
	"UserRole": true, "RolePermission": true, "UserPermission": true,
	"PractitionerService": true, "ResourceClaim": true, "IdempotencyKey": true, "Notification": true,
	"BlacklistedToken": true, "PasswordHistory": true, "RateLimitLog": true, "OneTimeToken": true, "SigningKey": true,
	"Authenticator": true, "RecoveryCode": true, "ApiToken": true, "OutboxMessage": true,
}

// TestFilterableAndOrderable holds the reviewed list of what callers may filter
// and order by: each entry is a question that can be asked about rows.
func TestFilterableAndOrderable(t *testing.T) {
	var got []string
	for name, def := range published(t).Types {
		if entity, ok := strings.CutSuffix(name, "WhereInput"); ok {
			for _, f := range def.Fields {
				got = append(got, "filter "+entity+"."+f.Name)
			}
		}
		if entity, ok := strings.CutSuffix(name, "OrderField"); ok {
			for _, v := range def.EnumValues {
				got = append(got, "order "+entity+"."+v.Name)
			}
		}
	}
	reviewed(t, "filters.txt", got)
}
