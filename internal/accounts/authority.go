package accounts

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
)

// Authority is who a user is to the rules, as the database had it at one moment:
// the account, its grants, its units, and what is its own. It is shared between
// requests, so nobody changes it.
type Authority struct {
	User         *ent.User
	grants       []access.Grant
	units        []uuid.UUID
	profiles     []uuid.UUID
	practitioner bool
	effective    *access.Effective
	uses         *access.Uses
}

// Viewer makes a viewer of it, who has not come with anything yet.
func (a *Authority) Viewer() *access.Viewer {
	v := &access.Viewer{
		UserID: a.User.ID, Username: a.User.Username, MustChangePassword: a.User.MustChangePassword,
		Units: a.units, Profiles: a.profiles, Practitioner: a.practitioner, Grants: a.grants,
		Uses: a.uses,
	}
	v.Adopt(a.effective)
	return v
}

// Viewer reads who the user is to the rules. The context must be unrestricted.
func Viewer(ctx context.Context, c *ent.Client, u *ent.User) (*access.Viewer, error) {
	a, err := readAuthority(ctx, c, u)
	if err != nil {
		return nil, err
	}
	return a.Viewer(), nil
}

// authorityRows is all that a user's rights rest on, in one statement: every row
// that speaks about a permission, of active roles and of the user itself, whether
// it is valid now or not, since the decision looks at the time; the unit and those
// below it; and the user's own profiles. It is the one question about rights that
// goes around the row rules, which rest on its answer. UNION ends the walk where
// units form a circle.
const authorityRows = `WITH RECURSIVE below(id) AS (
  SELECT id FROM organizational_units WHERE id = $2 AND deleted_at IS NULL
  UNION
  SELECT u.id FROM organizational_units u JOIN below b ON u.parent_id = b.id WHERE u.deleted_at IS NULL
)
SELECT 'role' AS kind, NULL AS id, r.name AS name, p.permission AS permission, p.scope AS scope, TRUE AS allowed, a.valid_from AS valid_from, a.expires_at AS expires_at
FROM user_roles a JOIN roles r ON r.id = a.role_id JOIN role_permissions p ON p.role_id = r.id
WHERE a.user_id = $1 AND r.status = '` + string(role.StatusActive) + `' AND r.deleted_at IS NULL
UNION ALL SELECT CASE origin WHEN '` + string(userpermission.OriginBreakGlass) + `' THEN 'emergency' ELSE 'user' END, NULL, '', permission, scope, allowed, valid_from, expires_at FROM user_permissions WHERE user_id = $1
UNION ALL SELECT 'unit', CAST(id AS TEXT), '', '', '', FALSE, NULL, NULL FROM below
UNION ALL SELECT 'profile', CAST(id AS TEXT), '', '', '', FALSE, NULL, NULL FROM customers WHERE account_id = $1 AND deleted_at IS NULL
UNION ALL SELECT 'practitioner', NULL, '', '', '', FALSE, NULL, NULL FROM practitioner_profiles WHERE user_id = $1 AND deleted_at IS NULL`

// readAuthority reads what the user's rights rest on.
func readAuthority(ctx context.Context, c *ent.Client, u *ent.User) (_ *Authority, err error) {
	rows, err := c.QueryContext(ctx, authorityRows, u.ID, u.OrganizationalUnitID)
	if err != nil {
		return nil, fmt.Errorf("read rights: %w", err)
	}
	defer rows.Close()
	a := &Authority{User: u}
	for rows.Next() {
		var kind, scope string
		var id uuid.NullUUID
		var from, until sql.NullTime
		var g access.Grant
		if err := rows.Scan(&kind, &id, &g.Role, &g.Permission, &scope, &g.Allowed, &from, &until); err != nil {
			return nil, fmt.Errorf("read rights: %w", err)
		}
		switch kind {
		case "unit":
			a.units = append(a.units, id.UUID)
		case "profile":
			a.profiles = append(a.profiles, id.UUID)
		case "practitioner":
			a.practitioner = true
		default:
			g.Source = access.SourceRole
			switch kind {
			case "user":
				g.Source = access.SourceUser
			case "emergency":
				g.Source = access.SourceEmergency
			}
			g.Scope, _ = access.ParseScope(scope)
			g.ValidFrom, g.ExpiresAt = from.Time, until.Time
			a.grants = append(a.grants, g)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rights: %w", err)
	}
	slices.SortFunc(a.profiles, func(x, y uuid.UUID) int { return bytes.Compare(x[:], y[:]) })
	return a, nil
}

// readGrants reads every row that speaks about the user's permissions; see
// readAuthority.
func readGrants(ctx context.Context, c *ent.Client, id uuid.UUID) ([]access.Grant, error) {
	a, err := readAuthority(ctx, c, &ent.User{ID: id})
	if err != nil {
		return nil, err
	}
	return a.grants, nil
}
