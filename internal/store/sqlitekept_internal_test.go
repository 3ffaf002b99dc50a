package store

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
)

// kept is how many statements the connection that writes keeps.
func kept(t *testing.T, db *DB) (n int) {
	t.Helper()
	c, err := db.Write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Raw(func(conn any) error {
		n = len(conn.(*watchedConn).kept.byText)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSQLite_keeps_what_writes(t *testing.T) {
	t.Parallel()
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "clinic.db"))
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) error {
		_, err := db.Write.ExecContext(t.Context(), query, args...)
		return err
	}
	must := func(query string, args ...any) {
		t.Helper()
		if err := exec(query, args...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
	must(`CREATE TABLE a (n INTEGER PRIMARY KEY, b TEXT)`)
	const insert = `INSERT INTO a (n, b) VALUES ($1, $2)`
	before := kept(t, db)
	must(insert, 1, "x")
	if err := exec(insert, 1, "y"); err == nil {
		t.Errorf("the same key again: %v", err)
	}
	must(insert, 2, nil)
	if n := kept(t, db) - before; n != 1 {
		t.Errorf("%d statements are kept for one", n)
	}
	// The schema changes under it.
	must(`ALTER TABLE a ADD COLUMN c TEXT DEFAULT 'd'`)
	must(`CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET c = 'set' WHERE n = NEW.n; END`)
	must(insert, 3, "z")
	var got string
	if err := db.Write.QueryRowContext(t.Context(), `SELECT group_concat(n || coalesce(b, '-') || c, ' ') FROM a`).Scan(&got); err != nil || got != "1xd 2-d 3zset" {
		t.Errorf("%q, %v", got, err)
	}
	// What is cut off can be run again.
	over, end := context.WithCancel(t.Context())
	end()
	if _, err := db.Write.ExecContext(over, insert, 4, ""); err == nil {
		t.Error("it ran though its time was over")
	}
	must(insert, 4, "")
	for i := range keptWrites + 10 {
		must(fmt.Sprintf(`UPDATE a SET b = '%d' WHERE n = $1`, i), 1)
	}
	if n := kept(t, db); n != keptWrites {
		t.Errorf("%d statements are kept, want %d", n, keptWrites)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
