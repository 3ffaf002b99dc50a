package seed

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/ent/permission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// RootUnit is the name of the unit that all others hang under, until the clinic
// gives it its own.
const RootUnit = "Clinic"

// lockName is the lock under which everything here is written, so that of two
// servers that start at once one writes and the other finds it done.
const lockName = "clinicgraph/seed"

// baseAttempts bounds the repetition after somebody who does not take the lock
// has just written the same row.
const baseAttempts = 3

// Base makes the data that every clinic has, or brings it up to date: the
// permissions of the registry, the system roles as access.SystemRoles lists
// them, the sexes, the clinic's own payment methods and one root unit in the
// time zone (IANA name). It is run at every start, is one transaction, and
// writes nothing where there is nothing to change.
func Base(ctx context.Context, s *store.Store, timezone string) error {
	ctx = access.System(ctx, "seed")
	for attempt := 1; ; attempt++ {
		err := s.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
			if err := s.DB.Lock(ctx, tx, lockName); err != nil {
				return err
			}
			return base(ctx, c, timezone)
		})
		if err == nil {
			return nil
		}
		if attempt == baseAttempts || fault.CodeOf(err) != fault.CodeConflict {
			return fmt.Errorf("seed base data: %w", err)
		}
	}
}

func base(ctx context.Context, c *ent.Client, timezone string) error {
	permissions, err := keepPermissions(ctx, c)
	if err != nil {
		return err
	}
	if err := keepRoles(ctx, c, permissions); err != nil {
		return err
	}
	if err := dropPermissions(ctx, c); err != nil {
		return err
	}
	if err := keepSexes(ctx, c); err != nil {
		return err
	}
	if err := keepMethods(ctx, c); err != nil {
		return err
	}
	return keepRoot(ctx, c, timezone)
}

// catalogue lists what the table of permissions holds: the registry, and the
// wildcards that system roles use.
func catalogue() []access.Permission {
	list := access.Registry()
	known := map[string]bool{}
	for _, r := range access.SystemRoles() {
		for _, g := range r.Grants {
			if access.Known(g.Permission) || known[g.Permission] {
				continue
			}
			known[g.Permission] = true
			list = append(list, access.Permission{Name: g.Permission, Description: wildcard(g.Permission)})
		}
	}
	return list
}

func wildcard(name string) string {
	resource, _, _ := strings.Cut(name, ":")
	if resource == "*" {
		return "Everything."
	}
	return fmt.Sprintf("Everything that starts with %s.", resource)
}

// keepPermissions makes what is missing and gives the id of each by name.
func keepPermissions(ctx context.Context, c *ent.Client) (map[string]uuid.UUID, error) {
	rows, err := c.Permission.Query().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read permissions: %w", err)
	}
	have := make(map[string]*ent.Permission, len(rows))
	for _, p := range rows {
		have[p.Name] = p
	}
	ids := make(map[string]uuid.UUID, len(rows))
	for _, want := range catalogue() {
		p, found := have[want.Name]
		switch {
		case !found:
			p, err = c.Permission.Create().SetName(want.Name).SetDescription(want.Description).SetReserved(want.Reserved).Save(ctx)
		case p.Description != want.Description, p.Reserved != want.Reserved:
			p, err = p.Update().SetDescription(want.Description).SetReserved(want.Reserved).Save(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("keep permission %s: %w", want.Name, err)
		}
		ids[p.Name] = p.ID
	}
	return ids, nil
}

// dropPermissions removes what the registry no longer has, unless somebody still
// holds it: it permits nothing, and whoever granted it should see it.
func dropPermissions(ctx context.Context, c *ent.Client) error {
	wanted := catalogue()
	names := make([]string, len(wanted))
	for i, p := range wanted {
		names[i] = p.Name
	}
	stale, err := c.Permission.Query().Where(
		permission.NameNotIn(names...), permission.Not(permission.HasRolePermissions()), permission.Not(permission.HasUserPermissions()),
	).All(ctx)
	if err != nil {
		return fmt.Errorf("look for old permissions: %w", err)
	}
	for _, p := range stale {
		if err := c.Permission.DeleteOne(p).Exec(ctx); err != nil {
			return fmt.Errorf("drop permission %s: %w", p.Name, err)
		}
	}
	return nil
}

func keepSexes(ctx context.Context, c *ent.Client) error {
	have, err := c.Sex.Query().All(ctx)
	if err != nil {
		return fmt.Errorf("read sexes: %w", err)
	}
	for _, name := range []string{"Female", "Male", "Other"} {
		if slices.ContainsFunc(have, func(s *ent.Sex) bool { return s.Sex == name }) {
			continue
		}
		if err := c.Sex.Create().SetSex(name).Exec(ctx); err != nil {
			return fmt.Errorf("make sex %s: %w", name, err)
		}
	}
	return nil
}

// keepMethods makes the clinic's own methods; one that the clinic has switched
// off stays off.
func keepMethods(ctx context.Context, c *ent.Client) error {
	have, err := c.PaymentMethod.Query().Where(paymentmethod.CustomerIDIsNil()).All(ctx)
	if err != nil {
		return fmt.Errorf("read payment methods: %w", err)
	}
	for _, m := range []struct {
		kind  paymentmethod.Kind
		label string
	}{{paymentmethod.KindCash, "Cash at the desk"}, {paymentmethod.KindTest, "Test provider"}} {
		if slices.ContainsFunc(have, func(p *ent.PaymentMethod) bool { return p.Kind == m.kind }) {
			continue
		}
		if err := c.PaymentMethod.Create().SetKind(m.kind).SetLabel(m.label).Exec(ctx); err != nil {
			return fmt.Errorf("make payment method %s: %w", m.kind, err)
		}
	}
	return nil
}

func keepRoot(ctx context.Context, c *ent.Client, timezone string) error {
	exists, err := c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIsNil()).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the root unit: %w", err)
	}
	if exists {
		return nil
	}
	_, err = accounts.CreateUnit(ctx, c, accounts.NewUnit{
		Name: RootUnit, Description: "The whole clinic.", Kind: organizationalunit.KindLocation, Timezone: timezone,
	})
	return err
}
