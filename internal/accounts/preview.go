package accounts

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// maxPreviewed is how many of those who have the role a preview looks at, and
// previewBatch how many of them at once.
const (
	maxPreviewed = 1000
	previewBatch = 500
)

// RoleChange is a change of a role that nobody has made yet.
type RoleChange struct {
	RoleID         uuid.UUID
	Permissions    []access.RoleGrant // nil: they stay
	Active         *bool              // nil: it stays
	Assign, Revoke []uuid.UUID        // users to whom it is given, and from whom it is taken
}

// Preview says what a change of a role would change for people.
type Preview struct {
	Role     *ent.Role
	Complete bool     // false: more people have the role than were looked at
	Effects  []Effect // on those for whom something changes, ordered by user
}

// Effect is what a change of a role changes for one user.
type Effect struct {
	User    uuid.UUID
	Changes []access.Change
}

// Preview says who would gain or lose what by a change of a role, by the decision
// that the door goes by, and writes nothing. It refuses what saving would refuse,
// but for the last one who can give roles. Errors: NOT_FOUND, BAD_USER_INPUT,
// FORBIDDEN.
func (s *Service) Preview(ctx context.Context, in RoleChange) (*Preview, error) {
	c, now := s.Store.Client, s.Now()
	r, err := s.changeable(ctx, c, in)
	if err != nil {
		return nil, err
	}
	elevated := access.Elevated(ctx, "previewRoleChange")
	before, err := c.UserRole.Query().Where(userrole.RoleID(r.ID), userrole.HasUserWith(user.DeletedAtIsNil())).
		Order(userrole.ByUserID()).Limit(maxPreviewed + 1).All(elevated)
	if err != nil {
		return nil, fmt.Errorf("read who has the role: %w", err)
	}
	p := &Preview{Role: r, Complete: len(before) <= maxPreviewed}
	after := in.after(r)
	assigned := map[uuid.UUID]*ent.UserRole{}
	for _, a := range before[:min(len(before), maxPreviewed)] {
		assigned[a.UserID] = a
	}
	people := map[uuid.UUID][]access.Grant{} // what the role will give each
	for id, a := range assigned {
		people[id] = during(after, value(a.ValidFrom), value(a.ExpiresAt))
	}
	for _, id := range in.Revoke {
		people[id] = nil
	}
	for _, id := range in.Assign { // to give it a second time takes the end away
		var from time.Time
		if a := assigned[id]; a != nil {
			from = value(a.ValidFrom)
		}
		people[id] = during(after, from, time.Time{})
	}
	for ids := range slices.Chunk(slices.Collect(maps.Keys(people)), previewBatch) {
		holding, err := Held(elevated, c, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			held := holding[id]
			others := slices.DeleteFunc(slices.Clone(held), func(g access.Grant) bool { return g.Source == access.SourceRole && g.Role == r.Name })
			if changes := access.Compare(held, append(others, people[id]...), now); len(changes) > 0 {
				p.Effects = append(p.Effects, Effect{id, changes})
			}
		}
	}
	slices.SortFunc(p.Effects, func(a, b Effect) int { return cmp.Compare(a.User.String(), b.User.String()) })
	return p, nil
}

// changeable checks what saving the change would check.
func (s *Service) changeable(ctx context.Context, c *ent.Client, in RoleChange) (r *ent.Role, err error) {
	v := access.FromContext(ctx)
	edits, gives := in.Permissions != nil || in.Active != nil, len(in.Assign)+len(in.Revoke) > 0
	switch {
	case edits && !v.Can(access.RoleUpdate):
		return nil, fault.Forbidden("This needs the permission %s.", access.RoleUpdate)
	case gives && !v.Can(access.RoleAssign):
		return nil, fault.Forbidden("This needs the permission %s.", access.RoleAssign)
	case !edits && !gives:
		return nil, fault.Invalid("input", "Say what is to change.")
	}
	if err := grantableAll(in.Permissions); err != nil {
		return nil, err
	}
	if err := s.holds(ctx, grantsOf(in.Permissions)); err != nil {
		return nil, err
	}
	if _, err := listed(in.Permissions); err != nil {
		return nil, err
	}
	switch {
	case edits:
		r, err = s.editable(ctx, c, in.RoleID)
	case len(in.Assign) > 0:
		r, err = s.grantable(ctx, c, in.RoleID)
	default:
		r, err = loadRole(ctx, c, in.RoleID)
	}
	if err != nil {
		return nil, err
	}
	lasting := grantsOf(fresh(permittedBy(r), in.Permissions))
	if len(in.Assign) > 0 || in.Active != nil && *in.Active {
		lasting = append(lasting, permitted(r)...)
	}
	if err := s.lasts(ctx, lasting, nil); err != nil {
		return nil, err
	}
	if err := s.targets(ctx, c, in.Assign, "assignRole"); err != nil {
		return nil, err
	}
	if err := s.targets(ctx, c, in.Revoke, "revokeRole"); err != nil {
		return nil, err
	}
	for i, id := range in.Revoke {
		if slices.Contains(in.Assign, id) {
			return nil, fault.Invalid(fmt.Sprintf("input.revokeFrom.%d", i), "The role is given to this user and taken away.")
		}
	}
	return r, nil
}

// targets is target for many, in two statements.
func (s *Service) targets(ctx context.Context, c *ent.Client, ids []uuid.UUID, verb string) error {
	users, err := c.User.Query().Where(user.IDIn(ids...)).All(ctx)
	if err != nil {
		return fmt.Errorf("load users: %w", err)
	}
	held, err := Held(access.Elevated(ctx, "access"), c, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		i := slices.IndexFunc(users, func(u *ent.User) bool { return u.ID == id })
		if i < 0 {
			return fault.Missing()
		}
		if err := MayAct(access.FromContext(ctx), verb, users[i], held[id], s.Now()); err != nil {
			return err
		}
	}
	return nil
}

// after is what the role permits when the change is made.
func (in RoleChange) after(r *ent.Role) []access.Grant {
	active := r.Status == role.StatusActive
	if in.Active != nil {
		active = *in.Active
	}
	if !active {
		return nil
	}
	grants := permitted(r)
	if in.Permissions != nil {
		grants = grantsOf(in.Permissions)
	}
	for i := range grants {
		grants[i].Source, grants[i].Role = access.SourceRole, r.Name
	}
	return grants
}

// during are the grants for the time of an assignment.
func during(grants []access.Grant, from, until time.Time) []access.Grant {
	grants = slices.Clone(grants)
	for i := range grants {
		grants[i].ValidFrom, grants[i].ExpiresAt = from, until
	}
	return grants
}
