package archive_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"clinicgraph/internal/archive"
	"clinicgraph/internal/store"
)

// What an archive holds comes back as it was, and can be asked.
func TestAnArchiveIsRestoredToAFileOfItsOwn(t *testing.T) {
	each(t, func(c *clinic) {
		var id, old string
		if err := c.s.DB.Read.QueryRow(`SELECT CAST(id AS TEXT), CAST(old_values AS TEXT) FROM operation_logs ORDER BY id LIMIT 1`).Scan(&id, &old); err != nil {
			c.Fatal(err)
		}
		m := c.before(november)[0]
		into := filepath.Join(c.TempDir(), "october.db")
		if _, err := archive.Restore(c.Context(), c.path(m), into, c.keys); err != nil {
			c.Fatal(err)
		}
		db, err := store.OpenSQLite(c.Context(), into)
		if err != nil {
			c.Fatal(err)
		}
		var n int
		var gotID, gotOld string
		err = db.Read.QueryRow(`SELECT (SELECT count(*) FROM audit_logs), id, CAST(old_values AS TEXT) FROM operation_logs ORDER BY id LIMIT 1`).Scan(&n, &gotID, &gotOld)
		if err != nil || n != 350 || gotID != id || gotOld != old {
			c.Errorf("%d, %s %s, %v; want 350, %s %s", n, gotID, gotOld, err, id, old)
		}
		if err := db.Close(); err != nil {
			c.Error(err)
		}
		if _, err := archive.Restore(c.Context(), c.path(m), into, c.keys); !errors.Is(err, fs.ErrExist) {
			c.Errorf("over a file that is there: %v", err)
		}
		whole, err := os.ReadFile(c.path(m))
		if err != nil {
			c.Fatal(err)
		}
		if err := os.WriteFile(c.path(m), whole[:len(whole)-9], 0o600); err != nil {
			c.Fatal(err)
		}
		other := filepath.Join(c.TempDir(), "other.db")
		var damage *archive.Damage
		if _, err := archive.Restore(c.Context(), c.path(m), other, c.keys); !errors.As(err, &damage) {
			c.Errorf("a cut archive: %v", err)
		}
		if _, err := os.Stat(other); !errors.Is(err, fs.ErrNotExist) {
			c.Errorf("a copy of a cut archive is there: %v", err)
		}
	})
}
