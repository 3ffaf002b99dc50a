package seed

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/store"
)

// builder carries a plan out.
type builder struct {
	plan
	clock     *clock
	store     *store.Store
	passwords *auth.Passwords
	folder    string
	currency  string

	customers  customers.Service
	catalog    catalog.Service
	scheduling scheduling.Service
	orders     orders.Service
	rewards    rewards.Service

	accounts []Account
	hashes   map[string]string // of the accounts, by login

	// What was made, by the numbers of the plan.
	root     *ent.OrganizationalUnit
	units    []uuid.UUID
	sexes    map[string]uuid.UUID
	staff    []person
	doctors  map[int]uuid.UUID // by number in staff
	services []uuid.UUID
	prizes   []*ent.Reward
	logins   []person
	profiles []uuid.UUID
	booked   []*scheduling.Booked
}

// person is somebody who acts.
type person struct {
	user *ent.User
	ctx  context.Context // acts as the person
}

// newBuilder gives the services the demo's clock, and so the guard that writes
// times into rows: a client of its own, on the same database.
func newBuilder(d Deps, o Options, p plan) *builder {
	b := &builder{
		plan: p, clock: &clock{}, passwords: d.Passwords, folder: o.Folder, currency: o.Currency,
		customers: *d.Customers, catalog: *d.Catalog, scheduling: *d.Scheduling, orders: *d.Orders, rewards: *d.Rewards,
		hashes: map[string]string{}, sexes: map[string]uuid.UUID{}, doctors: map[int]uuid.UUID{},
		logins: make([]person, len(p.logins)), profiles: make([]uuid.UUID, len(p.profiles)),
		booked: make([]*scheduling.Booked, len(p.visits)),
	}
	b.clock.set(p.opened())
	client := ent.NewClient(ent.Driver(d.Store.DB.Driver))
	guard.Install(client, b.clock.now, d.Record)
	b.store = &store.Store{Client: client, DB: d.Store.DB}

	b.customers.Store, b.customers.Now = b.store, b.clock.now
	b.catalog.Store = b.store
	b.scheduling.Store, b.scheduling.Now = b.store, b.clock.now
	b.rewards.Store, b.rewards.Now = b.store, b.clock.now
	b.orders.Store, b.orders.Now = b.store, b.clock.now
	b.orders.Paid = b.scheduling.ConfirmPaid
	return b
}

// hashPasswords makes the accounts' passwords, outside of any transaction: each
// takes a while.
func (b *builder) hashPasswords(ctx context.Context) error {
	for _, e := range staff {
		if e.signsIn {
			b.accounts = append(b.accounts, Account{Role: e.role, Unit: unitName(e.unit), Login: e.username()})
		}
	}
	for _, l := range b.plan.logins {
		if l.signsIn {
			b.accounts = append(b.accounts, Account{Role: access.RoleCustomer, Unit: unitName(l.unit), Login: l.username})
		}
	}
	for i := range b.accounts {
		a := &b.accounts[i]
		a.Password = auth.NewRandomPassword()
		hash, err := b.passwords.Hash(ctx, a.Password)
		if err != nil {
			return fmt.Errorf("hash a password: %w", err)
		}
		b.hashes[a.Login] = hash
	}
	return nil
}

func (e employee) username() string { return plain(e.given + "." + e.surname) }

// build opens the clinic and then lets the plan happen in the order of its
// times.
func (b *builder) build(ctx context.Context) error {
	if err := b.open(ctx); err != nil {
		return err
	}
	if err := b.offer(ctx); err != nil {
		return err
	}
	steps := b.steps(ctx)
	slices.SortStableFunc(steps, func(a, z step) int { return a.at.Compare(z.at) })
	for _, s := range steps {
		b.clock.set(s.at)
		if err := s.run(); err != nil {
			return fmt.Errorf("%s at %s: %w", s.what, s.at.Format(time.RFC3339), err)
		}
	}
	return nil
}

// open makes units and staff in one transaction: of two demos that are begun at
// once, the second finds that the clinic is there.
func (b *builder) open(ctx context.Context) error {
	var made []*ent.User
	err := b.store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) (err error) {
		if err := b.store.DB.Lock(ctx, tx, lockName); err != nil {
			return err
		}
		if err := refuse(ctx, c, b.folder); err != nil {
			return err
		}
		made, b.units = nil, nil // of an attempt that was rolled back
		if err := b.openUnits(ctx, c); err != nil {
			return err
		}
		for _, e := range staff {
			unit, zone := b.root.ID, b.zone.String()
			if e.unit != wholeClinic {
				unit = b.units[e.unit]
			}
			u, err := b.createUser(ctx, c, accounts.NewUser{
				Username: e.username(), Email: e.username() + "@example.org", GivenName: e.given, Surname: e.surname,
				Unit: &unit, Sex: b.sex(e.sex), Timezone: zone, Roles: []string{e.role},
			})
			if err != nil {
				return err
			}
			made = append(made, u)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, u := range made {
		if len(staff[i].hours) > 0 {
			if err := b.practitioner(ctx, i, u.ID); err != nil {
				return fmt.Errorf("make practitioner %s: %w", u.Username, err)
			}
		}
		p, err := b.person(ctx, u)
		if err != nil {
			return err
		}
		b.staff = append(b.staff, p)
	}
	return nil
}

func (b *builder) openUnits(ctx context.Context, c *ent.Client) error {
	sexes, err := c.Sex.Query().All(ctx)
	if err != nil {
		return fmt.Errorf("read sexes: %w", err)
	}
	for _, s := range sexes {
		b.sexes[s.Sex] = s.ID
	}
	b.root, err = c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIsNil()).Order(organizationalunit.ByID()).First(ctx)
	if err != nil {
		return fmt.Errorf("find the root unit: %w", err)
	}
	for _, u := range units {
		made, err := accounts.CreateUnit(ctx, c, accounts.NewUnit{
			Name: u.name, Description: u.description, Kind: organizationalunit.KindDepartment,
			Timezone: b.zone.String(), Parent: &b.root.ID,
		})
		if err != nil {
			return err
		}
		b.units = append(b.units, made.ID)
	}
	return nil
}

// createUser makes an account, and tells the audit log when it is one to sign in
// with.
func (b *builder) createUser(ctx context.Context, c *ent.Client, n accounts.NewUser) (*ent.User, error) {
	n.PasswordHash = b.hashes[n.Username]
	u, err := accounts.CreateUser(ctx, c, n, b.clock.now())
	if err != nil {
		return nil, fmt.Errorf("make account %s: %w", n.Username, err)
	}
	if n.PasswordHash == "" {
		return u, nil
	}
	return u, audit.Write(ctx, c, audit.Event{Name: audit.EventDemoAccountCreated, Subject: &u.ID, Details: n.Roles[0]})
}

func (b *builder) sex(name string) *uuid.UUID {
	id := b.sexes[name]
	return &id
}

// person lets a user act: with the permissions that the database gives, as if
// signed in.
func (b *builder) person(ctx context.Context, u *ent.User) (person, error) {
	v, err := accounts.Viewer(ctx, b.store.Client, u)
	if err != nil {
		return person{}, err
	}
	v.Now = b.clock.now
	return person{u, access.NewContext(ctx, v)}, nil
}
