package chain_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// monthOf is the beginning of the month that lies so many months behind this one.
func monthOf(ahead int) time.Time {
	now := testdb.Now()
	return time.Date(now.Year(), now.Month()+time.Month(ahead), 1, 0, 0, 0, 0, time.UTC)
}

// logged puts an entry with the id on the operation log, past the server.
func logged(t *testing.T, db *store.DB, id uuid.UUID) {
	t.Helper()
	_, err := db.Write.ExecContext(t.Context(), `INSERT INTO operation_logs (id, created_at, actor, action, entity_type, entity_id)
		VALUES ($1, '2026-11-01 00:00:00+00:00', 'a', 'CREATE', 'Sex', $1)`, id)
	if err != nil {
		t.Fatal(err)
	}
}

// lies is the partition that an entry is in.
func lies(t *testing.T, db *store.DB, id uuid.UUID) (part string) {
	t.Helper()
	if err := db.Read.QueryRowContext(t.Context(), `SELECT tableoid::regclass::text FROM operation_logs WHERE id = $1`, id).Scan(&part); err != nil {
		t.Fatal(err)
	}
	return part
}

func partitions(t *testing.T, db *store.DB) (names []string) {
	t.Helper()
	rows, err := db.Read.QueryContext(t.Context(), `SELECT part FROM log_partitions ORDER BY part`)
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

func exec(t *testing.T, db *store.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.Write.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func keep(t *testing.T, db *store.DB, want int) {
	t.Helper()
	if n, err := chain.KeepPartitions(t.Context(), db); n != want || err != nil {
		t.Errorf("%d partitions made or taken away, %v; want %d", n, err, want)
	}
}

// part is the name of the operation log's partition of a month.
func part(month time.Time) string { return "operation_logs_" + month.Format("2006_01") }

func TestPartitions_hold_the_entries_of_their_month(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		last, first := ids.NewAt(ids.OperationLog, monthOf(1).Add(-time.Millisecond)), ids.NewAt(ids.OperationLog, monthOf(1))
		end := ids.NewAt(ids.OperationLog, monthOf(2).Add(-time.Millisecond))
		for _, id := range []uuid.UUID{last, first, end} {
			logged(t, s.DB, id)
		}
		if !s.DB.LocksRows() {
			keep(t, s.DB, 0)
			return
		}
		got := []string{lies(t, s.DB, last), lies(t, s.DB, first), lies(t, s.DB, end)}
		if want := []string{"operation_logs_first", part(monthOf(1)), part(monthOf(1))}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestPartitions_are_made_ahead_once_by_servers_that_run_at_once(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		keep(t, s.DB, 0)
		if !s.DB.LocksRows() {
			return
		}
		all := partitions(t, s.DB)
		for _, log := range chain.Logs() { // as two months ago
			exec(t, s.DB, "DROP TABLE "+log.Table+monthOf(1).Format("_2006_01"), "DROP TABLE "+log.Table+monthOf(2).Format("_2006_01"))
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		made := 0
		for range 6 {
			wg.Go(func() {
				n, err := chain.KeepPartitions(t.Context(), s.DB)
				mu.Lock()
				defer mu.Unlock()
				made += n
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff(all, partitions(t, s.DB)); diff != "" || made != 6 {
			t.Errorf("%d made, want 6\n%s", made, diff)
		}
	})
}

// An entry is never refused for want of a partition; that it has none is seen.
func TestPartitions_that_are_missing_refuse_nothing_and_are_told(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		r := sealed(t, s)
		next := ids.NewAt(ids.OperationLog, monthOf(1).Add(time.Hour))
		if s.DB.LocksRows() {
			exec(t, s.DB, "DROP TABLE "+part(monthOf(1)), "DROP TABLE "+part(monthOf(2)))
		}
		logged(t, s.DB, next)
		want := map[string]int{"operation": 0, "audit": 0, "session": 0}
		if s.DB.LocksRows() {
			want["operation"] = 1
		}
		got, err := chain.Unpartitioned(t.Context(), s.DB)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		if !s.DB.LocksRows() {
			return
		}
		// The month cannot be made any more; the one behind it is.
		n, err := chain.KeepPartitions(t.Context(), s.DB)
		if n != 1 || err == nil || !strings.Contains(err.Error(), "next month: operation_logs") {
			t.Errorf("%d, %v", n, err)
		}
		if got := lies(t, s.DB, next); got != "operation_logs_rest" {
			t.Errorf("the entry is in %s", got)
		}
		if !slices.Contains(partitions(t, s.DB), part(monthOf(2))) {
			t.Error("the month behind has no partition")
		}
		// A row that no server wrote is found there, too.
		r.seal()
		if got := r.check().First; got == nil || got.Kind != chain.ProblemForeign || got.Row != next {
			t.Errorf("%v", got)
		}
	})
}

func TestPartitions_of_past_months_go_when_they_are_empty(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t, "postgres")
	exec(t, s.DB, `ALTER TABLE operation_logs DETACH PARTITION operation_logs_first`)
	for _, ahead := range []int{-2, -1, 0} {
		exec(t, s.DB, fmt.Sprintf(`CREATE TABLE %s PARTITION OF operation_logs FOR VALUES FROM ('%s') TO ('%s')`,
			part(monthOf(ahead)), ids.From(monthOf(ahead)), ids.From(monthOf(ahead+1))))
	}
	logged(t, s.DB, ids.NewAt(ids.OperationLog, monthOf(-1)))
	keep(t, s.DB, 1)
	got := partitions(t, s.DB)
	for month, stays := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: true} {
		if slices.Contains(got, part(monthOf(month))) != stays {
			t.Errorf("%s is there: %v", part(monthOf(month)), !stays)
		}
	}
}

// What somebody reads does not hold up the others: what is held is left for later.
func TestPartitions_wait_for_nobody(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t, "postgres")
	exec(t, s.DB, "DROP TABLE "+part(monthOf(2)))
	reading, err := s.DB.Read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reading.ExecContext(t.Context(), `SELECT FROM operation_logs_rest`); err != nil {
		t.Fatal(err)
	}
	keep(t, s.DB, 0)
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	keep(t, s.DB, 1)
}

func TestPartitions_are_left_out_by_time(t *testing.T) {
	t.Parallel()
	s := testdb.Open(t, "postgres")
	rows, err := s.DB.Read.QueryContext(t.Context(), fmt.Sprintf(`EXPLAIN SELECT * FROM operation_logs WHERE id >= '%s' AND id < '%s' ORDER BY id DESC LIMIT 20`,
		ids.From(monthOf(1)), ids.From(monthOf(2))))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	for _, other := range []string{"operation_logs_first", "operation_logs_rest", part(monthOf(2))} {
		if strings.Contains(plan.String(), other) {
			t.Errorf("%s is read:\n%s", other, plan.String())
		}
	}
	if !strings.Contains(plan.String(), part(monthOf(1))) {
		t.Errorf("%s is not read:\n%s", part(monthOf(1)), plan.String())
	}
}

// Whoever takes away a partition, as its owner, is found out.
func TestPartitions_that_are_taken_away_are_missed(t *testing.T) {
	t.Parallel()
	for what, statement := range map[string]string{
		"detached": `ALTER TABLE audit_logs DETACH PARTITION audit_logs_first`,
		"dropped":  `DROP TABLE audit_logs_first`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := sealed(t, testdb.Open(t, "postgres"))
			r.write(3)
			r.seal()
			exec(t, r.s.DB, statement)
			if got := r.check().First; got == nil || got.Kind != chain.ProblemRowMissing || got.Table != "audit_logs" {
				t.Errorf("%v", got)
			}
		})
	}
}
