package guard

import (
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// TestTheWordsSayWhatTheRulesDo: each entity behind a permission is listed with the
// permission that opens its rows, at the scopes that narrow them, and no other.
func TestTheWordsSayWhatTheRulesDo(t *testing.T) {
	listed := map[string]bool{}
	for _, w := range InWords() {
		if listed[w.Entity] {
			t.Errorf("%s is listed twice", w.Entity)
		}
		listed[w.Entity] = true
		if meta := ent.Meta[w.Entity]; meta.Permission != w.Permission {
			t.Errorf("%s: the words name %s, its door asks %s", w.Entity, w.Permission, meta.Permission)
		}
		for scope, narrows := range map[access.Scope]bool{access.ScopeOwn: w.Own != "", access.ScopeUnit: w.Unit != "", access.ScopeAny: false} {
			v := &access.Viewer{UserID: uuid.New(), Units: []uuid.UUID{uuid.New()}, Grants: []access.Grant{{Permission: w.Permission, Scope: scope, Allowed: true}}}
			if got := visible(v, w.Entity) != nil; got != narrows {
				t.Errorf("%s at %s: narrowed %t, in words %t", w.Entity, scope, got, narrows)
			}
		}
		for _, other := range access.Registry() {
			v := &access.Viewer{UserID: uuid.New(), Grants: []access.Grant{{Permission: other.Name, Scope: access.ScopeAny, Allowed: true}}}
			if opens := visible(v, w.Entity) == nil; opens != (other.Name == w.Permission) {
				t.Errorf("%s: %s opens all rows %t", w.Entity, other.Name, opens)
			}
		}
	}
	for entity, meta := range ent.Meta {
		if meta.Permission != "" && !listed[entity] {
			t.Errorf("%s is not in the words", entity)
		}
	}
}
