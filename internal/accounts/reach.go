package accounts

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/role"
	"clinicgraph/ent/sex"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// administered is administering and target. Its errors are NOT_FOUND, FORBIDDEN and
// INVALID_TRANSITION.
func (s *Service) administered(ctx context.Context, c *ent.Client, id uuid.UUID, verb string) (context.Context, *ent.User, error) {
	ctx, err := s.administering(ctx, c, acts[verb].permission)
	if err != nil {
		return nil, nil, err
	}
	u, err := s.target(ctx, c, id, verb)
	return ctx, u, err
}

// reaches refuses accounts of other units to those whose permission ends with
// their own.
func reaches(ctx context.Context, permission string, unit *uuid.UUID) error {
	if !access.FromContext(ctx).Reaches(permission, false, unit) {
		return errOutOfReach(permission)
	}
	return nil
}

// Named refuses a unit or a sex that the caller does not see; nil is none. Errors:
// NOT_FOUND.
func Named(ctx context.Context, c *ent.Client, unit, gender *uuid.UUID) error {
	found, err := true, error(nil)
	if unit != nil {
		found, err = c.OrganizationalUnit.Query().Where(organizationalunit.ID(*unit)).Exist(ctx)
	}
	if err == nil && found && gender != nil {
		found, err = c.Sex.Query().Where(sex.ID(*gender)).Exist(ctx)
	}
	if err != nil {
		return fmt.Errorf("look for unit and sex: %w", err)
	}
	if !found {
		return fault.Missing()
	}
	return nil
}

// KeepCustomerFlag makes is_customer true: whether the account has a customer
// profile or the role customer. It is for whoever makes or removes either, inside
// the same transaction and under an elevated context.
func KeepCustomerFlag(ctx context.Context, c *ent.Client, id uuid.UUID) error {
	is, err := c.Customer.Query().Where(customer.AccountID(id)).Exist(ctx)
	if err == nil && !is {
		is, err = c.UserRole.Query().Where(userrole.UserID(id), userrole.HasRoleWith(role.Name(access.RoleCustomer))).Exist(ctx)
	}
	if err != nil {
		return fmt.Errorf("look for what makes a customer: %w", err)
	}
	err = c.User.UpdateOneID(id).Where(user.IsCustomer(!is)).SetIsCustomer(is).Exec(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("note whether the account is a customer's: %w", err)
	}
	return nil
}
