package audit_test

import (
	"slices"
	"testing"

	"clinicgraph/ent"
	"clinicgraph/internal/audit"
)

// TestEverybodysDataHaveASubject: of each personal column that goes into the log it is
// known whose data it holds, or that they are nobody's alone.
func TestEverybodysDataHaveASubject(t *testing.T) {
	shared := map[string]bool{ent.TypeGivenName: true, ent.TypeSurname: true} // a row for all who bear the name
	for entity, meta := range ent.Meta {
		column, known := audit.Subjects[entity]
		for field := range meta.Personal {
			if audit.Records(entity) && !meta.Sensitive[field] && !known && !shared[entity] {
				t.Errorf("nobody says whose %s.%s is", entity, field)
			}
		}
		if known && column != "id" && !slices.Contains(meta.Fields, column) {
			t.Errorf("%s has no %s", entity, column)
		}
		for field := range audit.InTheLog[entity] {
			if !slices.Contains(meta.Fields, field) {
				t.Errorf("%s has no %s", entity, field)
			}
		}
	}
}
