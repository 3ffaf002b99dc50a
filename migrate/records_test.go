package migrate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestChecks_refuse_values_that_cannot_be(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		tx := begin(t, s.DB)
		for _, wrong := range []string{
			`INSERT INTO permissions (id, created_at, updated_at, name) VALUES ($1, $2, $2, 'read')`,
			`INSERT INTO permissions (id, created_at, updated_at, name) VALUES ($1, $2, $2, 'Booking:read')`,
			`INSERT INTO points_accounts (id, created_at, updated_at, balance, customer_id) VALUES ($1, $2, $2, -1, $1)`,
			`INSERT INTO points_entries (id, created_at, delta, balance_after, reason, account_id) VALUES ($1, $2, 0, 1, 'EARNED', $1)`,
			`INSERT INTO orders (id, created_at, updated_at, number, status, total_amount, tax_amount, currency, customer_id) VALUES ($1, $2, $2, '1', 'PLACED', -1, 0, 'EUR', $1)`,
			`INSERT INTO bookings (id, created_at, updated_at, number, status, source, starts_at, ends_at, total_amount, currency, customer_id)
			 VALUES ($1, $2, $2, '1', 'HELD', 'DESK', $2, $2, 0, 'EUR', $1)`,
		} {
			if err := tx.try(t, wrong, ada, nine); fault.CodeOf(err) != fault.CodeBadUserInput {
				t.Errorf("%s: %v", wrong, err)
			}
		}
		for i, name := range []string{"booking:read", "booking:*", "*:*"} {
			tx.must(t, `INSERT INTO permissions (id, created_at, updated_at, name) VALUES ($1, $2, $2, $3)`,
				fmt.Sprintf("0000000c-0000-8000-8000-%012x", i), nine, name)
		}
	})
}

func TestLegacySessions_show_who_is_signed_in(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		tx := begin(t, s.DB)
		past, future := time.Now().UTC().Add(-time.Minute), time.Now().UTC().Add(time.Minute)
		for i, session := range []struct {
			status     string
			idle, ends time.Time
		}{{"ACTIVE", future, future}, {"ACTIVE", past, future}, {"ACTIVE", future, past}, {"REVOKED", future, future}} {
			tx.must(t, `INSERT INTO enhanced_user_sessions
				(id, created_at, updated_at, status, authenticated_at, last_activity_at, idle_expires_at, expires_at, user_id)
				VALUES ($1, $2, $2, $3, $2, $2, $4, $5, $6)`,
				fmt.Sprintf("0000000d-0000-8000-8000-%012x", i), past, session.status, session.idle, session.ends, ada)
		}
		var all, active int
		row := tx.QueryRowContext(t.Context(), `SELECT count(*), count(CASE WHEN is_active THEN 1 END) FROM user_sessions`)
		if err := row.Scan(&all, &active); err != nil || all != 4 || active != 1 {
			t.Errorf("%d of %d are active, %v; want 1 of 4", active, all, err)
		}
	})
}

// samples insert a row with the id that is $1 into each append-only table.
var samples = map[string]string{
	"audit_logs":     `INSERT INTO audit_logs (id, created_at, event, actor, success) VALUES ($1, $2, 'LOGIN', 'somebody', true)`,
	"operation_logs": `INSERT INTO operation_logs (id, created_at, actor, action, entity_type, entity_id) VALUES ($1, $2, 'somebody', 'CREATE', 'Sex', $1)`,
	"order_events":   `INSERT INTO order_events (id, created_at, type, to_status, actor, order_id) VALUES ($1, $2, 'PLACED', 'PLACED', 'somebody', $1)`,
	"session_logs":   `INSERT INTO session_logs (id, created_at, event, user_id, session_id) VALUES ($1, $2, 'LOGIN', $1, $1)`,
	"points_entries": `INSERT INTO points_entries (id, created_at, delta, balance_after, reason, account_id) VALUES ($1, $2, 1, 1, 'EARNED', $1)`,
}

func TestAppendOnly_tables_refuse_changes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		for name, meta := range ent.Meta {
			if !meta.AppendOnly {
				continue
			}
			sample, ok := samples[meta.Table]
			if !ok {
				t.Fatalf("%s is append-only: write its triggers in a migration, and a sample here", name)
			}
			t.Run(meta.Table, func(t *testing.T) {
				tx := begin(t, s.DB)
				tx.must(t, sample, ada, nine)
				changes := []string{
					`UPDATE ` + meta.Table + ` SET created_at = created_at`,
					`DELETE FROM ` + meta.Table,
				}
				if s.DB.Dialect == dialect.Postgres {
					changes = append(changes, `TRUNCATE `+meta.Table+` CASCADE`)
					for _, part := range partitions(t, s.DB, meta.Table) { // ada is from 1970
						changes = append(changes, `TRUNCATE `+part)
						if strings.HasSuffix(part, "_first") {
							changes = append(changes, `UPDATE `+part+` SET created_at = created_at`, `DELETE FROM `+part)
						}
					}
				}
				for _, change := range changes {
					if err := tx.try(t, change); fault.CodeOf(err) != fault.CodeInternal || !strings.Contains(err.Error(), "append_only") {
						t.Errorf("%s: %v", change, err)
					}
				}
				if s.DB.Dialect == dialect.SQLite {
					replace := strings.Replace(sample, "INSERT", "INSERT OR REPLACE", 1)
					if err := tx.try(t, replace, ada, nine); err == nil {
						t.Errorf("%s replaces a row", replace)
					}
				}
				if err := tx.try(t, sample, bob, nine); err != nil {
					t.Errorf("another row: %v", err)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// partitions are the names of the parts of a log on PostgreSQL.
func partitions(t *testing.T, db *store.DB, table string) (names []string) {
	t.Helper()
	rows, err := db.Read.QueryContext(t.Context(), `SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = $1::text::regclass`, table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

// A partition has the triggers of its log, for whoever names it, and all fire in a
// session that replays a replica's changes.
func TestPartitions_have_the_triggers_of_their_log(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t, dialect.Postgres)
	for _, log := range []string{"operation_logs", "audit_logs", "session_logs"} {
		parts := partitions(t, s.DB, log)
		if len(parts) != 4 {
			t.Errorf("%s has the parts %v, want the first, two months and the rest", log, parts)
		}
		for _, part := range append(parts, log) {
			var got string
			err := s.DB.Read.QueryRowContext(t.Context(), `SELECT string_agg(tgname || ' ' || tgenabled::text, ', ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = $1::text::regclass`, part).Scan(&got)
			want := strings.ReplaceAll("LOG_append_only A, LOG_chain O, LOG_no_removal A, LOG_no_truncate A", "LOG", log)
			if err != nil || got != want {
				t.Errorf("%s: %s, %v; want %s", part, got, err, want)
			}
		}
	}
}

// What is put into a partition by its name is listed to be sealed like the rest, once.
func TestPartitions_list_what_is_put_into_them(t *testing.T) {
	t.Parallel()
	tx := begin(t, testdb.Open(t, dialect.Postgres).DB)
	tx.must(t, `SET LOCAL session_replication_role = DEFAULT`)
	tx.must(t, samples["operation_logs"], ada, nine)
	tx.must(t, strings.Replace(samples["operation_logs"], "operation_logs", "operation_logs_first", 1), bob, nine)
	var listed int
	if err := tx.QueryRowContext(t.Context(), `SELECT count(*) FROM audit_pending`).Scan(&listed); err != nil || listed != 2 {
		t.Errorf("%d are listed, %v; want both, once", listed, err)
	}
}

// What a checkpoint covers may be taken away, rows and entries; nothing else may,
// and nothing is changed. A checkpoint is of an entry that is there.
func TestAppendOnly_lets_go_of_what_is_archived(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		for table, stream := range map[string]int{"operation_logs": 1, "audit_logs": 2, "session_logs": 3} {
			t.Run(table, func(t *testing.T) {
				tx := begin(t, s.DB)
				tx.must(t, samples[table], ada, nine)
				tx.must(t, samples[table], bob, nine)
				code := []byte("code")
				seal := `INSERT INTO audit_chain (seq, stream, row_id, row_mac, mac, sealed_at) VALUES ($1, $2, $3, $4, $4, 0)`
				tx.must(t, seal, 1, stream, ada, code)
				tx.must(t, seal, 2, stream, bob, code)
				refused := func(statement string, args ...any) {
					t.Helper()
					if err := tx.try(t, statement, args...); fault.CodeOf(err) != fault.CodeInternal || !strings.Contains(err.Error(), "append_only") {
						t.Errorf("%s: %v", statement, err)
					}
				}
				remove, unlink := `DELETE FROM `+table+` WHERE id = $1`, `DELETE FROM audit_chain WHERE seq = $1`
				mark := `INSERT INTO audit_checkpoints (last_seq, code, manifest) VALUES ($1, $2, '')`
				refused(remove, ada)
				refused(unlink, 1)
				refused(mark, 3, code)
				refused(mark, 1, []byte("another"))
				tx.must(t, mark, 1, code)
				refused(mark, 1, code)
				refused(remove, bob)
				refused(unlink, 2)
				refused(`UPDATE ` + table + ` SET created_at = created_at`)
				refused(`UPDATE audit_chain SET sealed_at = 1`)
				refused(`UPDATE audit_checkpoints SET last_seq = 2`)
				refused(`DELETE FROM audit_checkpoints`)
				if s.DB.Dialect == dialect.Postgres {
					refused(`TRUNCATE audit_checkpoints`)
					refused(`TRUNCATE audit_chain`)
				}
				tx.must(t, remove, ada)
				tx.must(t, unlink, 1)
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			})
		}
	})
}
