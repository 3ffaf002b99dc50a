package guard

import (
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// TestANameIsLookedForUnlessWhoBearsItIsSeen: only an edge from a user or a customer
// does without the rule of names, whoever asks, and not where what is deleted is seen.
func TestANameIsLookedForUnlessWhoBearsItIsSeen(t *testing.T) {
	v := &access.Viewer{UserID: uuid.New(), Practitioner: true, Grants: []access.Grant{
		{Permission: access.CustomerRead, Scope: access.ScopeOwn, Allowed: true}, {Permission: access.UserRead, Scope: access.ScopeOwn, Allowed: true}}}
	ctx := access.NewContext(t.Context(), v)
	for entity := range ent.Meta {
		for from := range ent.Meta {
			want := len(Rules(ctx, entity))
			if (entity == ent.TypeGivenName || entity == ent.TypeSurname) && (from == ent.TypeUser || from == ent.TypeCustomer) {
				want-- // what is deleted is left out
			}
			if got := len(RulesFrom(ctx, entity, from)); got != want {
				t.Errorf("%s from %s: %d rules instead of %d", entity, from, got, want)
			}
			deleted := access.WithDeleted(ctx)
			if got, want := len(RulesFrom(deleted, entity, from)), len(Rules(deleted, entity)); got != want {
				t.Errorf("%s from %s, with what is deleted: %d rules instead of %d", entity, from, got, want)
			}
		}
	}
	if got := len(RulesFrom(t.Context(), ent.TypeSurname, ent.TypeCustomer)); got != 1 {
		t.Errorf("nobody: %d rules instead of the one that no row passes", got)
	}
}
