package graph

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	gql "github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
)

// What a plan puts in the place of a resolver: the pages of a list, and an object by
// its id. Nothing else may be done there, or the field must be left to the executor. A
// filter by the time of entries may be said once more in ids; it has no plan.
var (
	pagesResolver = regexp.MustCompile(`^\{\s*(?:if where != nil \{\s*where\.AddPredicates\(dated\[predicate\.\w+\]\(span\{where\.CreatedAtGT, where\.CreatedAtGTE, where\.CreatedAtLT, where\.CreatedAtLTE\}\)\.\.\.\)\s*\}\s*)?return r\.Client\.(\w+)\.Query\(\)\.Paginate\(ctx, after, first, before, last(, ent\.With\w+Order\(orderBy\))?, ent\.With\w+Filter\(where\.Filter\)\)\s*\}$`)
	byIDResolver  = regexp.MustCompile(`^\{\s*q, err := r\.Client\.(\w+)\.Query\(\)\.Where\(\w+\.ID\(id\)\)\.CollectFields\(ctx\)\s*if err != nil \{\s*return nil, err\s*\}\s*return one\(q\.Only\(ctx\)\)\s*\}$`)
	nodeResolver  = regexp.MustCompile(`^\{\s*return r\.Client\.(Noder)\(ctx, id, ent\.WithNodeType\(r\.nodeTable\)\)\s*\}$`)
)

// TestPlannedRootFieldsOnlyRead holds the resolvers of the root fields that have plans
// to what a plan does.
func TestPlannedRootFieldsOnlyRead(t *testing.T) {
	bodies := resolverBodies(t)
	schema := generated.NewExecutableSchema(generated.Config{}).Schema()
	resolved, planned := resolvedFields(), 0
	for _, f := range schema.Query.Fields {
		kind, entity := plannedAs(f)
		if kind == nil || resolved["Query."+f.Name] {
			continue
		}
		planned++
		body := bodies[strings.ToLower(f.Name)]
		found := kind.FindStringSubmatch(body)
		if found == nil || entity != "" && found[1] != entity {
			t.Errorf("the resolver of %s does more than a plan would; it must be left to the executor:\n%s", f.Name, body)
		}
	}
	if planned < 15 {
		t.Errorf("%d root fields have plans", planned)
	}
}

// plannedAs says what a plan makes of a root field, as package compiled decides it.
func plannedAs(f *gql.FieldDefinition) (*regexp.Regexp, string) {
	if f.Name == "node" {
		return nodeResolver, ""
	}
	if name, pages := strings.CutSuffix(f.Type.Name(), "Connection"); pages {
		if _, ok := ent.Shapes[name]; ok {
			return pagesResolver, name
		}
	}
	if _, ok := ent.Shapes[f.Type.Name()]; ok && f.Type.Elem == nil && len(f.Arguments) == 1 && f.Arguments[0].Name == "id" {
		return byIDResolver, f.Type.Name()
	}
	return nil, ""
}

// resolverBodies are those of the root type Query, by their names in small letters.
func resolverBodies(t *testing.T) map[string]string {
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{}
	for _, file := range packages["graph"].Files {
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); !ok || star.X.(*ast.Ident).Name != "queryResolver" {
				continue
			}
			var body bytes.Buffer
			if err := printer.Fprint(&body, files, f.Body); err != nil {
				t.Fatal(err)
			}
			bodies[strings.ToLower(f.Name.Name)] = body.String()
		}
	}
	return bodies
}

// TestFieldsWithAResolverHaveNoPlan: what gqlgen asks a resolver for is no column.
func TestFieldsWithAResolverHaveNoPlan(t *testing.T) {
	resolved := resolvedFields()
	for _, field := range []string{"Customer.notes", "Appointment.notes", "OperationLog.oldValues", "Booking.allowedActions", "Customer.accessReport", "Customer.documentNumber"} {
		if !resolved[field] {
			t.Errorf("%s would be read as a column", field)
		}
	}
}
