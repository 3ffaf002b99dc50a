package accounts_test

import (
	"context"
	"database/sql"
	"testing"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestCreateUnit(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		create := func(n accounts.NewUnit) (made *ent.OrganizationalUnit, err error) {
			ctx := access.System(context.Background(), "test")
			err = s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
				made, err = accounts.CreateUnit(ctx, c, n)
				return err
			})
			return made, err
		}
		unit := func(name, zone string) accounts.NewUnit {
			return accounts.NewUnit{Name: name, Timezone: zone, Kind: organizationalunit.KindDepartment}
		}
		root, err := create(unit(" House ", "Europe/Warsaw"))
		if err != nil {
			t.Fatal(err)
		}
		if root.Name != "House" || root.ParentID != nil || root.Description != nil {
			t.Errorf("root = %v", root)
		}
		below := unit("Dental", "UTC")
		below.Parent, below.Description = &root.ID, "Teeth."
		if made, err := create(below); err != nil || made.ParentID == nil || *made.ParentID != root.ID {
			t.Errorf("unit below = %v, %v", made, err)
		}
		for name, tc := range map[string]struct {
			unit accounts.NewUnit
			want fault.Code
		}{
			"a name in use":                  {unit("House", "UTC"), fault.CodeConflict},
			"no name":                        {unit(" ", "UTC"), fault.CodeBadUserInput},
			"a zone that there is not":       {unit("A", "Mars/Olympus"), fault.CodeBadUserInput},
			"the zone of the server's clock": {unit("B", "Local"), fault.CodeBadUserInput},
			"no zone":                        {unit("C", ""), fault.CodeBadUserInput},
		} {
			if _, err := create(tc.unit); fault.CodeOf(err) != tc.want {
				t.Errorf("%s: %v, want %s", name, err, tc.want)
			}
		}
	})
}
