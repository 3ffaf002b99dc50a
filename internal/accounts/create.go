package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// Newcomer is an account that an administrator makes for somebody else.
type Newcomer struct {
	Username, Email, GivenName, Surname string
	Phone, Locale, Timezone             *string
	Unit, Sex                           *uuid.UUID
	Roles                               []uuid.UUID
	Reason                              *string // why the roles are given; needed with them
}

// Create makes an account without a password and invites its owner by mail to set
// one: until then no password fits, and nobody but the owner ever knows one (OWASP
// ASVS 5.0, 6.4.6). Errors:
// BAD_USER_INPUT, also for roles without a reason, NOT_FOUND for a unit, sex or role that the caller does not see,
// CONFLICT for a login name or address in use, FORBIDDEN for a unit that the
// permission does not reach and for roles beyond the caller's own.
func (s *Service) Create(ctx context.Context, n Newcomer) (made *ent.User, err error) {
	defer func() {
		var subject *uuid.UUID
		if made != nil {
			subject = &made.ID
		}
		s.tell(ctx, audit.EventUserCreate, subject, access.UserCreate, err, because(rolesOf(n.Roles), n.Reason))
	}()
	if len(n.Roles) > 0 && n.Reason == nil {
		return nil, fault.Invalid("input.reason", "Please say why the roles are given.")
	}
	if n.Reason != nil {
		if *n.Reason, err = Stated(*n.Reason, minReason, maxReason); err != nil {
			return nil, err
		}
	}
	account := NewUser{
		Username: n.Username, Email: n.Email, GivenName: n.GivenName, Surname: n.Surname,
		Phone: n.Phone, Unit: n.Unit, Sex: n.Sex, MustChangePassword: true,
	}
	if n.Locale != nil {
		if account.Locale, err = canonicalLocale(*n.Locale); err != nil {
			return nil, err
		}
	}
	if n.Timezone != nil {
		if err := checkTimezone(*n.Timezone); err != nil {
			return nil, err
		}
		account.Timezone = *n.Timezone
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.UserCreate)
		if err != nil {
			return err
		}
		if err := reaches(ctx, access.UserCreate, n.Unit); err != nil {
			return err
		}
		if err := Named(ctx, c, n.Unit, n.Sex); err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "createUser")
		if made, err = CreateUser(elevated, c, account, s.Now()); err != nil {
			return err
		}
		if err := s.giveRoles(ctx, c, made, n.Roles, n.Reason); err != nil {
			return err
		}
		if made, err = c.User.Get(elevated, made.ID); err != nil { // with what the roles made of it
			return err
		}
		return s.Invite(elevated, c, made)
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// rolesOf names roles in the record.
func rolesOf(roles []uuid.UUID) string {
	var b strings.Builder
	for i, id := range roles {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(id.String())
	}
	return b.String()
}

// giveRoles gives the roles to a new account, as AssignRole would.
func (s *Service) giveRoles(ctx context.Context, c *ent.Client, u *ent.User, roles []uuid.UUID, reason *string) error {
	v, elevated := access.FromContext(ctx), access.Elevated(ctx, "createUser")
	if len(roles) > 0 && !v.Reaches(access.RoleAssign, false, u.OrganizationalUnitID) {
		return fault.Forbidden("To give roles needs the permission %s.", access.RoleAssign)
	}
	given := make(map[uuid.UUID]bool, len(roles))
	for i, id := range roles {
		if given[id] {
			return fault.Invalid(fmt.Sprintf("input.roleIds.%d", i), "The role is listed twice.")
		}
		given[id] = true
		r, err := s.grantable(ctx, c, id)
		if err != nil {
			return err
		}
		if err := s.lasts(ctx, permitted(r), nil); err != nil {
			return err
		}
		create := c.UserRole.Create().SetUserID(u.ID).SetRoleID(r.ID).SetAssignedAt(s.Now()).SetNillableReason(reason)
		if v.UserID != uuid.Nil {
			create.SetAssignedByID(v.UserID)
		}
		if err := create.Exec(elevated); err != nil {
			return fmt.Errorf("give role: %w", err)
		}
	}
	return KeepCustomerFlag(elevated, c, u.ID)
}
