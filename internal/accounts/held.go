package accounts

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// grantRows is the part of authorityRows that speaks about permissions, for many
// users at once.
const grantRows = `SELECT a.user_id AS user_id, 'role' AS kind, r.name AS name, p.permission AS permission, p.scope AS scope, TRUE AS allowed, a.valid_from AS valid_from, a.expires_at AS expires_at
FROM user_roles a JOIN roles r ON r.id = a.role_id JOIN role_permissions p ON p.role_id = r.id
WHERE a.user_id IN (%[1]s) AND r.status = '` + string(role.StatusActive) + `' AND r.deleted_at IS NULL
UNION ALL SELECT user_id, 'user', '', permission, scope, allowed, valid_from, expires_at FROM user_permissions WHERE user_id IN (%[1]s)`

// Held reads what users hold, in one statement, for the rules of who may do what:
// at most some hundred users at once. The context must be unrestricted.
func Held(ctx context.Context, c *ent.Client, ids []uuid.UUID) (_ map[uuid.UUID][]access.Grant, err error) {
	held := make(map[uuid.UUID][]access.Grant, len(ids))
	if len(ids) == 0 {
		return held, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	rows, err := c.QueryContext(ctx, fmt.Sprintf(grantRows, store.Places(1, len(ids))), args...)
	if err != nil {
		return nil, fmt.Errorf("read what users hold: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id uuid.UUID
		var kind, scope string
		var from, until sql.NullTime
		var g access.Grant
		if err := rows.Scan(&id, &kind, &g.Role, &g.Permission, &scope, &g.Allowed, &from, &until); err != nil {
			return nil, fmt.Errorf("read what users hold: %w", err)
		}
		g.Source = access.SourceRole
		if kind == "user" {
			g.Source = access.SourceUser
		}
		g.Scope, _ = access.ParseScope(scope)
		g.ValidFrom, g.ExpiresAt = from.Time, until.Time
		held[id] = append(held[id], g)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read what users hold: %w", err)
	}
	return held, nil
}
