package graph_test

import (
	"slices"
	"strings"
	"testing"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// TestPersonalDataOfPatientsHaveADoor: it is the door of a field that has its
// readers put on record. Every entity that is of a customer counts.
func TestPersonalDataOfPatientsHaveADoor(t *testing.T) {
	schema := published(t)
	var found []string
	for entity, meta := range ent.Meta {
		if entity != ent.TypeCustomer && !slices.Contains(meta.Fields, "customer_id") {
			continue
		}
		for column := range meta.Personal {
			words := strings.Split(column, "_")
			for i, w := range words[1:] {
				words[i+1] = strings.ToUpper(w[:1]) + w[1:]
			}
			name := strings.Join(words, "")
			if meta.Sensitive[column] { // shown under another name, where at all
				if name = map[string]string{"document_sealed": "documentNumber"}[column]; schema.Types[entity].Fields.ForName(name) == nil {
					continue
				}
			}
			found = append(found, entity+"."+name)
			f := schema.Types[entity].Fields.ForName(name)
			if f == nil || f.Directives.ForName("hasPermission") == nil {
				t.Errorf("%s.%s has no door of its own", entity, name)
			}
			if entity != ent.TypeCustomer && entity != ent.TypeAppointment {
				t.Errorf("%s.%s is personal: nobody notes who reads it", entity, name)
			}
		}
	}
	if len(found) < 6 {
		t.Errorf("personal: %v", found)
	}
}

func TestPurposesAreThoseOfTheGraph(t *testing.T) {
	schema := published(t)
	var names []string
	for _, v := range schema.Types["PurposeOfUse"].EnumValues {
		names = append(names, v.Name)
	}
	if !slices.Equal(names, access.Purposes()) {
		t.Errorf("%v, and %v", names, access.Purposes())
	}
}
