package needs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Name: "schema", Input: `
directive @public on FIELD_DEFINITION | OBJECT
directive @authenticated on FIELD_DEFINITION | OBJECT
directive @hasPermission(permission: String!) on FIELD_DEFINITION | OBJECT
interface Node { id: ID! }
type Booking implements Node @hasPermission(permission: "booking:read") { id: ID! customer: Customer twin: Booking! note: String @hasPermission(permission: "booking:notes") }
type Customer implements Node @hasPermission(permission: "customer:read") { id: ID! bookings: [Booking!]! last: [Booking] }
type Login { token: String! }
type Query {
  hello: String @public
  me: Customer @authenticated
  node(id: ID!): Node @authenticated
  bookings: [Booking!]! @hasPermission(permission: "booking:list")
}
type Mutation { login: Login! @public cancel(id: ID!): Booking! @hasPermission(permission: "booking:cancel") }
type Subscription { changed: Booking @hasPermission(permission: "booking:watch") }
`})

// scopes of the permissions of customers: those of bookings are the same at any.
func scopes(permission string) []string {
	if strings.HasPrefix(permission, "customer:") {
		return []string{"OWN", "ANY"}
	}
	return nil
}

func TestWhatOperationsNeed(t *testing.T) {
	none := map[string][]string{}
	own := map[string][]string{"customer:read": {"OWN", "ANY"}}
	for document, want := range map[string]Operation{
		`query Q { hello }`:                        {"query", false, []string{}, none, none},
		`mutation Q { login { token } }`:           {"mutation", false, []string{}, none, none},
		`query Q { me { id } hello }`:              {"query", true, []string{"customer:read"}, none, own},
		`query Q { bookings { id } }`:              {"query", true, []string{"booking:list", "booking:read"}, none, none},
		`mutation Q { cancel(id: 1) { id } }`:      {"mutation", true, []string{"booking:cancel", "booking:read"}, none, none},
		`subscription Q { changed { id } }`:        {"subscription", true, []string{"booking:read", "booking:watch"}, none, none},
		`query Q { bookings { twin { id } } }`:     {"query", true, []string{"booking:list", "booking:read"}, none, none},
		`query Q { bookings { mine: note } }`:      {"query", true, []string{"booking:list", "booking:read"}, map[string][]string{"bookings.mine": {"booking:notes"}}, none},
		`query Q { bookings { customer { id } } }`: {"query", true, []string{"booking:list", "booking:read"}, map[string][]string{"bookings.customer": {"customer:read"}}, own},
		`query Q { bookings { customer { bookings { id } last { id } } } }`: {"query", true, []string{"booking:list", "booking:read"}, map[string][]string{
			"bookings.customer": {"booking:read", "customer:read"}, "bookings.customer.last": {"booking:read"}}, own},
		`query Q { bookings { ...f } } fragment f on Booking { note }`: {"query", true, []string{"booking:list", "booking:read"}, map[string][]string{"bookings.note": {"booking:notes"}}, none},
		`query Q { node(id: 1) { id ... on Booking { twin { id } note } } }`: {"query", true, []string{}, map[string][]string{
			"node.twin": {"booking:read"}, "node.note": {"booking:notes"}}, none},
	} {
		got, err := Of(schema, scopes, &ast.Source{Name: "q.graphql", Input: document})
		if err != nil {
			t.Errorf("%s: %v", document, err)
			continue
		}
		if diff := cmp.Diff(want, got["Q"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", document, diff)
		}
	}
}

func TestFilesShareTheirFragments(t *testing.T) {
	got, err := Of(schema, scopes, &ast.Source{Name: "a", Input: `query A { bookings { ...f } }`}, &ast.Source{Name: "b", Input: `fragment f on Booking { note }`})
	if err != nil || len(got["A"].Parts) != 1 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestDocumentsThatDoNotFitAreNamed(t *testing.T) {
	for document, want := range map[string]string{
		`query Q { moon }`:                    "q.graphql:1",
		`{ hello }`:                           "without a name",
		`query Q {`:                           "q.graphql:1",
		`query Q { hello } query Q { hello }`: "Q",
	} {
		_, err := Of(schema, scopes, &ast.Source{Name: "q.graphql", Input: document})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q in it", document, err, want)
		}
	}
}
