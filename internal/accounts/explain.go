package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// Question is what somebody wants to know about a permission of a user's.
type Question struct {
	User       uuid.UUID
	Permission string
	Object     *Object // nil: about no object
}

// Object is one that the caller sees, of an entity ("Booking").
type Object struct {
	ID     uuid.UUID
	Entity string
}

// Explanation says whether a user has a permission, and why.
type Explanation struct {
	access.Ruling
	User       *ent.User
	Permission string
	Shut       access.Block // why nobody acts with the account; "": it is in order
	Rows       []Row
	Object     *Reach
}

// Row is one row that speaks about the permission.
type Row struct {
	access.Reason
	Assignment *ent.UserRole       // of the role that it comes from
	Direct     *ent.UserPermission // or the direct permission
}

// Reach says what an object is to a user.
type Reach struct {
	Object
	// Shown says that the user sees the object.
	Shown bool
	// Relation is the narrowest scope that would show the object, none where no
	// permission does.
	Relation access.Scope
}

// Explain says whether a user has a permission, which rows decide, and what is
// missing, by the same decision as the door's. The second factor is that of the
// caller's own session where the caller asks about itself, and else none. Errors:
// NOT_FOUND for a user that the caller does not see, BAD_USER_INPUT, FORBIDDEN
// where the permissions and roles of the user are not the caller's to read.
func (s *Service) Explain(ctx context.Context, q Question) (*Explanation, error) {
	if !access.Known(q.Permission) {
		return nil, fault.Invalid("permission", "There is no permission %q.", q.Permission)
	}
	v, c := access.FromContext(ctx), s.Store.Client
	u, err := c.User.Query().Where(user.ID(q.User)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load user: %w", err)
	}
	for _, p := range []string{access.PermissionRead, access.RoleRead} {
		if !v.Reaches(p, v.UserID == u.ID, u.OrganizationalUnitID) {
			return nil, fault.Forbidden("Explaining somebody's permissions needs the permission %s over them.", p)
		}
	}
	elevated := access.Elevated(ctx, "explainPermission")
	asked, err := Viewer(elevated, c, u)
	if err != nil {
		return nil, err
	}
	asked.Now, asked.SecondFactor = s.Now, s.SecondFactor
	if v.UserID == u.ID {
		asked.AMR = v.AMR
	}
	e := &Explanation{Ruling: asked.Explain(q.Permission), User: u, Permission: q.Permission, Shut: Shut(u)}
	if e.Shut != "" {
		e.Scope = access.ScopeNone
	}
	if e.Rows, err = rowsOf(elevated, c, u.ID, q.Permission, e.Reasons); err != nil {
		return nil, err
	}
	if q.Object != nil {
		e.Object, err = s.reach(ctx, asked, e.Shut, *q.Object)
	}
	return e, err
}

// rowsOf finds the rows behind the reasons, and adds those of roles that do not
// count at present.
func rowsOf(ctx context.Context, c *ent.Client, id uuid.UUID, permission string, reasons []access.Reason) ([]Row, error) {
	assigned, err := c.UserRole.Query().Where(userrole.UserID(id)).WithRole().All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read assignments: %w", err)
	}
	direct, err := c.UserPermission.Query().Where(userpermission.UserID(id)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read direct permissions: %w", err)
	}
	byRole, byPermission := map[string]*ent.UserRole{}, map[access.Source]map[string]*ent.UserPermission{access.SourceUser: {}, access.SourceEmergency: {}}
	var suspended []uuid.UUID
	for _, a := range assigned {
		if a.Edges.Role == nil {
			continue // deleted
		}
		byRole[a.Edges.Role.Name] = a
		if a.Edges.Role.Status != role.StatusActive {
			suspended = append(suspended, a.RoleID)
		}
	}
	for _, p := range direct {
		source := access.SourceUser
		if p.Origin == userpermission.OriginBreakGlass {
			source = access.SourceEmergency
		}
		byPermission[source][p.Permission] = p
	}
	rows := make([]Row, 0, len(reasons))
	for _, r := range reasons {
		row := Row{Reason: r}
		if r.Source == access.SourceRole {
			row.Assignment = byRole[r.Role]
		} else {
			row.Direct = byPermission[r.Source][r.Permission]
		}
		rows = append(rows, row)
	}
	if len(suspended) == 0 {
		return rows, nil
	}
	held, err := c.RolePermission.Query().Where(rolepermission.RoleIDIn(suspended...)).WithRole().Order(rolepermission.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read permissions of roles that do not count: %w", err)
	}
	for _, p := range held {
		scope, _ := access.ParseScope(p.Scope.String())
		a := byRole[p.Edges.Role.Name]
		g := access.Grant{
			Permission: p.Permission, Scope: scope, Allowed: true, Source: access.SourceRole, Role: p.Edges.Role.Name,
			ValidFrom: value(a.ValidFrom), ExpiresAt: value(a.ExpiresAt),
		}
		if g.Covers(permission) {
			rows = append(rows, Row{Reason: access.Reason{Grant: g, Standing: access.Suspended}, Assignment: a})
		}
	}
	return rows, nil
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// reach asks the row rules in the place of the user: as things are, and with all
// permissions at one scope after the other.
func (s *Service) reach(ctx context.Context, asked *access.Viewer, shut access.Block, o Object) (*Reach, error) {
	r := &Reach{Object: o}
	shown := func(as *access.Viewer) (bool, error) {
		found, err := s.Store.Client.Exists(access.NewContext(ctx, as), o.Entity, o.ID)
		if err != nil {
			return false, fmt.Errorf("look for the object in somebody's place: %w", err)
		}
		return found, nil
	}
	var err error
	if r.Shown, err = shown(asked.With(asked.Grants)); err != nil {
		return nil, err
	}
	r.Shown = r.Shown && shut == ""
	for _, scope := range []access.Scope{access.ScopeOwn, access.ScopeUnit, access.ScopeAny} {
		all := asked.With([]access.Grant{{Permission: "*:*", Scope: scope, Allowed: true}})
		all.MustChangePassword, all.SecondFactor = false, access.FactorOff
		found, err := shown(all)
		if err != nil {
			return nil, err
		}
		if found {
			r.Relation = scope
			break
		}
	}
	return r, nil
}
