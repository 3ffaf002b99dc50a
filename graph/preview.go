package graph

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
)

// maxListed bounds the users that a preview lists at once.
const maxListed = 100

func (r *queryResolver) PreviewRoleChange(ctx context.Context, in model.PreviewRoleChangeInput, first *int, after *uuid.UUID) (*model.RoleChangePreview, error) {
	most := 50
	if first != nil {
		most = *first
	}
	if most < 0 || most > maxListed {
		return nil, fault.Invalid("first", "At most %d users are listed at once.", maxListed)
	}
	change := accounts.RoleChange{RoleID: in.RoleID, Assign: in.AssignTo, Revoke: in.RevokeFrom}
	if in.Permissions != nil {
		change.Permissions = roleGrants(in.Permissions)
	}
	if in.Status != nil {
		active := *in.Status == role.StatusActive
		change.Active = &active
	}
	p, err := r.Accounts.Preview(ctx, change)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(p.Effects))
	for i, e := range p.Effects {
		ids[i] = e.User
	}
	users, err := r.Client.User.Query().Where(user.IDIn(ids...)).All(ctx) // whom the caller sees
	if err != nil {
		return nil, err
	}
	seen := make(map[uuid.UUID]*ent.User, len(users))
	for _, u := range users {
		seen[u.ID] = u
	}
	out := &model.RoleChangePreview{
		Role: p.Role, Complete: p.Complete, Affected: len(p.Effects), Hidden: len(p.Effects) - len(users),
		Permissions: perPermission(p.Effects), Users: []*model.RoleChangeEffect{},
	}
	for _, e := range p.Effects {
		if u := seen[e.User]; u != nil && len(out.Users) < most && (after == nil || e.User.String() > after.String()) {
			out.Users = append(out.Users, &model.RoleChangeEffect{User: u, Changes: changesOf(e.Changes)})
		}
	}
	return out, nil
}

func changesOf(changes []access.Change) []*model.PermissionChange {
	out := make([]*model.PermissionChange, len(changes))
	for i, c := range changes {
		out[i] = &model.PermissionChange{Permission: c.Permission, Kind: kindOf(c), From: scopeOf(c.From), To: scopeOf(c.To)}
	}
	return out
}

func kindOf(c access.Change) model.PermissionChangeKind {
	switch {
	case c.From == access.ScopeNone:
		return model.PermissionChangeKindGained
	case c.To == access.ScopeNone:
		return model.PermissionChangeKindLost
	case c.To > c.From:
		return model.PermissionChangeKindWidened
	default:
		return model.PermissionChangeKindNarrowed
	}
}

// perPermission counts the users for each permission, in the order of the
// registry.
func perPermission(effects []accounts.Effect) []*model.PermissionEffect {
	counts := map[string]*model.PermissionEffect{}
	for _, e := range effects {
		for _, c := range e.Changes {
			n := counts[c.Permission]
			if n == nil {
				n = &model.PermissionEffect{Permission: c.Permission}
				counts[c.Permission] = n
			}
			switch kindOf(c) {
			case model.PermissionChangeKindGained:
				n.Gained++
			case model.PermissionChangeKindLost:
				n.Lost++
			case model.PermissionChangeKindWidened:
				n.Widened++
			default:
				n.Narrowed++
			}
		}
	}
	out := []*model.PermissionEffect{}
	for _, p := range access.Registry() {
		if n := counts[p.Name]; n != nil {
			out = append(out, n)
		}
	}
	return out
}
