package accounts_test

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// staff is a user with a role, in a unit that has one below it.
type staff struct {
	*store.Store
	t                         testing.TB
	authorities               *accounts.Authorities
	user, role, unit, reading uuid.UUID // the last one is a permission
}

func newStaff(t testing.TB, s *store.Store) *staff {
	st := &staff{Store: s, t: t, authorities: &accounts.Authorities{Client: s.Client}}
	s.Client.Use(st.authorities.Hook())
	st.change(func(ctx context.Context, c *ent.Client) error {
		unit, err := accounts.CreateUnit(ctx, c, accounts.NewUnit{Name: "House", Timezone: "UTC", Kind: organizationalunit.KindDepartment})
		if err != nil {
			return err
		}
		r, err := c.Role.Create().SetName("desk").SetStatus(role.StatusActive).Save(ctx)
		if err != nil {
			return err
		}
		u, err := c.User.Create().SetUsername("anna").SetUsernameKey("anna").SetEmail("anna@clinic.example").SetEmailKey("anna@clinic.example").
			SetOrganizationalUnitID(unit.ID).Save(ctx)
		if err != nil {
			return err
		}
		p, err := c.Permission.Create().SetName(access.BookingRead).Save(ctx)
		if err != nil {
			return err
		}
		st.user, st.role, st.unit, st.reading = u.ID, r.ID, unit.ID, p.ID
		return nil
	})
	return st
}

// change runs a verb's body.
func (st *staff) change(body func(context.Context, *ent.Client) error) {
	st.t.Helper()
	ctx := access.System(context.Background(), "test")
	if err := st.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error { return body(ctx, c) }); err != nil {
		st.t.Fatal(err)
	}
}

// viewer is the user now, as the server knows it.
func (st *staff) viewer() *access.Viewer {
	st.t.Helper()
	a, err := st.authorities.Of(context.Background(), st.user)
	if err != nil {
		st.t.Fatal(err)
	}
	return a.Viewer()
}

func TestWhatChangesHereCountsFromTheCommitOn(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		st := newStaff(t, s)
		assignment, grant, profile, below := new(uuid.UUID), new(uuid.UUID), new(uuid.UUID), new(uuid.UUID)
		for _, step := range []struct {
			name   string
			change func(context.Context, *ent.Client) error
			holds  func(*access.Viewer) bool
		}{
			{"a role is given", func(ctx context.Context, c *ent.Client) error {
				a, err := c.UserRole.Create().SetUserID(st.user).SetRoleID(st.role).SetAssignedAt(testdb.Now()).Save(ctx)
				*assignment = a.ID
				return err
			}, func(v *access.Viewer) bool { return v.Scope(access.BookingRead) == access.ScopeNone }},
			{"the role gets a permission", func(ctx context.Context, c *ent.Client) error {
				return c.RolePermission.Create().SetRoleID(st.role).SetPermissionID(st.reading).SetPermission(access.BookingRead).SetScope(rolepermission.ScopeUnit).Exec(ctx)
			}, func(v *access.Viewer) bool { return v.Scope(access.BookingRead) == access.ScopeUnit }},
			{"the user gets more", func(ctx context.Context, c *ent.Client) error {
				g, err := c.UserPermission.Create().SetUserID(st.user).SetPermissionID(st.reading).SetPermission(access.BookingRead).SetScope(userpermission.ScopeAny).SetAllowed(true).Save(ctx)
				*grant = g.ID
				return err
			}, func(v *access.Viewer) bool { return v.Scope(access.BookingRead) == access.ScopeAny }},
			{"the user is denied it", func(ctx context.Context, c *ent.Client) error {
				return c.UserPermission.UpdateOneID(*grant).SetAllowed(false).Exec(ctx)
			}, func(v *access.Viewer) bool { return !v.Can(access.BookingRead) }},
			{"the denial ended", func(ctx context.Context, c *ent.Client) error {
				return c.UserPermission.UpdateOneID(*grant).SetExpiresAt(testdb.Now()).Exec(ctx)
			}, func(v *access.Viewer) bool { return v.Scope(access.BookingRead) == access.ScopeUnit }},
			{"it is removed", func(ctx context.Context, c *ent.Client) error {
				return c.UserPermission.DeleteOneID(*grant).Exec(ctx)
			}, func(v *access.Viewer) bool { return v.Scope(access.BookingRead) == access.ScopeUnit }},
			{"the role rests", func(ctx context.Context, c *ent.Client) error {
				return c.Role.UpdateOneID(st.role).SetStatus(role.StatusInactive).Exec(ctx)
			}, func(v *access.Viewer) bool { return !v.Can(access.BookingRead) }},
			{"the role is back", func(ctx context.Context, c *ent.Client) error {
				return c.Role.UpdateOneID(st.role).SetStatus(role.StatusActive).Exec(ctx)
			}, func(v *access.Viewer) bool { return v.Can(access.BookingRead) }},
			{"the role is taken", func(ctx context.Context, c *ent.Client) error {
				return c.UserRole.DeleteOneID(*assignment).Exec(ctx)
			}, func(v *access.Viewer) bool { return !v.Can(access.BookingRead) }},
			{"it is given again", func(ctx context.Context, c *ent.Client) error {
				return c.UserRole.Create().SetUserID(st.user).SetRoleID(st.role).SetAssignedAt(testdb.Now()).Exec(ctx)
			}, func(v *access.Viewer) bool { return v.Can(access.BookingRead) }},
			{"the role is deleted", func(ctx context.Context, c *ent.Client) error {
				return c.Role.UpdateOneID(st.role).SetDeletedAt(testdb.Now()).Exec(ctx)
			}, func(v *access.Viewer) bool { return !v.Can(access.BookingRead) }},
			{"there is a unit below", func(ctx context.Context, c *ent.Client) error {
				u, err := accounts.CreateUnit(ctx, c, accounts.NewUnit{Name: "Teeth", Timezone: "UTC", Kind: organizationalunit.KindDepartment, Parent: &st.unit})
				*below = u.ID
				return err
			}, func(v *access.Viewer) bool { return slices.Equal(v.Units, []uuid.UUID{st.unit, *below}) }},
			{"units form a circle", func(ctx context.Context, c *ent.Client) error {
				return c.OrganizationalUnit.UpdateOneID(st.unit).SetParentID(*below).Exec(ctx)
			}, func(v *access.Viewer) bool { return len(v.Units) == 2 }},
			{"the unit below is gone", func(ctx context.Context, c *ent.Client) error {
				return c.OrganizationalUnit.UpdateOneID(*below).SetDeletedAt(testdb.Now()).Exec(ctx)
			}, func(v *access.Viewer) bool { return slices.Equal(v.Units, []uuid.UUID{st.unit}) }},
			{"the user belongs to no unit", func(ctx context.Context, c *ent.Client) error {
				return c.User.UpdateOneID(st.user).ClearOrganizationalUnitID().Exec(ctx)
			}, func(v *access.Viewer) bool { return len(v.Units) == 0 }},
			{"a customer profile is made", func(ctx context.Context, c *ent.Client) error {
				made, err := c.Customer.Create().SetNumber("C-1").SetAccountID(st.user).Save(ctx)
				*profile = made.ID
				return err
			}, func(v *access.Viewer) bool { return slices.Equal(v.Profiles, []uuid.UUID{*profile}) }},
			{"it belongs to nobody", func(ctx context.Context, c *ent.Client) error {
				return c.Customer.UpdateOneID(*profile).ClearAccountID().Exec(ctx)
			}, func(v *access.Viewer) bool { return len(v.Profiles) == 0 }},
			{"and to the user again", func(ctx context.Context, c *ent.Client) error {
				return c.Customer.UpdateOneID(*profile).SetAccountID(st.user).Exec(ctx)
			}, func(v *access.Viewer) bool { return slices.Equal(v.Profiles, []uuid.UUID{*profile}) }},
			{"it is deleted", func(ctx context.Context, c *ent.Client) error {
				return c.Customer.UpdateOneID(*profile).SetDeletedAt(testdb.Now()).Exec(ctx)
			}, func(v *access.Viewer) bool { return len(v.Profiles) == 0 }},
			{"the user practises", func(ctx context.Context, c *ent.Client) error {
				return c.PractitionerProfile.Create().SetUserID(st.user).SetDisplayName("Anna").Exec(ctx)
			}, func(v *access.Viewer) bool { return v.Practitioner }},
			{"the password must be changed", func(ctx context.Context, c *ent.Client) error {
				return c.User.UpdateOneID(st.user).SetMustChangePassword(true).Exec(ctx)
			}, func(v *access.Viewer) bool { return v.MustChangePassword }},
		} {
			st.viewer() // is held from here on
			st.change(step.change)
			if v := st.viewer(); !step.holds(v) {
				t.Errorf("%s: %+v", step.name, v)
			}
		}
	})
}

func TestWhatIsReadWhileItChangesIsNotKept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		st := newStaff(t, s)
		done := make(chan struct{})
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for {
					select {
					case <-done:
						return
					default:
						if _, err := st.authorities.Read(context.Background(), st.user); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		for i := range 200 {
			must := i%2 == 0
			st.change(func(ctx context.Context, c *ent.Client) error {
				return c.User.UpdateOneID(st.user).SetMustChangePassword(must).Exec(ctx)
			})
			if st.viewer().MustChangePassword != must {
				t.Fatalf("after change %d the former one is answered", i)
			}
		}
		close(done)
		readers.Wait()
	})
}

func TestWhatOthersChangeCountsWithinASecond(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		st := newStaff(t, s)
		other := &accounts.Authorities{Client: s.Client} // of a server that hears of nothing
		if _, err := other.Of(context.Background(), st.user); err != nil {
			t.Fatal(err)
		}
		st.change(func(ctx context.Context, c *ent.Client) error {
			return c.User.UpdateOneID(st.user).SetMustChangePassword(true).Exec(ctx)
		})
		committed := time.Now()
		for {
			began := time.Now()
			a, err := other.Of(context.Background(), st.user)
			if err != nil {
				t.Fatal(err)
			}
			if a.Viewer().MustChangePassword {
				return
			}
			if began.Sub(committed) > time.Second {
				t.Fatal("a second later the former authority is answered")
			}
		}
	})
}

// BenchmarkAuthority is what a request's rights cost: read in one statement, and
// held for the requests of the next second.
func BenchmarkAuthority(b *testing.B) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		st := newStaff(b, testdb.Open(b, d))
		st.change(func(ctx context.Context, c *ent.Client) error {
			return errors.Join(
				c.UserRole.Create().SetUserID(st.user).SetRoleID(st.role).SetAssignedAt(testdb.Now()).Exec(ctx),
				c.RolePermission.Create().SetRoleID(st.role).SetPermissionID(st.reading).SetPermission(access.BookingRead).SetScope(rolepermission.ScopeUnit).Exec(ctx))
		})
		b.Run(d+"/read", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := st.authorities.Read(b.Context(), st.user); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(d+"/held", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := st.authorities.Of(b.Context(), st.user); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
