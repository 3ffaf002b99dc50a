package template

import (
	"encoding/json"
	"strings"
	"testing"

	"entgo.io/ent/entc/gen"
	"entgo.io/ent/entc/load"
	"entgo.io/ent/schema/field"

	"clinicgraph/ent/schema"
)

// note makes annotations as ent's loader hands them over.
func note(t *testing.T, all ...schema.Annotation) map[string]any {
	t.Helper()
	var merged schema.Annotation
	for _, a := range all {
		merged = merged.Merge(a).(schema.Annotation)
	}
	buf, err := json.Marshal(merged)
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(buf, &raw); err != nil {
		t.Fatal(err)
	}
	return map[string]any{schema.AnnotationName: raw}
}

func TestDeclareRefuses(t *testing.T) {
	text := &field.TypeInfo{Type: field.TypeString}
	open := note(t, schema.Read("thing:read"))
	fieldOf := func(f *load.Field) *load.Schema {
		return &load.Schema{Name: "Thing", Annotations: open, Fields: []*load.Field{f}}
	}
	for _, c := range []struct {
		what   string
		schema *load.Schema
		want   string
	}{
		{"a type without a door", &load.Schema{Name: "Thing"}, "say who may read it"},
		{"an internal type with a door", &load.Schema{Name: "Thing", Annotations: note(t, schema.Internal(), schema.Public())}, "one of the two"},
		{"an internal type with a list", &load.Schema{Name: "Thing", Annotations: note(t, schema.Internal(), schema.List())}, "no List"},
		{"an order by a nullable column", fieldOf(&load.Field{Name: "a", Info: text, Optional: true, Annotations: note(t, schema.Orderable("A"))}), "NOT NULL"},
		{"an order that is not upper snake", fieldOf(&load.Field{Name: "a", Info: text, Annotations: note(t, schema.Orderable("a"))}), "UPPER_SNAKE"},
		{"an order by a field with a door", fieldOf(&load.Field{Name: "a", Info: text, Annotations: note(t, schema.Orderable("A"), schema.ReadField("x:y"))}), "the order tells its values"},
		{"an order by what no cursor carries", fieldOf(&load.Field{Name: "a", Info: &field.TypeInfo{Type: field.TypeFloat64}, Annotations: note(t, schema.Orderable("A"))}), "Orderable takes"},
		{"a filter by what is hidden", fieldOf(&load.Field{Name: "a", Info: text, Annotations: note(t, schema.Hidden(), schema.Filterable())}), "neither filterable"},
		{"a filter by a secret", fieldOf(&load.Field{Name: "a", Info: text, Sensitive: true, Annotations: note(t, schema.Filterable())}), "neither filterable"},
		{"a filter by JSON", fieldOf(&load.Field{Name: "a", Info: &field.TypeInfo{Type: field.TypeJSON}, Annotations: note(t, schema.Filterable(), schema.Scalar("JSON"))}), "Filterable takes"},
		{"a type without a scalar", fieldOf(&load.Field{Name: "a", Info: &field.TypeInfo{Type: field.TypeBytes}}), "has no scalar"},
		{"money of no column", &load.Schema{Name: "Thing", Annotations: note(t, schema.Public(), schema.Money("total", "a", "b"))}, "there is no field a or b"},
		{"a filter by an edge with a door", &load.Schema{Name: "Thing", Annotations: open, Edges: []*load.Edge{{
			Name: "others", Type: "Thing", Annotations: note(t, schema.ReadField("x:y"), schema.FilterableEdge()),
		}}}, "with a door of its own is not filterable"},
		{"an enum in small letters", fieldOf(&load.Field{Name: "a", Info: &field.TypeInfo{Type: field.TypeEnum}, Enums: []struct{ N, V string }{{"x", "x"}}}), "UPPER_SNAKE"},
	} {
		t.Run(c.what, func(t *testing.T) {
			storage, err := gen.NewStorage("sql")
			if err != nil {
				t.Fatal(err)
			}
			g, err := gen.NewGraph(&gen.Config{Package: "x/ent", Storage: storage}, c.schema)
			if err != nil {
				t.Fatal(err)
			}
			if err := declare(g); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error with %q, got %v", c.want, err)
			}
		})
	}
}

func TestGraphName(t *testing.T) {
	for column, want := range map[string]string{"id": "id", "customer_id": "customerId", "starts_at": "startsAt", "avatar_url": "avatarUrl"} {
		if got := graphName(column); got != want {
			t.Errorf("%s: got %s, want %s", column, got, want)
		}
	}
}
