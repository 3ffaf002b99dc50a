package store

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestSQLite_refuses_a_connection_with_other_settings(t *testing.T) {
	for setting, want := range map[string]string{
		"_pragma=foreign_keys(1)":    "foreign_keys is 0 instead of 1",
		"_pragma=journal_mode(WAL)":  "journal_mode is delete instead of wal",
		"_pragma=synchronous(FULL)":  "synchronous is 1 instead of 2",
		"_pragma=busy_timeout(5000)": "busy_timeout is 0 instead of 5000",
		"_pragma=temp_store(2)":      "temp_store is 0 instead of 2",
	} {
		settings := strings.Replace(sqliteSettings, setting, "_pragma=synchronous(NORMAL)", 1)
		if !strings.Contains(setting, "synchronous") {
			settings = strings.Replace(sqliteSettings, setting, "", 1)
		}
		pool, err := openSQLitePool(t.Context(), "file:"+filepath.Join(t.TempDir(), "clinic.db")+"?"+settings, 1, nil, nil)
		if err == nil {
			pool.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v, want %q", setting, err, want)
		}
	}
}
