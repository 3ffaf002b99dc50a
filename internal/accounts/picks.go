package accounts

import (
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/predicate"
	"clinicgraph/ent/role"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
)

// pick tells grants by a statement of the database, of either table. A nil one
// tells none.
type pick struct {
	role   predicate.UserRole
	direct predicate.UserPermission
}

// everyGrant tells all.
var everyGrant = pick{func(*sql.Selector) {}, func(*sql.Selector) {}}

// noGrant tells none.
func noGrant(s *sql.Selector) { s.Where(sql.False()) }

// pick is the meaning of a finding, of all grants that allow something. Emergency
// access ends soon by its nature and has a review of its own: of it only what has
// ended is listed.
func (s *Service) pick(f Finding, q Sought) pick {
	now := s.Now()
	switch f {
	case FindingExpiring:
		soon := now.Add(q.Ending)
		return pick{
			userrole.And(userrole.ExpiresAtGT(now), userrole.ExpiresAtLTE(soon)),
			userpermission.And(userpermission.OriginEQ(userpermission.OriginDirect), userpermission.ExpiresAtGT(now), userpermission.ExpiresAtLTE(soon)),
		}
	case FindingExpired:
		return pick{userrole.ExpiresAtLTE(now), userpermission.ExpiresAtLTE(now)}
	case FindingUnused:
		return unused(now.Add(-q.Idle))
	case FindingOrphaned:
		gone := user.Or(user.IsActive(false), user.DeletedAtNotNil())
		holder := user.Or(gone, user.HasOrganizationalUnitWith(organizationalunit.DeletedAtNotNil()))
		return pick{
			userrole.Or(userrole.HasAssignedByWith(gone), userrole.HasUserWith(holder),
				userrole.HasRoleWith(role.Or(role.StatusEQ(role.StatusInactive), role.DeletedAtNotNil()))),
			userpermission.And(userpermission.OriginEQ(userpermission.OriginDirect),
				userpermission.Or(userpermission.HasGrantedByWith(gone), userpermission.HasUserWith(holder))),
		}
	default:
		all := make([]pick, len(risks))
		for i, r := range risks {
			all[i] = s.risk(r)
		}
		return anyOf(all)
	}
}

// unused tells the grants that were made before since and of which nothing was used
// from then on, by the table of uses. A use counts for every grant that gives what
// was used: nobody knows by which of two somebody came in.
func unused(since time.Time) pick {
	day := access.DayOf(since)
	none := func(s *sql.Selector, given *sql.Selector) {
		s.Where(sql.NotExists(given.Where(sql.GTE(given.C("last_used_on"), day))))
	}
	return pick{
		userrole.And(userrole.AssignedAtLT(since), func(s *sql.Selector) {
			used, gives := sql.Table("permission_uses"), sql.Table(rolepermission.Table)
			given := sql.Dialect(s.Dialect()).Select("user_id").From(used)
			given.Join(gives).On(gives.C(rolepermission.FieldRoleID), s.C(userrole.FieldRoleID))
			given.Where(sql.And(
				sql.ColumnsEQ(used.C("user_id"), s.C(userrole.FieldUserID)),
				sql.P(func(b *sql.Builder) { // by a wildcard, too
					b.Ident(used.C("permission")).WriteString(" LIKE REPLACE(").Ident(gives.C(rolepermission.FieldPermission)).WriteString(", '*', '%')")
				}),
			))
			none(s, given)
		}),
		userpermission.And(userpermission.OriginEQ(userpermission.OriginDirect), userpermission.CreatedAtLT(since), func(s *sql.Selector) {
			used := sql.Table("permission_uses")
			none(s, sql.Dialect(s.Dialect()).Select("user_id").From(used).Where(sql.And(
				sql.ColumnsEQ(used.C("user_id"), s.C(userpermission.FieldUserID)),
				sql.ColumnsEQ(used.C("permission"), s.C(userpermission.FieldPermission)),
			)))
		}),
	}
}

// risk is the meaning of a risk, of grants that have not ended.
func (s *Service) risk(r Risk) pick {
	now := s.Now()
	counts := pick{
		userrole.Or(userrole.ExpiresAtIsNil(), userrole.ExpiresAtGT(now)),
		userpermission.And(userpermission.OriginEQ(userpermission.OriginDirect), userpermission.Or(userpermission.ExpiresAtIsNil(), userpermission.ExpiresAtGT(now))),
	}
	forGood := pick{userrole.ExpiresAtIsNil(), userpermission.ExpiresAtIsNil()}
	switch r {
	case RiskHigh:
		return both(counts, forGood, givesAny(highs()...))
	case RiskWildcard:
		return pick{role: userrole.And(counts.role, userrole.HasRoleWith(role.HasRolePermissionsWith(rolepermission.PermissionHasSuffix(":*"))))}
	case RiskEscalation:
		roles, direct := givesAny(access.RoleAssign), givesAny(access.PermissionGrant)
		return both(counts, forGood, pick{
			userrole.And(roles.role, direct.role),
			userpermission.And(userpermission.PermissionIn(access.RoleAssign, access.PermissionGrant), userpermission.HasUserWith(
				user.HasUserPermissionsWith(userpermission.Permission(access.RoleAssign), userpermission.Allowed(true)),
				user.HasUserPermissionsWith(userpermission.Permission(access.PermissionGrant), userpermission.Allowed(true)))),
		})
	case RiskUnending:
		return pick{direct: userpermission.And(counts.direct, forGood.direct)}
	default:
		bare := user.Not(user.HasAuthenticatorsWith(authenticator.ConfirmedAtNotNil()))
		return both(counts, givesAny(highs()...), pick{userrole.HasUserWith(bare), userpermission.HasUserWith(bare)})
	}
}

// givesAny tells grants that give one of the permissions, by its name or by a
// wildcard above it.
func givesAny(permissions ...string) pick {
	names := map[string]bool{"*:*": true}
	for _, p := range permissions {
		resource, _, _ := strings.Cut(p, ":")
		names[p], names[resource+":*"] = true, true
	}
	above := make([]string, 0, len(names))
	for n := range names {
		above = append(above, n)
	}
	slices.Sort(above)
	return pick{
		userrole.HasRoleWith(role.HasRolePermissionsWith(rolepermission.PermissionIn(above...))),
		userpermission.PermissionIn(permissions...),
	}
}

func highs() (names []string) {
	for _, p := range access.Registry() {
		if p.High {
			names = append(names, p.Name)
		}
	}
	return names
}

func both(picks ...pick) pick {
	var roles []predicate.UserRole
	var direct []predicate.UserPermission
	for _, p := range picks {
		if p.role == nil {
			p.role = noGrant
		}
		if p.direct == nil {
			p.direct = noGrant
		}
		roles, direct = append(roles, p.role), append(direct, p.direct)
	}
	return pick{userrole.And(roles...), userpermission.And(direct...)}
}

func anyOf(picks []pick) pick {
	// There may be nothing to choose from, and an OR of nothing would be all.
	roles, direct := []predicate.UserRole{noGrant}, []predicate.UserPermission{noGrant}
	for _, p := range picks {
		if p.role != nil {
			roles = append(roles, p.role)
		}
		if p.direct != nil {
			direct = append(direct, p.direct)
		}
	}
	return pick{userrole.Or(roles...), userpermission.Or(direct...)}
}

// sought tells the grants of which one of the findings is true.
func (s *Service) sought(q Sought) pick {
	names := q.Findings
	if len(names) == 0 {
		names = findings
	}
	picks := make([]pick, len(names))
	for i, f := range names {
		picks[i] = s.pick(f, q)
	}
	return anyOf(picks)
}

// over tells the grants of users whom the viewer's permission reaches.
func over(v *access.Viewer, permission string) pick {
	var whose predicate.User
	switch v.Scope(permission) {
	case access.ScopeAny:
		return everyGrant
	case access.ScopeUnit:
		whose = user.Or(user.ID(v.UserID), user.OrganizationalUnitIDIn(v.Units...))
	case access.ScopeOwn:
		whose = user.ID(v.UserID)
	default:
		return anyOf(nil)
	}
	return pick{userrole.HasUserWith(whose), userpermission.HasUserWith(whose)}
}
