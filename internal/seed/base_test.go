package seed_test

import (
	"context"
	"database/sql"
	"strings"
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
	cmpopts.IgnoreFields(access.Permission{}, "High", "Whole"),
}

func readBase(t *testing.T, s *store.Store) (got baseData) {
	t.Helper()
	c := s.Client
	for _, p := range all(t, c.Permission.Query().All) {
		got.Permissions = append(got.Permissions, access.Permission{Name: p.Name, Description: p.Description, Reserved: p.Reserved})
	}
	for _, r := range all(t, c.Role.Query().Where(role.IsSystem(true)).WithRolePermissions().All) {
		found := access.Role{Name: r.Name, Description: r.Description}
		for _, p := range r.Edges.RolePermissions {
			scope, _ := access.ParseScope(p.Scope.String())
			found.Grants = append(found.Grants, access.RoleGrant{Permission: p.Permission, Scope: scope})
		}
		got.Roles = append(got.Roles, found)
	}
	for _, x := range all(t, c.Sex.Query().Order(ent.Asc("sex")).All) {
		got.Sexes = append(got.Sexes, x.Sex)
	}
	for _, m := range all(t, c.PaymentMethod.Query().Order(ent.Asc("kind")).All) {
		got.Methods = append(got.Methods, m.Kind.String())
	}
	for _, u := range all(t, c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIsNil()).All) {
		got.Units = append(got.Units, u.Name+" "+u.Timezone)
	}
	return got
}

func base(t *testing.T, s *store.Store) {
	t.Helper()
	if err := seed.Base(t.Context(), s, "Europe/Warsaw"); err != nil {
		t.Fatal(err)
	}
}

// as runs a change by the system in one transaction.
func as(t *testing.T, s *store.Store, change func(ctx context.Context, c *ent.Client) error) {
	t.Helper()
	ctx := system(t)
	if err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return change(ctx, c) }); err != nil {
		t.Fatal(err)
	}
}

func TestBaseMakesTheTablesOfTheCode(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		if diff := cmp.Diff(wanted(), readBase(t, s), sameSet); diff != "" {
			t.Errorf("base data (-want +got):\n%s", diff)
		}
	})
}

func TestBaseWritesNothingWhereNothingHasChanged(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		before, versions := count(t, s.Client.OperationLog.Query().Count), versionsOf(t, s)
		base(t, s)
		if after := count(t, s.Client.OperationLog.Query().Count); after != before {
			t.Errorf("the second start put %d changes on record", after-before)
		}
		if diff := cmp.Diff(versions, versionsOf(t, s)); diff != "" {
			t.Errorf("versions of roles (-before +after):\n%s", diff)
		}
	})
}

func versionsOf(t *testing.T, s *store.Store) map[string]int32 {
	t.Helper()
	versions := map[string]int32{}
	for _, r := range all(t, s.Client.Role.Query().All) {
		versions[r.Name] = r.Version
	}
	return versions
}

// TestBaseBringsAnOlderClinicUpToDate starts from what another release may have
// left: a permission less, one more, another scope, other words.
func TestBaseBringsAnOlderClinicUpToDate(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		as(t, s, func(ctx context.Context, c *ent.Client) error {
			staff := c.Role.Query().Where(role.Name(access.RoleStaff)).OnlyX(ctx)
			old := c.Permission.Create().SetName("fax:send").SetDescription("Send a fax.").SaveX(ctx)
			c.RolePermission.Create().SetRoleID(staff.ID).SetPermissionID(old.ID).SetPermission(old.Name).
				SetScope(rolepermission.ScopeAny).ExecX(ctx)
			held := func(name string) *ent.RolePermission {
				return c.RolePermission.Query().Where(rolepermission.RoleID(staff.ID), rolepermission.Permission(name)).OnlyX(ctx)
			}
			c.RolePermission.DeleteOne(held(access.BookingRead)).ExecX(ctx)
			held(access.BookingCreate).Update().SetScope(rolepermission.ScopeAny).ExecX(ctx)
			staff.Update().SetDescription("The people in front.").ExecX(ctx)
			c.Permission.Query().Where(permission.Name(access.UnitRead)).OnlyX(ctx).Update().SetDescription("Units.").SetReserved(true).ExecX(ctx)
			c.Permission.DeleteOne(c.Permission.Query().Where(permission.Name(access.PaymentRefund)).OnlyX(ctx)).ExecX(ctx)
			c.Permission.Query().Where(permission.Name(access.PaymentVoid)).OnlyX(ctx).Update().SetReserved(false).ExecX(ctx)
			return nil
		})
		base(t, s)
		if diff := cmp.Diff(wanted(), readBase(t, s), sameSet); diff != "" {
			t.Errorf("base data (-want +got):\n%s", diff)
		}
	})
}

func TestBaseLeavesWhatIsTheClinicsOwn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		as(t, s, func(ctx context.Context, c *ent.Client) error {
			old := c.Permission.Create().SetName("fax:send").SaveX(ctx)
			own := c.Role.Create().SetName("fax").SaveX(ctx)
			c.RolePermission.Create().SetRoleID(own.ID).SetPermissionID(old.ID).SetPermission(old.Name).ExecX(ctx)
			for _, m := range c.PaymentMethod.Query().AllX(ctx) {
				m.Update().SetIsActive(false).SetLabel("Ours").ExecX(ctx)
			}
			c.OrganizationalUnit.Query().OnlyX(ctx).Update().SetName("Our house").ExecX(ctx)
			return nil
		})
		before := count(t, s.Client.OperationLog.Query().Count)
		base(t, s)
		if after := count(t, s.Client.OperationLog.Query().Count); after != before {
			t.Errorf("the next start changed %d rows", after-before)
		}
	})
}

func TestBaseRefusesToTakeOverARoleOfTheClinic(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		as(t, s, func(ctx context.Context, c *ent.Client) error {
			return c.Role.Create().SetName(access.RoleDoctor).Exec(ctx)
		})
		err := seed.Base(t.Context(), s, "UTC")
		if err == nil || fault.CodeOf(err) != fault.CodeInternal {
			t.Fatalf("Base = %v, want a refusal", err)
		}
		if n := count(t, s.Client.Permission.Query().Count); n != 0 {
			t.Errorf("%d permissions were written all the same", n)
		}
	})
}

func TestServersThatStartAtOnceMakeOneBase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := seed.Base(t.Context(), s, "Europe/Warsaw"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(wanted(), readBase(t, s), sameSet); diff != "" {
			t.Errorf("base data (-want +got):\n%s", diff)
		}
	})
}

// TestTheDatabaseKeepsWildcardsToSystemRoles: whoever writes, and by whatever way.
func TestTheDatabaseKeepsWildcardsToSystemRoles(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		ctx := access.System(context.Background(), "test")
		everything := s.Client.Permission.Query().Where(permission.Name("*:*")).OnlyX(ctx)
		someone := func(c *ent.Client) *ent.User {
			return c.User.Create().SetUsername("u").SetUsernameKey("u").SetEmail("u@example.org").SetEmailKey("u@example.org").SaveX(ctx)
		}
		for name, write := range map[string]func(c *ent.Client) error{
			"in a role of the clinic": func(c *ent.Client) error {
				own := c.Role.Create().SetName("own").SaveX(ctx)
				return c.RolePermission.Create().SetRoleID(own.ID).SetPermissionID(everything.ID).SetPermission("booking:*").Exec(ctx)
			},
			"to a user": func(c *ent.Client) error {
				u := someone(c)
				return c.UserPermission.Create().SetUserID(u.ID).SetPermissionID(everything.ID).SetPermission("*:*").SetAllowed(true).Exec(ctx)
			},
		} {
			if err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return write(c) }); err == nil || !strings.Contains(err.Error(), "wildcard") {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, change := range []string{
			`UPDATE role_permissions SET permission = 'booking:*' WHERE role_id = $1`, `UPDATE user_permissions SET permission = 'booking:*' WHERE user_id = $1`,
		} {
			err := s.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
				own := c.Role.Create().SetName("own").SaveX(ctx)
				u := someone(c)
				entry := c.Permission.Query().Where(permission.Name(access.BookingRead)).OnlyX(ctx)
				c.RolePermission.Create().SetRoleID(own.ID).SetPermissionID(entry.ID).SetPermission(entry.Name).ExecX(ctx)
				c.UserPermission.Create().SetUserID(u.ID).SetPermissionID(entry.ID).SetPermission(entry.Name).SetAllowed(true).ExecX(ctx)
				id := own.ID
				if strings.Contains(change, "user_id") {
					id = u.ID
				}
				_, err := tx.ExecContext(ctx, change, id)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "wildcard") {
				t.Errorf("%s: %v", change, err)
			}
		}
	})
}
