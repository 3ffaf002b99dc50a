package house_test

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect/sql/schema"

	"clinicgraph/ent"
	"clinicgraph/ent/migrate"
)

// TestEveryForeignKeyHasAnIndex holds what ent does not: without an index on the
// key, following an edge backwards and deleting a target read the whole table.
func TestEveryForeignKeyHasAnIndex(t *testing.T) {
	for _, table := range migrate.Tables {
		for _, key := range table.ForeignKeys {
			if column := key.Columns[0]; !leadsAnIndex(table, column) {
				t.Errorf("%s.%s has no index", table.Name, column.Name)
			}
		}
	}
}

func leadsAnIndex(table *schema.Table, column *schema.Column) bool {
	if column.Unique || len(table.PrimaryKey) > 0 && table.PrimaryKey[0].Name == column.Name {
		return true
	}
	for _, index := range table.Indexes {
		if index.Columns[0].Name == column.Name {
			return true
		}
	}
	return false
}

// TestEveryOrderHasAnIndex holds the same for what lists are ordered by.
func TestEveryOrderHasAnIndex(t *testing.T) {
	tables := map[string]*schema.Table{}
	for _, table := range migrate.Tables {
		tables[table.Name] = table
	}
	for name, def := range published(t).Types {
		entity, ok := strings.CutSuffix(name, "OrderField")
		if !ok {
			continue
		}
		table := tables[tableOf(t, entity)]
		for _, v := range def.EnumValues {
			column := &schema.Column{Name: strings.ToLower(v.Name)}
			if !leadsAnIndex(table, column) {
				t.Errorf("%s is ordered by %s, which leads no index", entity, column.Name)
			}
		}
	}
}

// TestFiltersOverEdgesAskTheTargetsDoor holds the guard on filters: an edge to a
// type with another door than the filtered type carries that door.
func TestFiltersOverEdgesAskTheTargetsDoor(t *testing.T) {
	s := published(t)
	edges := 0
	for name, def := range s.Types {
		entity, ok := strings.CutSuffix(name, "WhereInput")
		if !ok {
			continue
		}
		for _, f := range def.Fields {
			target, ok := strings.CutSuffix(f.Type.Name(), "WhereInput")
			if !ok || target == entity {
				continue
			}
			edges++
			here, there := s.Types[entity], s.Types[target]
			same := len(here.Directives) == 1 && len(there.Directives) == 1 &&
				here.Directives[0].Name == there.Directives[0].Name &&
				here.Directives[0].ArgumentMap(nil)["permission"] == there.Directives[0].ArgumentMap(nil)["permission"]
			if !same && len(doors(f.Directives)) != 1 {
				t.Errorf("%s.%s reaches %s past its door", name, f.Name, target)
			}
		}
	}
	if edges == 0 {
		t.Error("no edge can be filtered by: the test has lost its subject")
	}
}

func tableOf(t *testing.T, entity string) string {
	t.Helper()
	meta, ok := ent.Meta[entity]
	if !ok {
		t.Fatalf("there is no entity %s", entity)
	}
	return meta.Table
}
