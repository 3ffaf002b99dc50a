package archive_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/archive"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

var october, november, december = month(10), month(11), month(12)

func month(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }

// clinic is a database whose record is archived.
type clinic struct {
	*testing.T
	s    *store.Store
	keys *chain.Keys
	dir  string
	now  time.Time
}

// each runs a test with 700 entries of October and 20 of November, on December 1st.
func each(t *testing.T, test func(c *clinic)) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		c := on(t, s)
		c.at(october.AddDate(0, 0, 9), 350)
		c.at(november.Add(time.Microsecond), 10)
		c.now = december
		test(c)
	})
}

// on is a clinic on a database, whose record is sealed.
func on(t *testing.T, s *store.Store) *clinic {
	t.Helper()
	secret, err := seal.New(bytes.Repeat([]byte{1}, 32), "audit-chain")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := chain.Open(t.Context(), s.DB, secret)
	if err != nil {
		t.Fatal(err)
	}
	c := &clinic{T: t, keys: keys, dir: filepath.Join(t.TempDir(), "archives")}
	c.s = testdb.Guarded(s.DB, func() time.Time { return c.now })
	keys.Install(c.s.Client)
	return c
}

// write puts n rows each on two logs.
func (c *clinic) write(now time.Time, n int) {
	c.Helper()
	c.now = now
	ctx := access.WithRequest(access.System(c.Context(), "test"), access.Request{ID: "r-1", IP: "192.0.2.1", UserAgent: "Bäder <\"1\">"})
	err := c.s.InTx(ctx, func(client *ent.Client, _ *sql.Tx) error {
		for i := range n {
			client.AuditLog.Create().SetEvent("LOGIN").SetActor("a").SetSuccess(i%2 == 0).SetSubjectID(uuid.New()).SaveX(ctx)
			client.OperationLog.Create().SetActor("a").SetAction("UPDATE").SetEntityType("Customer").SetEntityID(uuid.New()).
				SetOldValues(map[string]any{"z": 1, "a": "<ä>\n", "f": 1e21}).SetIPAddress("192.0.2.7").SaveX(ctx)
		}
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
}

// at puts n rows each on two logs, and seals them at a moment.
func (c *clinic) at(now time.Time, n int) {
	c.Helper()
	c.write(now, n)
	sealer := &chain.Sealer{DB: c.s.DB, Keys: c.keys, Now: func() time.Time { return c.now }, Log: slog.New(slog.DiscardHandler)}
	for n := 1; n > 0; {
		var err error
		if n, err = sealer.Seal(c.Context()); err != nil {
			c.Fatal(err)
		}
	}
}

func (c *clinic) archive() *archive.Archive {
	return &archive.Archive{DB: c.s.DB, Keys: c.keys, Dir: c.dir, Now: func() time.Time { return c.now }}
}

func (c *clinic) before(m time.Time) []chain.Manifest {
	c.Helper()
	done, err := c.archive().Before(c.Context(), m)
	if err != nil {
		c.Fatal(err)
	}
	return done
}

func (c *clinic) path(m chain.Manifest) string { return filepath.Join(c.dir, m.File) }

func (c *clinic) check(heads ...chain.Head) chain.Report {
	c.Helper()
	r, err := c.keys.Check(c.Context(), c.s.DB, heads...)
	if err != nil {
		c.Fatal(err)
	}
	return r
}

func (c *clinic) count(table string) (n int) {
	c.Helper()
	if err := c.s.DB.Read.QueryRow(`SELECT count(*) FROM ` + table).Scan(&n); err != nil {
		c.Fatal(err)
	}
	return n
}

func TestClosedMonthsGoToFilesAndTheChainGoesOn(t *testing.T) {
	each(t, func(c *clinic) {
		head, err := c.keys.Head(c.Context(), c.s.DB, c.now)
		if err != nil {
			c.Fatal(err)
		}
		if done := c.before(october); len(done) > 0 {
			c.Errorf("before the first month: %v", done)
		}
		if _, err := c.archive().Before(c.Context(), december.AddDate(0, 1, 0)); !errors.Is(err, archive.ErrOpenMonth) {
			c.Errorf("a month that is not over: %v", err)
		}
		done := c.before(november)
		if len(done) != 1 || done[0].First != 1 || done[0].Last != 700 || done[0].Rows["audit_logs"] != 350 || done[0].Rows["operation_logs"] != 350 {
			c.Fatalf("%+v", done)
		}
		if c.count("audit_logs") != 10 || c.count("operation_logs") != 10 || c.count("audit_chain") != 20 {
			c.Error("more or less is left than November")
		}
		if r := c.check(head); r.First != nil || r.Archived != 700 || r.Entries != 20 || r.Last != 720 {
			c.Errorf("%+v %v", r, r.First)
		}
		// All of it: the chain goes on from its checkpoint.
		if done := c.before(december); len(done) != 1 || done[0].First != 701 || done[0].Last != 720 {
			c.Fatalf("%+v", done)
		}
		if c.count("audit_chain") != 0 {
			c.Error("there are entries left")
		}
		if r := c.check(head); r.First != nil || r.Archived != 720 || r.Last != 720 {
			c.Errorf("%+v %v", r, r.First)
		}
		c.at(december, 2)
		if r := c.check(head); r.First != nil || r.Last != 724 || r.Entries != 4 {
			c.Errorf("%+v %v", r, r.First)
		}
		all, err := chain.Checkpoints(c.Context(), c.s.DB)
		if err != nil || len(all) != 2 {
			c.Fatal(all, err)
		}
		for _, m := range all {
			if _, err := archive.Verify(c.path(m), c.keys.Public(), c.keys, nil); err != nil {
				c.Error(err)
			}
		}
		if err := archive.Joins(all); err != nil {
			c.Error(err)
		}
	})
}

func TestWhatIsYoungerThanItIsKeptStays(t *testing.T) {
	each(t, func(c *clinic) {
		for keep, want := range map[int]int{0: 0, 2: 0} { // December less two: before October
			if n, err := c.archive().Older(c.Context(), keep); n != want || err != nil {
				c.Errorf("keep %d: %d, %v", keep, n, err)
			}
		}
		c.now = december.AddDate(0, 0, 30)
		if n, err := c.archive().Older(c.Context(), 1); n != 1 || err != nil {
			c.Errorf("%d, %v", n, err)
		}
	})
}

// A server can be killed between any two steps: the next run goes on, and nothing
// is lost, doubled or wrong at any time.
func TestArchivingGoesOnWhereverItEnded(t *testing.T) {
	cut := errors.New("killed")
	each(t, func(c *clinic) {
		c.before(october)
		steps := map[string]int{}
		for {
			last := ""
			a := c.archive()
			a.StopAfter(func(step string) error {
				if last = step; steps[step] == 0 {
					return cut
				}
				return nil
			})
			_, err := a.Before(c.Context(), december)
			if r := c.check(); r.First != nil || r.Last != 720 {
				c.Fatalf("after %s: %+v %v", last, r, r.First)
			}
			if err == nil {
				break
			}
			if !errors.Is(err, cut) {
				c.Fatalf("after %s: %v", last, err)
			}
			steps[last]++
			// What a write that was cut off leaves.
			if err := os.WriteFile(filepath.Join(c.dir, "audit-0-2026-10-1-700.jsonl.gz.1.part"), []byte("half"), 0o600); err != nil {
				c.Fatal(err)
			}
			if c.count("audit_logs")+c.archived() < 360 {
				c.Fatalf("after %s: rows are gone that no archive has", last)
			}
		}
		for _, step := range []string{"part of .gz", "file", "part of .json", "manifest", "verified", "checkpoint", "removed"} {
			if steps[step] == 0 {
				c.Errorf("was never cut off after %q", step)
			}
		}
		if c.archived() != 360 || c.count("audit_chain") != 0 || c.count("audit_logs") != 0 {
			c.Errorf("%d rows are archived, %d left", c.archived(), c.count("audit_logs"))
		}
	})
}

// archived are the rows of the audit log in verified archives.
func (c *clinic) archived() (n int) {
	c.Helper()
	paths, err := filepath.Glob(filepath.Join(c.dir, "*.jsonl.gz"))
	if err != nil {
		c.Fatal(err)
	}
	for _, path := range paths {
		m, err := archive.Verify(path, c.keys.Public(), c.keys, nil)
		if errors.Is(err, os.ErrNotExist) { // no manifest yet
			continue
		}
		if err != nil {
			c.Fatal(err)
		}
		n += int(m.Rows["audit_logs"])
	}
	return n
}

func TestNothingIsRemovedThatNoVerifiedFileHolds(t *testing.T) {
	each(t, func(c *clinic) {
		a := c.archive()
		a.StopAfter(func(step string) error {
			if step == "checkpoint" {
				return errors.New("killed")
			}
			return nil
		})
		if _, err := a.Before(c.Context(), november); err == nil {
			c.Fatal("was not cut off")
		}
		path, err := filepath.Glob(filepath.Join(c.dir, "*.jsonl.gz"))
		if err != nil || len(path) != 1 {
			c.Fatal(path, err)
		}
		whole, err := os.ReadFile(path[0])
		if err != nil {
			c.Fatal(err)
		}
		for what, spoil := range map[string]func() error{
			"gone":    func() error { return os.Remove(path[0]) },
			"changed": func() error { return os.WriteFile(path[0], append(bytes.Clone(whole), 0), 0o600) },
		} {
			if err := spoil(); err != nil {
				c.Fatal(err)
			}
			if _, err := c.archive().Before(c.Context(), november); err == nil || c.count("audit_logs") != 360 {
				c.Errorf("the file is %s: %v, %d rows", what, err, c.count("audit_logs"))
			}
			if err := os.WriteFile(path[0], whole, 0o600); err != nil {
				c.Fatal(err)
			}
		}
		c.before(november)
		if c.count("audit_logs") != 10 {
			c.Error("it does not go on")
		}
	})
}

func TestWhatDoesNotFitIsNotArchived(t *testing.T) {
	each(t, func(c *clinic) {
		off, on := "DROP TRIGGER audit_logs_no_update", "SELECT 1"
		if c.s.DB.LocksRows() {
			off, on = "ALTER TABLE audit_logs DISABLE TRIGGER USER", "ALTER TABLE audit_logs ENABLE TRIGGER USER"
		}
		for _, statement := range []string{off, "UPDATE audit_logs SET actor = 'b' WHERE id = (SELECT row_id FROM audit_chain WHERE seq = 601)", on} {
			if _, err := c.s.DB.Write.Exec(statement); err != nil {
				c.Fatal(err)
			}
		}
		_, err := c.archive().Before(c.Context(), november)
		var damage *archive.Damage
		if !errors.As(err, &damage) || damage.Problem.Kind != chain.ProblemRow || damage.Problem.Seq != 601 || !strings.Contains(err.Error(), "ROW_CHANGED: entry 601") {
			c.Error(err)
		}
		left, err := filepath.Glob(filepath.Join(c.dir, "*"))
		if err != nil || len(left) > 0 || c.count("audit_logs") != 360 {
			c.Error(left, err)
		}
	})
}

// A manifest says for itself what it is of, whatever it is called, and wherever
// somebody has put it.
func TestAManifestOfOtherEntriesRemovesNothing(t *testing.T) {
	each(t, func(c *clinic) {
		names := map[string]string{}
		a := c.archive()
		a.StopAfter(func(step string) error {
			if step != "manifest" {
				return nil
			}
			files, err := filepath.Glob(filepath.Join(c.dir, "*.manifest.json"))
			if err != nil || len(files) != 1 {
				c.Fatal(files, err)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				c.Fatal(err)
			}
			names[files[0]] = string(text)
			return errors.New("killed")
		})
		if _, err := a.Before(c.Context(), november); err == nil {
			c.Fatal("was not cut off")
		}
		for path, text := range names {
			var m chain.Manifest
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				c.Fatal(err)
			}
			m.First, m.Before = 301, []byte("code")
			later, err := json.Marshal(c.keys.Sign(m))
			if err != nil {
				c.Fatal(err)
			}
			if err := os.WriteFile(path, later, 0o600); err != nil {
				c.Fatal(err)
			}
			if _, err := c.archive().Before(c.Context(), november); err == nil || !strings.Contains(err.Error(), "of other entries") {
				c.Error(err)
			}
			mark := `INSERT INTO audit_checkpoints (last_seq, code, manifest) VALUES ($1, $2, $3)`
			if _, err := c.s.DB.Write.Exec(mark, m.Last, m.LastCode, string(later)); err != nil {
				c.Fatal(err)
			}
			if _, err := c.archive().Before(c.Context(), november); err == nil || !strings.Contains(err.Error(), "from before it") {
				c.Error(err)
			}
		}
		if c.count("audit_logs") != 360 {
			c.Error("rows are gone")
		}
	})
}
