package seed_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// TestDemo builds the clinic of one day on both databases and looks at it from
// all sides: building it is what takes the time.
func TestDemo(t *testing.T) {
	var mu sync.Mutex
	contents := map[string]content{}
	t.Cleanup(func() { // after both
		if len(contents) != 2 {
			return
		}
		if diff := cmp.Diff(contents["sqlite3"], contents["postgres"]); diff != "" {
			t.Errorf("two clinics of one day differ (-sqlite +postgres):\n%s", diff)
		}
	})
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		d, folder := deps(s, someDay), t.TempDir()
		base(t, s)
		if _, _, err := seed.FirstAdmin(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		options := seed.Options{Folder: folder, Currency: "EUR", Timezone: "Europe/Berlin"}
		began := time.Now()
		accounts, err := seed.Demo(t.Context(), d, options)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: built in %s", s.DB.Dialect, time.Since(began).Round(time.Millisecond))

		got := read(t, s)
		mu.Lock()
		contents[s.DB.Dialect] = got
		mu.Unlock()

		t.Run("has_what_a_clinic_has", func(t *testing.T) { isPeopled(t, got) })
		t.Run("ends_before_today", func(t *testing.T) { endsBefore(t, s, time.Date(2026, 3, 17, 23, 0, 0, 0, time.UTC)) })
		t.Run("has_no_claims_that_overlap", func(t *testing.T) { noOverlap(t, s) })
		t.Run("has_points_that_add_up", func(t *testing.T) { pointsAddUp(t, s) })
		t.Run("has_orders_that_add_up", func(t *testing.T) { ordersAddUp(t, s) })
		t.Run("has_every_row_on_record", func(t *testing.T) { onRecord(t, s) })
		t.Run("lets_its_accounts_in", func(t *testing.T) { letsIn(t, s, d, accounts) })
		t.Run("keeps_the_accounts_for_their_owner", func(t *testing.T) { keepsAccounts(t, folder, accounts) })
		t.Run("is_made_once", func(t *testing.T) { madeOnce(t, s, d, options) })
	})
}

// isPeopled counts what somebody who looks around should find.
func isPeopled(t *testing.T, got content) {
	statuses, today := map[string]int{}, 0
	for _, b := range got.Bookings {
		statuses[b.Status]++
		if b.StartsAt[:10] == "2026-03-18" {
			today++
		}
	}
	charges := map[string]int{}
	for _, o := range got.Orders {
		charges[o.ChargeStatus]++
	}
	type counts struct{ Units, Staff, Customers, Products, Rewards int }
	want := counts{Units: 4, Staff: 12, Customers: 120, Products: 18, Rewards: 4}
	have := counts{len(got.Units), 0, len(got.Customers), len(got.Products), len(got.Rewards)}
	for _, u := range got.Users {
		if u.Unit != "" && u.Username != "admin" {
			have.Staff++
		}
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	for what, n := range map[string]int{
		"confirmed": statuses["CONFIRMED"] - 300, "pending": statuses["PENDING"] - 5, "cancelled": statuses["CANCELLED"] - 20,
		"expired": statuses["EXPIRED"] - 1, "today": today - 5,
		"paid": charges["FULL"] - 200, "partly paid": charges["PARTIAL"] - 1, "unpaid": charges["NONE"] - 50,
		"redemptions": len(got.Redemptions) - 5,
	} {
		if n < 0 {
			t.Errorf("%d %s too few", -n, what)
		}
	}
}

func letsIn(t *testing.T, s *store.Store, d seed.Deps, accounts []seed.Account) {
	var got []string
	for _, a := range accounts {
		users := all(t, s.Client.User.Query().Where(user.Username(a.Login)).WithRoles().All)
		if len(users) != 1 {
			t.Errorf("%s: %d users", a.Login, len(users))
			continue
		}
		u := users[0]
		ok, _, err := d.Passwords.Verify(t.Context(), u.PasswordHash, a.Password)
		if err != nil || !ok || u.MustChangePassword {
			t.Errorf("%s cannot sign in: %v", a.Login, err)
		}
		if len(u.Edges.Roles) != 1 || u.Edges.Roles[0].Name != a.Role {
			t.Errorf("%s has the roles %v, want %s", a.Login, u.Edges.Roles, a.Role)
		}
		got = append(got, a.Role+" "+a.Unit)
	}
	want := []string{
		"admin Clinic", "manager Clinic", "staff Rehabilitation", "staff Physiotherapy",
		"doctor Rehabilitation", "doctor Physiotherapy", "customer Rehabilitation", "customer Physiotherapy",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
	if n := count(t, s.Client.User.Query().Where(user.PasswordHashNEQ("")).Count); n != len(accounts)+1 { // and the first administrator
		t.Errorf("%d users can sign in", n)
	}
}

func keepsAccounts(t *testing.T, folder string, accounts []seed.Account) {
	kept, err := seed.ReadAccounts(folder)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(accounts, kept); diff != "" {
		t.Errorf("kept accounts (-want +got):\n%s", diff)
	}
	info, err := os.Stat(filepath.Join(folder, seed.AccountsFile))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file's mode is %o", mode)
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("%d files in the folder", len(files))
	}
}

func madeOnce(t *testing.T, s *store.Store, d seed.Deps, o seed.Options) {
	users, kept := count(t, s.Client.User.Query().Count), readFile(t, o.Folder)
	if _, err := seed.Demo(t.Context(), d, o); !errors.Is(err, seed.ErrThere) {
		t.Errorf("a second demo = %v, want ErrThere", err)
	}
	if diff := cmp.Diff(kept, readFile(t, o.Folder)); diff != "" {
		t.Errorf("the kept accounts changed:\n%s", diff)
	}
	o.Folder = t.TempDir()
	if _, err := seed.Demo(t.Context(), d, o); !errors.Is(err, seed.ErrUnfinished) {
		t.Errorf("a demo without its accounts = %v, want ErrUnfinished", err)
	}
	if n := count(t, s.Client.User.Query().Count); n != users {
		t.Errorf("%d users before, %d after", users, n)
	}
}

func readFile(t *testing.T, folder string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, seed.AccountsFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDemoIsRefusedInProductionWithoutATrace(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		folder := t.TempDir()
		_, err := seed.Demo(t.Context(), deps(s, someDay), seed.Options{Production: true, Folder: folder})
		if !errors.Is(err, seed.ErrProduction) {
			t.Fatalf("Demo = %v, want ErrProduction", err)
		}
		if n := count(t, s.Client.OperationLog.Query().Count); n != 0 {
			t.Errorf("%d changes on record", n)
		}
		if files, _ := os.ReadDir(folder); len(files) != 0 {
			t.Errorf("%d files were written", len(files))
		}
	})
}

func TestDemoIsRefusedWhereThereIsAClinic(t *testing.T) {
	someone := func(ctx context.Context, c *ent.Client) error {
		return c.User.Create().SetUsername("somebody").SetUsernameKey("somebody").
			SetEmail("somebody@example.org").SetEmailKey("somebody@example.org").Exec(ctx)
	}
	something := func(ctx context.Context, c *ent.Client) error {
		return c.Product.Create().SetSku("A").SetName("Thing").SetKind("GOOD").SetPriceAmount(1).SetCurrency("EUR").SetDeletedAt(someDay).Exec(ctx)
	}
	for name, change := range map[string]func(context.Context, *ent.Client) error{"a_user": someone, "a_deleted_product": something} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, s *store.Store) {
				as(t, s, change)
				_, err := seed.Demo(t.Context(), deps(s, someDay), seed.Options{Folder: t.TempDir()})
				if !errors.Is(err, seed.ErrInUse) {
					t.Errorf("Demo = %v, want ErrInUse", err)
				}
			})
		})
	}
}

func TestAnAccountKeepsItsPasswordOutOfLogs(t *testing.T) {
	a := seed.Account{Role: access.RoleAdmin, Unit: "Clinic", Login: "admin", Password: "do not show"}
	if text := a.LogValue().String(); text != "[role=admin unit=Clinic login=admin]" {
		t.Errorf("in logs: %s", text)
	}
}
