package seed_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/permission"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// baseData is what Base makes, without ids and times.
type baseData struct {
	Permissions []access.Permission
	Roles       []access.Role
	Sexes       []string
	Methods     []string
	Units       []string
}

// wanted is the base data by the tables in code.
func wanted() baseData {
	return baseData{
		Permissions: append(access.Registry(), access.Permission{Name: "*:*", Description: "Everything."}),
		Roles:       access.SystemRoles(),
		Sexes:       []string{"Female", "Male", "Other"},
		Methods:     []string{"CASH", "TEST"},
		Units:       []string{"Clinic Europe/Warsaw"},
	}
}

// sameSet compares lists whose order means nothing.
var sameSet = cmp.Options{
	cmpopts.SortSlices(func(a, b access.Permission) bool { return a.Name < b.Name }),
	cmpopts.SortSlices(func(a, b access.Role) bool { return a.Name < b.Name }),
	cmpopts.SortSlices(func(a, b access.RoleGrant) bool { return a.Permission < b.Permission }),
	cmpopts.IgnoreFields(access.Permission{}, "Reserved"),
}

func readBase(t *testing.T, s *store.Store) (got baseData) {
	t.Helper()
	ctx, c := system(t), s.Client
	for _, p := range must(t)(c.Permission.Query().All(ctx)) {
		got.Permissions = append(got.Permissions, access.Permission{Name: p.Name, Description: p.Description})
	}
	for _, r := range must(t)(c.Role.Query().Where(role.IsSystem(true)).WithRolePermissions().All(ctx)) {
		found := access.Role{Name: r.Name, Description: r.Description}
		for _, p := range r.Edges.RolePermissions {
			scope, _ := access.ParseScope(p.Scope.String())
			found.Grants = append(found.Grants, access.RoleGrant{Permission: p.Permission, Scope: scope})
		}
		got.Roles = append(got.Roles, found)
	}
	for _, x := range must(t)(c.Sex.Query().Order(ent.Asc("sex")).All(ctx)) {
		got.Sexes = append(got.Sexes, x.Sex)
	}
	for _, m := range must(t)(c.PaymentMethod.Query().Order(ent.Asc("kind")).All(ctx)) {
		got.Methods = append(got.Methods, m.Kind.String())
	}
	for _, u := range must(t)(c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIsNil()).All(ctx)) {
		got.Units = append(got.Units, u.Name+" "+u.Timezone)
	}
	return got
}

// must ends the test on an error.
func must(t *testing.T) mustT { return mustT{t} }

// recorded counts the rows of the operation log.
func recorded(t *testing.T, s *store.Store) int {
	t.Helper()
	n, err := s.Client.OperationLog.Query().Count(system(t))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
