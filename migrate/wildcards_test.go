package migrate_test

import (
	"strings"
	"testing"

	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// TestWildcards_are_for_system_roles writes permissions past the server: a pattern is
// refused in a role of the clinic and for a user, whether it comes with a new row, is
// written into an old one, or the row moves to another role.
func TestWildcards_are_for_system_roles(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		const system, clinic, first, second = ada, bob, "0000000e-0000-8000-8000-000000000001", "0000000e-0000-8000-8000-000000000002"
		const inRole = `INSERT INTO role_permissions (id, created_at, updated_at, permission, role_id, permission_id) VALUES ($1, $2, $2, $3, $4, $1)`
		const forUser = `INSERT INTO user_permissions (id, created_at, updated_at, permission, allowed, permission_id, user_id) VALUES ($1, $2, $2, $3, $4, $1, $1)`
		prepared := func(t *testing.T) *raw {
			tx := begin(t, s.DB)
			for id, is := range map[string]bool{system: true, clinic: false} {
				tx.must(t, `INSERT INTO roles (id, created_at, updated_at, name, is_system) VALUES ($1, $2, $2, $3, $4)`, id, nine, id, is)
			}
			tx.must(t, inRole, first, nine, "booking:read", clinic)
			tx.must(t, inRole, second, nine, "booking:*", system)
			tx.must(t, forUser, first, nine, "booking:read", true)
			return tx
		}
		const third = "0000000e-0000-8000-8000-000000000003"
		for name, write := range map[string]func(tx *raw) error{
			"role_permissions new": func(tx *raw) error { return tx.try(t, inRole, third, nine, "*:*", clinic) },
			"role_permissions rewritten": func(tx *raw) error {
				return tx.try(t, `UPDATE role_permissions SET permission = 'booking:*' WHERE id = $1`, first)
			},
			"role_permissions moved": func(tx *raw) error {
				return tx.try(t, `UPDATE role_permissions SET role_id = $2 WHERE id = $1`, second, clinic)
			},
			"user_permissions new": func(tx *raw) error { return tx.try(t, forUser, third, nine, "*:*", false) },
			"user_permissions rewritten": func(tx *raw) error {
				return tx.try(t, `UPDATE user_permissions SET permission = '*:*' WHERE id = $1`, first)
			},
		} {
			t.Run(name, func(t *testing.T) {
				tx := prepared(t)
				table, _, _ := strings.Cut(name, " ")
				if err := write(tx); err == nil || !strings.Contains(err.Error(), "wildcard: "+table) {
					t.Errorf("%v, want a refusal by the trigger of %s", err, table)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			})
		}
		t.Run("what is none is taken", func(t *testing.T) {
			tx := prepared(t)
			for _, err := range []error{
				tx.try(t, inRole, third, nine, "*:*", system),
				tx.try(t, `UPDATE role_permissions SET permission = 'order:*' WHERE id = $1`, second),
				tx.try(t, `UPDATE role_permissions SET role_id = $2 WHERE id = $1`, first, system),
				tx.try(t, forUser, third, nine, "order:read", true),
				tx.try(t, `UPDATE user_permissions SET permission = 'order:read' WHERE id = $1`, first),
			} {
				if err != nil {
					t.Error(err)
				}
			}
			if err := tx.Rollback(); err != nil {
				t.Error(err)
			}
		})
	})
}
