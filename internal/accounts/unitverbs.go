package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// NewUnit makes a unit. Errors: BAD_USER_INPUT, NOT_FOUND for a unit above that the
// caller does not see, CONFLICT for a name in use, FORBIDDEN beyond the caller's
// reach.
func (s *Service) NewUnit(ctx context.Context, n NewUnit) (made *ent.OrganizationalUnit, err error) {
	defer func() {
		var subject *uuid.UUID
		if made != nil {
			subject = &made.ID
		}
		s.tell(ctx, audit.EventUnitCreate, subject, access.UnitCreate, err, "below "+idText(n.Parent))
	}()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.UnitCreate)
		if err != nil {
			return err
		}
		if n.Parent != nil {
			if _, err := loadUnit(ctx, c, *n.Parent); err != nil {
				return err
			}
		}
		if err := MayUnit(access.FromContext(ctx), "createOrganizationalUnit", n.Parent); err != nil {
			return err
		}
		made, err = CreateUnit(access.Elevated(ctx, "createOrganizationalUnit"), c, n)
		return err
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// UnitChange changes a unit; what is not given stays.
type UnitChange struct {
	ID                uuid.UUID
	Name, Description Change[string] // the name cannot be cleared
	Kind              *organizationalunit.Kind
	Timezone          Change[string]    // cannot be cleared
	Parent            Change[uuid.UUID] // cleared: the unit becomes a root
	ExpectedVersion   *int32
}

// UpdateUnit changes a unit, and moves it with all below it. A move hands what
// hangs on the unit to whoever holds something for the units above, so the caller
// must hold for all rows whatever is granted for units anywhere. Errors: NOT_FOUND,
// BAD_USER_INPUT (a circle, too deep), CONFLICT for a stale version and a name in
// use, FORBIDDEN.
func (s *Service) UpdateUnit(ctx context.Context, in UnitChange) (changed *ent.OrganizationalUnit, err error) {
	details := ""
	defer func() { s.tell(ctx, audit.EventUnitUpdate, &in.ID, access.UnitUpdate, err, details) }()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.UnitUpdate)
		if err != nil {
			return err
		}
		v, elevated := access.FromContext(ctx), access.Elevated(ctx, "updateOrganizationalUnit")
		u, err := loadUnit(ctx, c, in.ID)
		if err != nil {
			return err
		}
		if err := MayUnit(v, "updateOrganizationalUnit", &u.ID); err != nil {
			return err
		}
		stale := fault.Conflict("The unit has changed since you read it.")
		if in.ExpectedVersion != nil && *in.ExpectedVersion != u.Version {
			return stale
		}
		update := u.Update().Where(organizationalunit.Version(u.Version))
		if err := in.describe(elevated, c, u, update); err != nil {
			return err
		}
		if in.Parent.Given && idText(in.Parent.Value) != idText(u.ParentID) {
			details = fmt.Sprintf("moved from %s to %s", idText(u.ParentID), idText(in.Parent.Value))
			if err := s.move(ctx, c, u, in.Parent.Value, update); err != nil {
				return err
			}
		}
		changed, err = update.Save(elevated)
		switch {
		case ent.IsNotFound(err):
			return stale
		case ent.IsConstraintError(err):
			return errUnitTaken(err)
		case err != nil:
			return fmt.Errorf("change unit: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return changed.Unwrap(), nil
}

// describe puts all but the place in the tree into the update.
func (in UnitChange) describe(ctx context.Context, c *ent.Client, u *ent.OrganizationalUnit, update *ent.OrganizationalUnitUpdateOne) error {
	name, err := kept("input.name", in.Name, u.Name)
	if err == nil && name != u.Name {
		name, err = unitName(ctx, c, name, u.ID)
	}
	if err != nil {
		return err
	}
	zone, err := kept("input.timezone", in.Timezone, u.Timezone)
	if err == nil {
		err = checkTimezone(zone)
	}
	if err != nil {
		return err
	}
	update.SetName(name).SetTimezone(zone)
	if in.Kind != nil {
		update.SetKind(*in.Kind)
	}
	if in.Description.Given {
		if in.Description.Value == nil {
			update.ClearDescription()
		} else {
			update.SetDescription(*in.Description.Value)
		}
	}
	return nil
}

// move hangs a unit below another one, nil: nowhere.
func (s *Service) move(ctx context.Context, c *ent.Client, u *ent.OrganizationalUnit, parent *uuid.UUID, update *ent.OrganizationalUnitUpdateOne) error {
	elevated := access.Elevated(ctx, "updateOrganizationalUnit")
	if parent == nil {
		update.ClearParent()
	} else {
		if _, err := loadUnit(ctx, c, *parent); err != nil {
			return err
		}
		if err := fits(elevated, c, u.ID, *parent); err != nil {
			return err
		}
		update.SetParentID(*parent)
	}
	if err := MayUnit(access.FromContext(ctx), "updateOrganizationalUnit", parent); err != nil {
		return err
	}
	handed, err := grantedForUnits(elevated, c)
	if err != nil {
		return err
	}
	return s.holds(ctx, handed)
}

// grantedForUnits lists for all rows what roles and direct permissions grant for
// units: what a move may hand to somebody.
func grantedForUnits(ctx context.Context, c *ent.Client) (grants []access.Grant, err error) {
	var roles, users []string
	err = c.RolePermission.Query().Where(rolepermission.ScopeEQ(rolepermission.ScopeUnit)).
		Unique(true).Select(rolepermission.FieldPermission).Scan(ctx, &roles)
	if err == nil {
		err = c.UserPermission.Query().Where(userpermission.ScopeEQ(userpermission.ScopeUnit), userpermission.Allowed(true)).
			Unique(true).Select(userpermission.FieldPermission).Scan(ctx, &users)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is granted for units: %w", err)
	}
	for _, p := range append(roles, users...) {
		grants = append(grants, access.Grant{Permission: p, Scope: access.ScopeAny, Allowed: true})
	}
	return grants, nil
}

// DeleteUnit removes a unit that nothing belongs to. Errors: NOT_FOUND, CONFLICT
// while something does and for the last root, FORBIDDEN.
func (s *Service) DeleteUnit(ctx context.Context, id uuid.UUID, reason *string) (err error) {
	defer func() { s.tell(ctx, audit.EventUnitDelete, &id, access.UnitDelete, err, because("", reason)) }()
	if reason != nil {
		if *reason, err = Stated(*reason, minReason, maxReason); err != nil {
			return err
		}
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.UnitDelete)
		if err != nil {
			return err
		}
		u, err := loadUnit(ctx, c, id)
		if err != nil {
			return err
		}
		if err := MayUnit(access.FromContext(ctx), "deleteOrganizationalUnit", &u.ID); err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "deleteOrganizationalUnit")
		if err := empty(elevated, c, u); err != nil {
			return err
		}
		if err := u.Update().SetDeletedAt(s.Now()).Exec(elevated); err != nil {
			return fmt.Errorf("delete unit: %w", err)
		}
		return nil
	})
}

// empty refuses a unit that something belongs to: it would be nobody's but of those
// who see all rows. A unit with a history is renamed, or moved.
func empty(ctx context.Context, c *ent.Client, u *ent.OrganizationalUnit) error {
	var held []string
	for _, q := range []struct {
		what  string
		exist func(context.Context) (bool, error)
	}{
		{"units", u.QueryChildren().Exist}, {"users", u.QueryUsers().Exist}, {"practitioners", u.QueryPractitioners().Exist},
		{"customers", u.QueryCustomers().Exist}, {"bookings", u.QueryBookings().Exist}, {"appointments", u.QueryAppointments().Exist},
		{"orders", u.QueryOrders().Exist}, {"payments", u.QueryPaymentTransactions().Exist},
	} {
		found, err := q.exist(ctx)
		if err != nil {
			return fmt.Errorf("look for %s of the unit: %w", q.what, err)
		}
		if found {
			held = append(held, q.what)
		}
	}
	if len(held) > 0 {
		return fault.Conflict("The unit has %s.", strings.Join(held, ", "))
	}
	if u.ParentID != nil {
		return nil
	}
	other, err := c.OrganizationalUnit.Query().Where(organizationalunit.ParentIDIsNil(), organizationalunit.IDNEQ(u.ID)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for another root: %w", err)
	}
	if !other {
		return fault.Conflict("The clinic needs a unit that all others hang under.")
	}
	return nil
}

func loadUnit(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.OrganizationalUnit, error) {
	u, err := c.OrganizationalUnit.Query().Where(organizationalunit.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load unit: %w", err)
	}
	return u, nil
}

func idText(id *uuid.UUID) string {
	if id == nil {
		return "the top"
	}
	return id.String()
}
