package store_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// schema has one constraint of each kind, named as the migrations name theirs.
var schema = map[string][]string{
	dialect.Postgres: {
		`CREATE EXTENSION btree_gist`,
		`CREATE TABLE owners (id int PRIMARY KEY)`,
		`CREATE TABLE cats (id int PRIMARY KEY, name varchar(5) UNIQUE, lives int CHECK (lives >= 0),
			owner_id int REFERENCES owners, note text NOT NULL DEFAULT '')`,
		`CREATE TABLE claims (who int, during int4range,
			CONSTRAINT resource_claims_no_overlap EXCLUDE USING gist (who WITH =, during WITH &&))`,
		`CREATE TABLE shelves (during int4range, CONSTRAINT shelves_once EXCLUDE USING gist (during WITH &&))`,
		`CREATE TABLE logs (id int)`,
		`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'append_only: %', TG_TABLE_NAME; END $$`,
		`CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON logs FOR EACH ROW EXECUTE FUNCTION keep()`,
		`CREATE FUNCTION moody() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not append_only'; END $$`,
		`CREATE TABLE moods (id int)`,
		`CREATE TRIGGER moody BEFORE INSERT ON moods FOR EACH ROW EXECUTE FUNCTION moody()`,
	},
	dialect.SQLite: {
		`CREATE TABLE owners (id int PRIMARY KEY)`,
		`CREATE TABLE cats (id int PRIMARY KEY, name text UNIQUE, lives int CHECK (lives >= 0),
			owner_id int REFERENCES owners, note text NOT NULL DEFAULT '')`,
		`CREATE TABLE claims (who int, low int, high int)`,
		`CREATE TRIGGER claims_no_overlap BEFORE INSERT ON claims
			WHEN EXISTS (SELECT 1 FROM claims WHERE who = NEW.who AND low < NEW.high AND NEW.low < high)
			BEGIN SELECT RAISE(ABORT, 'slot_taken'); END`,
		`CREATE TABLE logs (id int)`,
		`CREATE TRIGGER keep_updates BEFORE UPDATE ON logs BEGIN SELECT RAISE(ABORT, 'append_only: logs'); END`,
		`CREATE TRIGGER keep_deletes BEFORE DELETE ON logs BEGIN SELECT RAISE(ABORT, 'append_only: logs'); END`,
		`CREATE TABLE moods (id int)`,
		`CREATE TRIGGER moody BEFORE INSERT ON moods BEGIN SELECT RAISE(ABORT, 'not append_only'); END`,
	},
}

func TestClassify_of_what_the_database_refuses(t *testing.T) {
	each(t, func(t *testing.T, db *store.DB) {
		must(t, db, schema[db.Dialect]...)
		must(t, db, `INSERT INTO owners VALUES (1)`, `INSERT INTO cats (id, name, lives, owner_id) VALUES (1, 'Tom', 9, 1)`, `INSERT INTO logs VALUES (1)`)
		claim, claimAgain := `INSERT INTO claims VALUES (1, 10, 20)`, `INSERT INTO claims VALUES (1, 19, 30)`
		if db.Dialect == dialect.Postgres {
			claim, claimAgain = `INSERT INTO claims VALUES (1, '[10,20)')`, `INSERT INTO claims VALUES (1, '[19,30)')`
			must(t, db, `INSERT INTO shelves VALUES ('[1,2)')`)
		}
		must(t, db, claim)

		for _, c := range []struct {
			name string
			sql  string
			only string
			want fault.Code
		}{
			{"a unique value that is there", `INSERT INTO cats (id, name) VALUES (2, 'Tom')`, "", fault.CodeConflict},
			{"a primary key that is there", `INSERT INTO cats (id, name) VALUES (1, 'Kit')`, "", fault.CodeConflict},
			{"a time that is claimed", claimAgain, "", fault.CodeSlotTaken},
			{"another overlap", `INSERT INTO shelves VALUES ('[1,3)')`, dialect.Postgres, fault.CodeConflict},
			{"a reference to nothing", `INSERT INTO cats (id, name, owner_id) VALUES (2, 'Kit', 7)`, "", fault.CodeBadUserInput},
			{"a removal of what is referred to", `DELETE FROM owners`, "", fault.CodeBadUserInput},
			{"a value that a check refuses", `UPDATE cats SET lives = -1`, "", fault.CodeBadUserInput},
			{"a text that is too long", `UPDATE cats SET name = 'Thomas'`, dialect.Postgres, fault.CodeBadUserInput},
			{"a number that is too large", `UPDATE cats SET lives = 9999999999`, dialect.Postgres, fault.CodeBadUserInput},
			{"a date that there is not", `SELECT '2026-02-31'::date`, dialect.Postgres, fault.CodeBadUserInput},
			{"a change of a log", `UPDATE logs SET id = 2`, "", fault.CodeInternal},
			{"a removal from a log", `DELETE FROM logs`, "", fault.CodeInternal},
		} {
			if c.only != "" && c.only != db.Dialect {
				continue
			}
			_, err := db.Write.ExecContext(t.Context(), c.sql)
			if err == nil {
				t.Errorf("%s: no error", c.name)
				continue
			}
			checkFault(t, c.name, err, c.want)
			if store.Retryable(err) {
				t.Errorf("%s: retryable", c.name)
			}
		}

		for name, sql := range map[string]string{
			"a trigger of another name":  `INSERT INTO moods VALUES (1)`,
			"a missing value of ours":    `UPDATE cats SET note = NULL`,
			"a table that there is not":  `SELECT * FROM dogs`,
			"a statement that is no SQL": `SELEKT`,
		} {
			_, err := db.Write.ExecContext(t.Context(), sql)
			if got := store.Classify(err); got == nil || got != err {
				t.Errorf("%s: %v became %v, want it as it is", name, err, got)
			}
		}

		_, err := db.Write.ExecContext(t.Context(), `INSERT INTO cats (id, name) VALUES ($1, $2)`, 3, "a\x00b")
		if db.Dialect == dialect.Postgres {
			checkFault(t, "a zero byte in a text", err, fault.CodeBadUserInput)
		}
	})
}

// checkFault checks the code and that the message tells nothing of the database.
func checkFault(t *testing.T, name string, err error, want fault.Code) {
	t.Helper()
	got, ok := fault.As(store.Classify(fmt.Errorf("save cat: %w", err)))
	if !ok || got.Code != want {
		t.Errorf("%s: %v became %v, want %s", name, err, got, want)
		return
	}
	if !errors.Is(got, err) {
		t.Errorf("%s: the cause is lost", name)
	}
	for _, word := range []string{"pq", "cats", "claims", "logs", "constraint", "SQL", "relation", "trigger", "cat:"} {
		if strings.Contains(strings.ToLower(got.Message), strings.ToLower(word)) {
			t.Errorf("%s: the message %q tells of %q", name, got.Message, word)
		}
	}
	if wantHint := want == fault.CodeUnavailable; (got.RetryAfter > 0) != wantHint {
		t.Errorf("%s: retry after %s", name, got.RetryAfter)
	}
}

func TestClassify_of_what_is_no_fault_of_the_statement(t *testing.T) {
	_, refused := net.DialTimeout("tcp", "127.0.0.1:1", time.Second)
	for name, err := range map[string]error{
		"a deadline":              context.DeadlineExceeded,
		"a cancelled request":     context.Canceled,
		"a broken connection":     driver.ErrBadConn,
		"a server that is not up": refused,
		"a server that hangs up":  io.EOF,
	} {
		checkFault(t, name, err, fault.CodeUnavailable)
		if store.Retryable(err) {
			t.Errorf("%s: retryable within the transaction", name)
		}
	}
	for name, err := range map[string]error{
		"nothing":         nil,
		"a fault":         fault.NotFound("No such cat."),
		"a wrapped fault": fmt.Errorf("feed: %w", fault.Conflict("Not hungry.")),
		"any other error": errors.New("out of milk"),
	} {
		if got := store.Classify(err); got != err {
			t.Errorf("%s: %v became %v", name, err, got)
		}
	}
}
