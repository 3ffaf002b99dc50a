package archive_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicgraph/internal/archive"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/testdb"
)

// logs are the tables that the months of this test lie in.
var logs = []string{"operation_logs", "audit_logs"}

// ago is the beginning of the month so many months before this one.
func ago(months int) time.Time { return archive.Month(testdb.Now()).AddDate(0, -months, 0) }

// monthly is a clinic on PostgreSQL whose logs have had partitions since two months ago.
func monthly(t *testing.T) *clinic {
	t.Helper()
	t.Parallel()
	c := on(t, testdb.Open(t, "postgres"))
	for _, log := range append([]string{"session_logs"}, logs...) {
		c.exec(`ALTER TABLE ` + log + ` DETACH PARTITION ` + log + `_first`)
		for months := 2; months >= 0; months-- {
			c.exec(fmt.Sprintf(`CREATE TABLE %s PARTITION OF %s FOR VALUES FROM ('%s') TO ('%s')`, part(log, months), log, ids.From(ago(months)), ids.From(ago(months-1))))
		}
	}
	return c
}

func part(log string, months int) string { return log + ago(months).Format("_2006_01") }

func (c *clinic) exec(statement string) {
	c.Helper()
	if _, err := c.s.DB.Write.ExecContext(c.Context(), statement); err != nil {
		c.Fatalf("%s: %v", statement, err)
	}
}

// has says of which months the logs have a partition.
func (c *clinic) has(log string) (months []int) {
	c.Helper()
	for m := 2; m >= 0; m-- {
		if c.count(`log_partitions WHERE part = '`+part(log, m)+`'`) == 1 {
			months = append(months, m)
		}
	}
	return months
}

func (c *clinic) mustHave(when string, want ...int) {
	c.Helper()
	for _, log := range logs {
		if got := c.has(log); !slices.Equal(got, want) {
			c.Errorf("%s: %s has partitions of the months %v ago, want %v", when, log, got, want)
		}
	}
}

// TestAMonthLeavesWithItsPartition walks a month from its last entry to the file that it
// is restored from, cut off once at each step of the way.
func TestAMonthLeavesWithItsPartition(t *testing.T) {
	c := monthly(t)
	c.at(ago(2).AddDate(0, 0, 9), 700)
	c.at(ago(1).AddDate(0, 0, 9), 20)
	c.now = ago(0)
	head, err := c.keys.Head(t.Context(), c.s.DB, c.now)
	if err != nil {
		t.Fatal(err)
	}
	cut, cuts := errors.New("killed"), map[string]bool{}
	var done []chain.Manifest
	for len(done) == 0 {
		last := ""
		a := c.archive()
		a.StopAfter(func(step string) error {
			if last = step; !cuts[step] {
				cuts[step] = true
				return cut
			}
			return nil
		})
		if done, err = a.Before(t.Context(), ago(1)); err != nil && !errors.Is(err, cut) {
			t.Fatalf("after %s: %v", last, err)
		}
		if r := c.check(head); r.First != nil || r.Last != 1440 {
			t.Fatalf("after %s: %+v %v", last, r, r.First)
		}
		if err != nil && last == "checkpoint" {
			c.mustHave("before anything was removed", 2, 1, 0)
		}
		if err != nil && last == "months" {
			// The months are gone, though not one of their entries was removed: nor were their rows.
			c.mustHave("after a kill between the months and the entries", 1, 0)
			if n := c.count("audit_chain"); n != 1440 {
				t.Errorf("%d entries", n)
			}
		}
		if err == nil && len(done) == 0 {
			break // an earlier run had written it
		}
	}
	for _, step := range []string{"file", "manifest", "verified", "checkpoint", "months", "removed"} {
		if !cuts[step] {
			t.Errorf("was never cut off after %q", step)
		}
	}
	c.mustHave("in the end", 1, 0)
	if n := c.count("audit_chain"); n != 40 {
		t.Errorf("%d entries are left", n)
	}
	if again := c.before(ago(1)); len(again) != 0 {
		t.Errorf("archived again: %v", again)
	}

	all, err := chain.Checkpoints(t.Context(), c.s.DB)
	if err != nil || len(all) != 1 || all[0].Rows["operation_logs"] != 700 || all[0].Rows["audit_logs"] != 700 {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := archive.Verify(c.path(all[0]), c.keys.Public(), nil, nil); err != nil {
		t.Errorf("by its signature alone: %v", err)
	}
	if _, err := archive.Verify(c.path(all[0]), c.keys.Public(), c.keys, nil); err != nil {
		t.Errorf("each row: %v", err)
	}
	if m, err := archive.Restore(t.Context(), c.path(all[0]), filepath.Join(t.TempDir(), "copy.db"), c.keys); err != nil || m.Last != 1400 {
		t.Errorf("restored %+v, %v", m, err)
	}
}

// What is written last in a month is sealed in the next, and archived with that: the
// partition waits for it.
func TestAPartitionWaitsForItsLastEntry(t *testing.T) {
	c := monthly(t)
	c.at(ago(2).AddDate(0, 0, 9), 10)
	c.write(ago(1).Add(-time.Millisecond), 1)
	c.at(ago(1), 5)
	c.now = ago(0)
	c.before(ago(1))
	c.mustHave("with an entry that was sealed later", 2, 1, 0)
	if n := c.count(part("audit_logs", 2)); n != 1 {
		t.Errorf("%d rows are left in it", n)
	}
	c.before(ago(0))
	c.mustHave("with all entries archived", 0)
	if r := c.check(); r.First != nil || r.Archived != r.Last {
		t.Errorf("%+v, %v", r, r.First)
	}
}

// A row that no entry covers is nothing that an archive holds: the month stays.
func TestAPartitionWithARowOfNobodyStays(t *testing.T) {
	c := monthly(t)
	c.at(ago(2).AddDate(0, 0, 9), 10)
	c.exec(fmt.Sprintf(`INSERT INTO audit_logs (id, created_at, event, actor, success) VALUES ('%s', now(), 'LOGIN', 'forged', true)`, ids.NewAt(ids.AuditLog, ago(2))))
	c.now = ago(0)
	c.before(ago(1))
	if got := c.has("audit_logs"); !slices.Contains(got, 2) || slices.Contains(c.has("operation_logs"), 2) {
		t.Errorf("partitions %v and %v", got, c.has("operation_logs"))
	}
	if n := c.count(part("audit_logs", 2)); n != 1 {
		t.Errorf("%d rows are left, want the one of nobody", n)
	}
}

// Where somebody reads a log its months are not dropped, and their rows go one by one.
func TestAMonthThatIsReadLeavesRowByRow(t *testing.T) {
	c := monthly(t)
	c.at(ago(2).AddDate(0, 0, 9), 10)
	c.now = ago(0)
	reading, err := c.s.DB.Read.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reading.ExecContext(t.Context(), `SELECT FROM operation_logs, audit_logs LIMIT 1`); err != nil {
		t.Fatal(err)
	}
	c.before(ago(1))
	c.mustHave("read meanwhile", 2, 1, 0)
	if n := c.count(strings.Join(logs, " CROSS JOIN ")); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	if r := c.check(); r.First != nil {
		t.Error(r.First)
	}
}
