package chain_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is a database whose logs are sealed.
type record struct {
	*testing.T
	s      *store.Store
	keys   *chain.Keys
	sealer *chain.Sealer
	logged *bytes.Buffer
}

func each(t *testing.T, test func(r *record)) {
	testdb.Each(t, func(t *testing.T, s *store.Store) { test(sealed(t, s)) })
}

func sealing(t *testing.T, secret byte, former ...[]byte) *seal.Key {
	t.Helper()
	k, err := seal.New(bytes.Repeat([]byte{secret}, 32), "audit-chain", former...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sealed(t *testing.T, s *store.Store) *record {
	t.Helper()
	keys, err := chain.Open(t.Context(), s.DB, sealing(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	keys.Install(s.Client)
	var logged bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&logged, nil))
	return &record{T: t, s: s, keys: keys, sealer: &chain.Sealer{DB: s.DB, Keys: keys, Now: testdb.Now, Log: log}, logged: &logged}
}

// write puts n rows on the audit log and on the operation log.
func (r *record) write(n int) {
	r.Helper()
	ctx := access.WithRequest(access.System(r.Context(), "test"), access.Request{ID: "r-1", IP: "192.0.2.1", UserAgent: "Bäder \"1\"", Operation: "Write"})
	for i := range n {
		err := r.s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			c.AuditLog.Create().SetEvent("LOGIN").SetActor("a").SetSuccess(i%2 == 0).SetSubjectID(uuid.New()).SaveX(ctx)
			c.OperationLog.Create().SetActor("a").SetAction("UPDATE").SetEntityType("Customer").SetEntityID(uuid.New()).
				SetOldValues(map[string]any{"z": 1, "a": "<ä>\n", "f": 1e21, "n": nil, "t": time.Now()}).
				SetNewValues(map[string]any{"z": []int{1, 2}, "a": strings.Repeat("x", i)}).SetIPAddress("192.0.2.7").SaveX(ctx)
			return nil
		})
		if err != nil {
			r.Fatal(err)
		}
	}
}

func (r *record) seal() {
	r.Helper()
	for {
		n, err := r.sealer.Seal(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		if n < chain.Batch {
			return
		}
	}
}

func (r *record) check(heads ...chain.Head) chain.Report {
	r.Helper()
	report, err := r.keys.Check(r.Context(), r.s.DB, heads...)
	if err != nil {
		r.Fatal(err)
	}
	return report
}

func (r *record) head() chain.Head {
	r.Helper()
	h, err := r.keys.Head(r.Context(), r.s.DB, testdb.Now())
	if err != nil {
		r.Fatal(err)
	}
	return h
}

// tamper changes the database behind everybody's back, as its owner can: triggers
// are switched off for the time.
func (r *record) tamper(statements ...string) {
	r.Helper()
	ctx := context.Background()
	conn, err := r.s.DB.Write.Conn(ctx)
	if err != nil {
		r.Fatal(err)
	}
	defer conn.Close()
	if r.s.DB.LocksRows() {
		for _, table := range []string{"operation_logs", "audit_logs", "session_logs", "audit_chain"} {
			statements = append([]string{"ALTER TABLE " + table + " DISABLE TRIGGER USER"}, statements...)
		}
	} else {
		rows, err := conn.QueryContext(ctx, `SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('operation_logs', 'audit_logs', 'session_logs', 'audit_chain')`)
		if err != nil {
			r.Fatal(err)
		}
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				r.Fatal(err)
			}
			statements = append([]string{"DROP TRIGGER `" + name + "`"}, statements...)
		}
		if err := rows.Close(); err != nil {
			r.Fatal(err)
		}
	}
	for _, statement := range statements {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			r.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestWhatIsWrittenIsSealedAndFits(t *testing.T) {
	each(t, func(r *record) {
		r.write(20)
		if got := r.check(); got.Waiting != 40 || got.Entries != 0 || got.First != nil {
			r.Errorf("before sealing: %+v", got)
		}
		r.seal()
		if got := r.check(r.head()); got.Entries != 40 || got.Last != 40 || got.Waiting != 0 || got.First != nil {
			r.Errorf("%+v %v", got, got.First)
		}
		if r.logged.Len() > 0 {
			r.Errorf("logged %s", r.logged)
		}
	})
}

// The tamper matrix: by raw SQL, with the triggers switched off.
func TestEveryKindOfTamperingIsFound(t *testing.T) {
	row := func(seq int) string { return fmt.Sprintf("(SELECT row_id FROM audit_chain WHERE seq = %d)", seq) }
	forged := `INSERT INTO audit_logs (id, created_at, event, actor, success, mac) SELECT '` + uuid.NewString() + `', created_at, 'LOGIN', 'b', true, mac FROM audit_logs LIMIT 1`
	for name, c := range map[string]struct {
		do   []string
		want chain.Problem
	}{
		"a field is changed":        {[]string{"UPDATE audit_logs SET actor = 'b' WHERE id = " + row(3)}, chain.Problem{Kind: chain.ProblemRow, Seq: 3}},
		"a field becomes null":      {[]string{"UPDATE audit_logs SET subject_id = NULL WHERE id = " + row(3)}, chain.Problem{Kind: chain.ProblemRow, Seq: 3}},
		"old values are changed":    {[]string{"UPDATE operation_logs SET old_values = '{}' WHERE id = " + row(4)}, chain.Problem{Kind: chain.ProblemRow, Seq: 4}},
		"a row's code is changed":   {[]string{"UPDATE audit_logs SET mac = NULL WHERE id = " + row(5)}, chain.Problem{Kind: chain.ProblemRow, Seq: 5}},
		"an entry's code":           {[]string{"UPDATE audit_chain SET mac = row_mac WHERE seq = 6"}, chain.Problem{Kind: chain.ProblemEntry, Seq: 6}},
		"an entry's time":           {[]string{"UPDATE audit_chain SET sealed_at = 0 WHERE seq = 6"}, chain.Problem{Kind: chain.ProblemEntry, Seq: 6}},
		"a row is deleted":          {[]string{"DELETE FROM audit_logs WHERE id = " + row(7)}, chain.Problem{Kind: chain.ProblemRowMissing, Seq: 7}},
		"an entry and its row":      {[]string{"DELETE FROM audit_logs WHERE id = " + row(7), "DELETE FROM audit_chain WHERE seq = 7"}, chain.Problem{Kind: chain.ProblemGap, Seq: 7}},
		"the end is cut off":        {[]string{"DELETE FROM audit_logs", "DELETE FROM operation_logs WHERE id IN (SELECT row_id FROM audit_chain WHERE seq > 10)", "DELETE FROM audit_chain WHERE seq > 10"}, chain.Problem{Kind: chain.ProblemRowMissing, Seq: 1}},
		"the whole end is cut off":  {[]string{"DELETE FROM audit_logs WHERE id IN (SELECT row_id FROM audit_chain WHERE seq > 10)", "DELETE FROM operation_logs WHERE id IN (SELECT row_id FROM audit_chain WHERE seq > 10)", "DELETE FROM audit_chain WHERE seq > 10"}, chain.Problem{Kind: chain.ProblemHead, Seq: 40}},
		"two entries are swapped":   {[]string{"UPDATE audit_chain SET seq = -1 WHERE seq = 8", "UPDATE audit_chain SET seq = 8 WHERE seq = 9", "UPDATE audit_chain SET seq = 9 WHERE seq = -1"}, chain.Problem{Kind: chain.ProblemEntry, Seq: 8}},
		"two rows are swapped":      {[]string{"UPDATE audit_logs SET event = 'X' WHERE id = " + row(1), "UPDATE audit_logs SET event = 'LOGIN' WHERE id = " + row(3)}, chain.Problem{Kind: chain.ProblemRow, Seq: 1}},
		"a row is forged":           {[]string{forged}, chain.Problem{Kind: chain.ProblemForeign}},
		"a row is taken from a log": {[]string{"UPDATE audit_pending SET refused = TRUE", "DELETE FROM audit_chain WHERE seq = 40"}, chain.Problem{Kind: chain.ProblemHead, Seq: 40}},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(r *record) {
				r.write(20)
				r.seal()
				head := r.head()
				r.tamper(c.do...)
				r.seal()
				got := r.check(head).First
				if got == nil {
					r.Fatal("not found")
				}
				if got.Kind != c.want.Kind || got.Seq != c.want.Seq {
					r.Errorf("found %s, want %s at %d", got, c.want.Kind, c.want.Seq)
				}
			})
		})
	}
}

func TestAForgedRowIsNotSealed(t *testing.T) {
	each(t, func(r *record) {
		r.write(1)
		_, err := r.s.DB.Write.Exec(`INSERT INTO audit_logs (id, created_at, event, actor, success) SELECT '` + uuid.NewString() + `', created_at, 'LOGIN', 'b', true FROM audit_logs LIMIT 1`)
		if err != nil {
			r.Fatal(err)
		}
		r.seal()
		r.write(1)
		r.seal()
		got := r.check()
		if got.First == nil || got.First.Kind != chain.ProblemForeign || got.Last != 4 {
			r.Errorf("%+v %v", got, got.First)
		}
		if !strings.Contains(r.logged.String(), "not written by a server") {
			r.Errorf("logged %s", r.logged)
		}
	})
}

func TestAChainMadeWithoutTheKeyIsFound(t *testing.T) {
	each(t, func(r *record) {
		r.write(5)
		r.seal()
		head := r.head()
		forger := chain.Forged(10)
		own := r.keys
		r.tamper("DELETE FROM audit_chain", "INSERT INTO audit_pending (stream, row_id) SELECT 2, id FROM audit_logs", "INSERT INTO audit_pending (stream, row_id) SELECT 1, id FROM operation_logs")
		r.sealer.Keys = forger
		r.tamper("UPDATE audit_logs SET mac = NULL", "UPDATE operation_logs SET mac = NULL")
		r.seal()
		r.keys = forger
		if got := r.check(); got.First != nil {
			r.Fatalf("the forger's chain does not fit itself: %s", got.First)
		}
		r.keys = own
		if got := r.check(head); got.First == nil || got.First.Kind != chain.ProblemEntry || got.First.Seq != 1 {
			r.Errorf("%v", got.First)
		}
	})
}

func TestRowsFromBeforeTheChainAreAdopted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		before := &record{T: t, s: s}
		before.write(3) // without codes
		r := sealed(t, s)
		r.write(2)
		r.seal()
		if got := r.check(r.head()); got.Last != 10 || got.First != nil {
			t.Errorf("%+v %v", got, got.First)
		}
		r.tamper("UPDATE audit_logs SET actor = 'b' WHERE id = (SELECT row_id FROM audit_chain WHERE seq = 1)")
		if got := r.check(); got.First == nil || got.First.Seq != 1 {
			t.Errorf("a change of an adopted row: %v", got.First)
		}
	})
}

func TestSealersOfSeveralServersMakeOneChain(t *testing.T) {
	each(t, func(r *record) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { r.write(25) })
			wg.Go(func() {
				for range 25 {
					if _, err := (&chain.Sealer{DB: r.s.DB, Keys: r.keys, Now: testdb.Now, Log: slog.New(slog.DiscardHandler)}).Seal(r.Context()); err != nil {
						r.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r.seal()
		if got := r.check(r.head()); got.Last != 200 || got.Waiting != 0 || got.First != nil {
			r.Errorf("%+v %v", got, got.First)
		}
	})
}

func TestTheKeyOutlivesTheSecret(t *testing.T) {
	each(t, func(r *record) {
		r.write(2)
		r.seal()
		head := r.head()
		if _, err := chain.Open(r.Context(), r.s.DB, sealing(r.T, 2)); err != chain.ErrForeignSecret {
			r.Errorf("another secret: %v", err)
		}
		for _, secrets := range []*seal.Key{sealing(r.T, 2, bytes.Repeat([]byte{1}, 32)), sealing(r.T, 2)} {
			keys, err := chain.Open(r.Context(), r.s.DB, secrets)
			if err != nil {
				r.Fatal(err)
			}
			r.keys = keys
			if got := r.check(head); got.First != nil {
				r.Errorf("%v", got.First)
			}
		}
	})
}

func TestHeadsAreSigned(t *testing.T) {
	each(t, func(r *record) {
		if h := r.head(); h.Seq != 0 {
			r.Errorf("an empty chain has the head %+v", h)
		}
		r.write(1)
		r.seal()
		h := r.head()
		if err := h.Check(r.keys.Public()); err != nil {
			r.Error(err)
		}
		forged := h
		forged.Seq++
		if forged.Check(r.keys.Public()) == nil {
			r.Error("a changed head passes")
		}
		if h.Check(chain.Forged(0).Public()) == nil {
			r.Error("a head passes another key")
		}
	})
}

// A column that the code of a row does not cover can be changed unnoticed.
func TestEveryColumnIsCovered(t *testing.T) {
	for entity, columns := range chain.Columns() {
		covered := map[string]bool{"mac": true}
		for _, c := range columns {
			covered[c] = true
		}
		for _, f := range ent.Meta[entity].Fields {
			if !covered[f] {
				t.Errorf("%s.%s is not covered: append it to the columns of its stream", entity, f)
			}
			delete(covered, f)
		}
		delete(covered, "id")
		if len(covered) > 0 {
			t.Errorf("%s has no columns %v", entity, covered)
		}
	}
}
