package seed_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

var someDay = time.Date(2026, 3, 18, 10, 30, 0, 0, time.UTC)

func TestFirstAdmin(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		d := deps(s, someDay)
		account, made, err := seed.FirstAdmin(t.Context(), d)
		if err != nil || !made {
			t.Fatalf("FirstAdmin = %t, %v", made, err)
		}
		if account.Login != "admin" || account.Role != access.RoleAdmin || account.Unit != "Clinic" {
			t.Errorf("account = %v", account.LogValue())
		}
		u := all(t, s.Client.User.Query().WithRoles().All)[0]
		ok, _, err := d.Passwords.Verify(t.Context(), u.PasswordHash, account.Password)
		if err != nil || !ok {
			t.Errorf("the printed password is not the account's: %v", err)
		}
		if !u.MustChangePassword {
			t.Error("the password may be kept")
		}
		if len(u.Edges.Roles) != 1 || u.Edges.Roles[0].Name != access.RoleAdmin {
			t.Errorf("roles = %v", u.Edges.Roles)
		}
		if n := count(t, s.Client.AuditLog.Query().Where(auditlog.Event(audit.EventAdministratorMade), auditlog.SubjectID(u.ID)).Count); n != 1 {
			t.Errorf("%d audit events tell of it", n)
		}

		if _, made, err := seed.FirstAdmin(t.Context(), d); made || err != nil {
			t.Errorf("a second time: %t, %v", made, err)
		}
		as(t, s, func(ctx context.Context, c *ent.Client) error {
			return c.User.UpdateOneID(u.ID).SetDeletedAt(someDay).Exec(ctx)
		})
		if _, made, err := seed.FirstAdmin(t.Context(), d); made || err != nil {
			t.Errorf("after the last user was deleted: %t, %v", made, err)
		}
	})
}

func TestServersThatStartAtOnceMakeOneAdministrator(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		d := deps(s, someDay)
		var wg sync.WaitGroup
		var makers atomic.Int64
		for range 4 {
			wg.Go(func() {
				_, made, err := seed.FirstAdmin(t.Context(), d)
				if err != nil {
					t.Error(err)
				}
				if made {
					makers.Add(1)
				}
			})
		}
		wg.Wait()
		if n, users := makers.Load(), count(t, s.Client.User.Query().Where(user.Username("admin")).Count); n != 1 || users != 1 {
			t.Errorf("%d servers made %d administrators", n, users)
		}
	})
}
