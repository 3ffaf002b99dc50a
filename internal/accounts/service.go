package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/permission"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/store"
)

// Service has the verbs of the administration of accounts and of access.
type Service struct {
	Store    *store.Store
	Security *audit.Security
	Now      func() time.Time
	Uses     *Uses // on which day who last used what

	// SecondFactor says for what a session must have shown a second factor.
	SecondFactor access.FactorRule
	// EmergencyMost is how long emergency access may last.
	EmergencyMost time.Duration
	// Mail takes the messages about emergency access; nil: nobody is told by mail.
	Mail *notify.Outbox

	// EndSessions ends all sessions of a user, and whatever was issued for them,
	// inside the client's transaction.
	EndSessions func(ctx context.Context, c *ent.Client, user uuid.UUID, reason string) error
	// Invite mails the owner of a new account a link to set the first password,
	// inside the client's transaction.
	Invite func(ctx context.Context, c *ent.Client, u *ent.User) error
	// SendReset mails an owner a link to set a new password, or another invitation
	// where none was set yet.
	SendReset func(ctx context.Context, c *ent.Client, u *ent.User) error
	// TellMoved mails the address that an account is about to lose.
	TellMoved func(ctx context.Context, c *ent.Client, u *ent.User) error
	// ClearBlock ends what failed sign-ins have brought upon a user.
	ClearBlock func(ctx context.Context, tx *sql.Tx, user uuid.UUID) error
}

// target loads the user whom the verb is about, through the caller's rows, and
// asks MayAct. The caller holds the lock under which access is administered, so
// that what it sees stays true until the commit.
func (s *Service) target(ctx context.Context, c *ent.Client, id uuid.UUID, verb string) (*ent.User, error) {
	v := access.FromContext(ctx)
	u, err := c.User.Query().Where(user.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load user: %w", err)
	}
	if v.UserID == id {
		return nil, errOwnAccess() // without reading what they hold
	}
	held, err := readGrants(access.Elevated(ctx, "access"), c, id)
	if err != nil {
		return nil, err
	}
	return u, MayAct(v, verb, u, held, s.Now())
}

// holds refuses to grant what the caller does not hold itself.
func (s *Service) holds(ctx context.Context, wanted []access.Grant) error {
	return holds(access.FromContext(ctx), wanted, s.Now())
}

// inCatalogue refuses what is no permission, wildcards, which are for system roles,
// and what is reserved.
func inCatalogue(path, name string) error {
	switch {
	case !access.Known(name):
		return fault.Invalid(path, "There is no permission %.100q.", name)
	case !access.Grantable(name):
		return fault.Invalid(path, "Nothing asks for the permission %s yet: it is reserved.", name)
	default:
		return nil
	}
}

// grantableAll is inCatalogue for what a role is to permit.
func grantableAll(permissions []access.RoleGrant) error {
	for i, g := range permissions {
		if err := inCatalogue(fmt.Sprintf("input.permissions.%d.permission", i), g.Permission); err != nil {
			return err
		}
	}
	return nil
}

// catalogue finds the entry of a permission that can be granted; see inCatalogue.
func catalogue(ctx context.Context, c *ent.Client, path, name string) (*ent.Permission, error) {
	if err := inCatalogue(path, name); err != nil {
		return nil, err
	}
	p, err := c.Permission.Query().Where(permission.Name(name)).Only(access.Elevated(ctx, "access"))
	if err != nil {
		return nil, fmt.Errorf("find permission %s: %w", name, err)
	}
	return p, nil
}

// administering takes the lock under which access is administered, and gives a
// context in which the caller is who they are by then. While they waited somebody may have
// taken the right away that the door has seen, or part of what they are about to
// hand on. Permission is what the verb's door asks for; "": none. Errors: FORBIDDEN,
// UNAUTHENTICATED where the account has been shut.
func (s *Service) administering(ctx context.Context, c *ent.Client, permission string) (context.Context, error) {
	if err := s.lockAdministration(ctx, c); err != nil {
		return nil, err
	}
	v := access.FromContext(ctx)
	if v.System() != "" {
		return ctx, nil
	}
	if !v.InPerson() || v.UserID == uuid.Nil {
		return nil, fault.Forbidden("Access is administered in person.")
	}
	elevated := access.Elevated(ctx, "access")
	u, err := c.User.Query().Where(user.ID(v.UserID)).Only(access.WithDeleted(elevated))
	if err != nil {
		return nil, fmt.Errorf("load the caller: %w", err)
	}
	if Shut(u) != "" {
		return nil, fault.New(fault.CodeUnauthenticated, "Please sign in.")
	}
	now, err := Viewer(elevated, c, u)
	if err != nil {
		return nil, err
	}
	renewed := v.Renewed(now)
	if permission != "" && !renewed.Can(permission) {
		return nil, fault.Forbidden("This needs the permission %s, which you hold no longer.", permission)
	}
	return access.NewContext(ctx, renewed), nil
}

// lockAdministration serialises changes of access, so that two administrators
// who demote each other cannot both succeed. The row of the system role admin is
// the lock: every clinic has it. On SQLite the transaction is the lock.
func (s *Service) lockAdministration(ctx context.Context, c *ent.Client) error {
	q := c.Role.Query().Where(role.Name(access.RoleAdmin))
	if s.Store.DB.LocksRows() {
		q = q.ForUpdate()
	}
	if _, err := q.Only(access.Elevated(ctx, "access")); err != nil {
		return fmt.Errorf("lock access administration: %w", err)
	}
	return nil
}

// keepsAdministrator refuses a change after which nobody could give roles any
// more: it looks at what the transaction has made of the rows.
func (s *Service) keepsAdministrator(ctx context.Context, c *ent.Client) error {
	ctx = access.Elevated(ctx, "access")
	now := s.Now()
	holders, err := c.UserRole.Query().Where(
		userrole.Or(userrole.ExpiresAtIsNil(), userrole.ExpiresAtGT(now)),
		userrole.Or(userrole.ValidFromIsNil(), userrole.ValidFromLTE(now)),
		userrole.HasUserWith(user.IsActive(true), user.IsLocked(false), user.DeletedAtIsNil()),
		userrole.HasRoleWith(role.StatusEQ(role.StatusActive), role.HasRolePermissionsWith(
			rolepermission.PermissionIn("*:*", "role:*", access.RoleAssign), rolepermission.ScopeEQ(rolepermission.ScopeAny))),
	).Select(userrole.FieldUserID).Strings(ctx)
	if err != nil {
		return fmt.Errorf("look for administrators: %w", err)
	}
	for _, h := range holders {
		id, err := uuid.Parse(h)
		if err != nil {
			return err
		}
		grants, err := readGrants(ctx, c, id)
		if err != nil {
			return err
		}
		if access.Decide(grants, access.RoleAssign, now) == access.ScopeAny {
			return nil
		}
	}
	return fault.Conflict("After this nobody could give roles any more. Make another administrator first.")
}
