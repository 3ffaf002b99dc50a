package e2e

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/product"
	"clinicgraph/ent/reward"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/app"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/money"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// password is everybody's.
const password = "a long way down to the sea"

// The accounts of the world, by login. Those with a place belong to that unit.
const (
	admin       = "admin.one"
	otherAdmin  = "admin.two"
	manager     = "manager.one"
	staffNorth  = "staff.north"
	staffSouth  = "staff.south"
	doctorNorth = "doctor.north"
	doctorNext  = "doctor.next" // in the north, too
	doctorSouth = "doctor.south"
	customerA   = "customer.a"
	customerB   = "customer.b"
)

// world is the clinic that every story begins in: small, and the same each time
// but for the ids.
type world struct {
	secret []byte       // of the data folder
	first  seed.Account // who has never signed in

	north, south                string            // units
	users                       map[string]string // by login
	profiles                    map[string]string // of customers by login; "" walks in, at home in the south
	practitioners               map[string]string // by login
	roles                       map[string]string // by name
	consultation, chat, bandage string            // paid in advance; free; not to be booked
	sticker, mug                string            // rewards for 10 and 80 points
}

// worldOn opens a database with the world in it, which is made once for each
// database system and then copied.
func worldOn(t testing.TB, d string) (*store.DB, *world) {
	t.Helper()
	ctx := context.Background()
	var db *store.DB
	var err error
	if d == dialect.SQLite {
		image, imageErr := sqliteWorld()
		if imageErr != nil {
			t.Fatalf("make the world: %v", imageErr)
		}
		path := filepath.Join(t.TempDir(), "clinic.db")
		if err := os.WriteFile(path, image.file, 0o600); err != nil {
			t.Fatal(err)
		}
		if db, err = store.OpenSQLite(ctx, path); err != nil {
			t.Fatal(err)
		}
		return db, image.world
	}
	url := testdb.NewPostgresDatabase(t, postgresTemplate.Get(t, buildPostgres))
	// What is told must not depend on how busy the machine is.
	if db, err = store.OpenPostgres(ctx, store.Options{URL: url, Wait: -1}); err != nil {
		t.Fatal(err)
	}
	return db, postgresWorld
}

// postgresTemplate is the world on PostgreSQL, and postgresWorld what is in it.
var (
	postgresTemplate testdb.Template
	postgresWorld    *world
)

func buildPostgres(url string) error {
	db, err := store.OpenPostgres(context.Background(), store.Options{URL: url})
	if err != nil {
		return err
	}
	postgresWorld, err = build(db)
	return err
}

// image is a database file with the world in it.
type image struct {
	world *world
	file  []byte
}

var sqliteWorld = sync.OnceValues(func() (made image, err error) {
	dir, err := os.MkdirTemp("", "clinicgraph-world-")
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "clinic.db")
	db, err := store.OpenSQLite(context.Background(), path)
	if err != nil {
		return made, err
	}
	if made.world, err = build(db); err != nil {
		return made, err
	}
	made.file, err = os.ReadFile(path) // closing has emptied the log into it
	return made, err
})

// build makes the world through the verbs, and closes the database.
func build(db *store.DB) (w *world, err error) {
	ctx := access.System(context.Background(), "world")
	data, err := os.MkdirTemp("", "clinicgraph-world-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	if _, err := migrate.Apply(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	now := func() time.Time { return opening }
	a, err := app.New(ctx, settings(data), slog.New(slog.DiscardHandler), options(db, now))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close(context.Background())) }()
	w = &world{
		first: *a.FirstAdmin,
		users: map[string]string{}, profiles: map[string]string{}, practitioners: map[string]string{}, roles: map[string]string{},
	}
	if w.secret, err = os.ReadFile(filepath.Join(data, "secret.key")); err != nil {
		return nil, err
	}
	b := &builder{world: w, ctx: ctx, deps: a.Seed}
	return w, errors.Join(b.people(), b.offer())
}

// builder makes the world.
type builder struct {
	*world
	ctx  context.Context
	deps seed.Deps
}

func (b *builder) people() error {
	hash, err := b.deps.Passwords.Hash(b.ctx, password)
	if err != nil {
		return err
	}
	return b.deps.Store.InTx(b.ctx, func(c *ent.Client, _ *sql.Tx) error {
		units := map[string]*uuid.UUID{"": nil}
		for name, id := range map[string]*string{"North": &b.north, "South": &b.south} {
			u, err := accounts.CreateUnit(b.ctx, c, accounts.NewUnit{Name: name, Kind: organizationalunit.KindDepartment, Timezone: "UTC"})
			if err != nil {
				return err
			}
			*id, units[name] = u.ID.String(), &u.ID
		}
		for _, p := range []struct{ login, role, unit string }{
			{admin, access.RoleAdmin, ""}, {otherAdmin, access.RoleAdmin, ""}, {manager, access.RoleManager, ""},
			{staffNorth, access.RoleStaff, "North"}, {staffSouth, access.RoleStaff, "South"},
			{doctorNorth, access.RoleDoctor, "North"}, {doctorNext, access.RoleDoctor, "North"}, {doctorSouth, access.RoleDoctor, "South"},
			{customerA, access.RoleCustomer, ""}, {customerB, access.RoleCustomer, ""},
		} {
			u, err := accounts.CreateUser(b.ctx, c, accounts.NewUser{
				Username: p.login, Email: p.login + "@example.org", PasswordHash: hash, GivenName: "Given " + p.login, Surname: "Family " + p.login,
				Unit: units[p.unit], Roles: []string{p.role}, IsCustomer: p.role == access.RoleCustomer,
			}, b.deps.Now())
			if err != nil {
				return err
			}
			b.users[p.login] = u.ID.String()
		}
		for login, home := range map[string]string{customerA: "North", customerB: "South", "": "South"} {
			birth, phone, notes := "1990-05-17", "+49302312500", "Notes about "+login
			p := customers.Profile{GivenName: "Profile " + login, Surname: "Person", Unit: units[home], BirthDate: &birth, Phone: &phone, Notes: &notes}
			if login != "" {
				account := uuid.MustParse(b.users[login])
				p.Account = &account
			}
			made, err := customers.Add(b.ctx, c, p)
			if err != nil {
				return err
			}
			b.profiles[login] = made.ID.String()
		}
		all, err := c.Role.Query().All(b.ctx)
		for _, r := range all {
			b.roles[r.Name] = r.ID.String()
		}
		return err
	})
}

func (b *builder) offer() error {
	thirty := catalog.Scheduling{DurationMinutes: 30, IntervalMinutes: 30, NoticeMinutes: 60, HorizonDays: 60, HoldMinutes: 30}
	for _, p := range []struct {
		id    *string
		sku   string
		price int64
		kind  product.Kind
		when  *catalog.Scheduling
	}{
		{&b.consultation, "CONSULT", 80_00, product.KindService, &thirty},
		{&b.chat, "CHAT", 0, product.KindService, &thirty},
		{&b.bandage, "BANDAGE", 3_50, product.KindGood, nil},
	} {
		made, err := b.deps.Catalog.CreateProduct(b.ctx, catalog.NewProduct{
			SKU: p.sku, Name: "Product " + p.sku, Kind: p.kind, Price: money.Amount{Minor: p.price, Currency: "EUR"}, Scheduling: p.when,
		})
		if err != nil {
			return err
		}
		*p.id = made.ID.String()
	}
	for login, unit := range map[string]string{doctorNorth: b.north, doctorNext: b.north, doctorSouth: b.south} {
		if err := b.practitioner(login, uuid.MustParse(unit)); err != nil {
			return err
		}
	}
	for _, r := range []struct {
		id   *string
		name string
		cost int64
	}{{&b.sticker, "Sticker", 10}, {&b.mug, "Mug", 80}} {
		made, err := b.deps.Rewards.CreateReward(b.ctx, rewards.NewReward{Name: r.name, Kind: reward.KindGift, CostPoints: r.cost, Value: money.Amount{Currency: "EUR"}})
		if err != nil {
			return err
		}
		*r.id = made.ID.String()
	}
	return nil
}

// practitioner opens the doctor's diary: weekdays from nine to five.
func (b *builder) practitioner(login string, unit uuid.UUID) error {
	p, err := b.deps.Scheduling.CreatePractitioner(b.ctx, scheduling.NewPractitioner{
		UserID: uuid.MustParse(b.users[login]), Unit: &unit, DisplayName: "Display " + login, Timezone: "UTC",
	})
	if err != nil {
		return err
	}
	b.practitioners[login] = p.ID.String()
	var week []scheduling.WeeklyHours
	for day := time.Monday; day <= time.Friday; day++ {
		week = append(week, scheduling.WeeklyHours{Weekday: day, Start: 9 * 60, End: 17 * 60})
	}
	if err := b.deps.Scheduling.SetWorkingHours(b.ctx, p.ID, week); err != nil {
		return err
	}
	return errors.Join(
		b.deps.Catalog.OfferService(b.ctx, p.ID, uuid.MustParse(b.consultation)),
		b.deps.Catalog.OfferService(b.ctx, p.ID, uuid.MustParse(b.chat)))
}
