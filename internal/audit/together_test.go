package audit_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// desk is the audit log of a test, with accounts that write to it.
type desk struct {
	*testing.T
	s        *store.Store
	security *audit.Security
	system   context.Context
	accounts []uuid.UUID
}

func eachDesk(t *testing.T, accounts int, test func(d *desk)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		d := &desk{T: t, s: s, security: &audit.Security{Store: s, Log: slog.New(slog.DiscardHandler)}, system: access.System(t.Context(), "test")}
		if err := s.InTx(d.system, func(c *ent.Client, _ *sql.Tx) error {
			for i := range accounts {
				name := fmt.Sprintf("reader.%d", i)
				u := c.User.Create().SetUsername(name).SetUsernameKey(name).SetEmail(name + "@example.org").SetEmailKey(name + "@example.org").SetPasswordHash("").SaveX(d.system)
				d.accounts = append(d.accounts, u.ID)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		test(d)
		if err := d.security.Close(d.system); err != nil {
			t.Error(err)
		}
	})
}

// as is the context of a request of an account.
func (d *desk) as(account uuid.UUID) context.Context {
	return access.WithRequest(access.NewContext(d.Context(), &access.Viewer{UserID: account, Username: "reader"}), access.Request{ID: account.String()})
}

// answer is what a request was told.
type answer struct {
	account, subject uuid.UUID
	err              error
}

// read has each account shown somebody's data at once, and gives what they are told.
func (d *desk) read(accounts ...uuid.UUID) <-chan answer {
	told := make(chan answer, len(accounts))
	for _, account := range accounts {
		go func() {
			subject := uuid.New()
			err := d.security.RecordReads(d.as(account), []audit.Read{{Subject: subject, Fields: "Customer.phone"}})
			told <- answer{account, subject, err}
		}()
	}
	return told
}

// gathered waits until rows are on their way, and so many behind them.
func (d *desk) gathered(behind int) {
	for {
		if ahead, n := d.security.Waiting(); ahead > 0 && n == behind {
			return
		}
		runtime.Gosched()
	}
}

// block keeps everybody else from writing to the log until it is let go.
func (d *desk) block() (release func()) {
	d.Helper()
	tx, err := d.s.DB.Write.BeginTx(d.Context(), nil)
	if err != nil {
		d.Fatal(err)
	}
	if d.s.DB.Dialect == dialect.Postgres {
		if _, err := tx.ExecContext(d.Context(), `LOCK TABLE audit_logs IN EXCLUSIVE MODE`); err != nil {
			d.Fatal(err)
		}
	}
	return func() {
		d.Helper()
		if err := tx.Rollback(); err != nil {
			d.Error(err)
		}
	}
}

// entries counts the entries of a subject.
func (d *desk) entries(subject uuid.UUID) int {
	return d.s.Client.AuditLog.Query().Where(auditlog.SubjectID(subject)).CountX(d.system)
}

// TestAnAnswerWaitsForItsEntry, and those that wait at the same time share a commit.
func TestAnAnswerWaitsForItsEntry(t *testing.T) {
	const n = 20
	eachDesk(t, n, func(d *desk) {
		statements, release := statementsOf(d.s.DB), d.block()
		told := d.read(d.accounts[0])
		d.gathered(0)
		others := d.read(d.accounts[1:]...)
		d.gathered(n - 1)
		if len(told)+len(others) != 0 {
			d.Error("told before the commit")
		}
		release()
		for i := range n {
			from := others
			if i == 0 {
				from = told
			}
			a := <-from
			if got := d.entries(a.subject); a.err != nil || got != 1 {
				d.Errorf("told %v with %d entries", a.err, got)
			}
		}
		if got := d.s.Client.AuditLog.Query().CountX(d.system); got != n || statements() != 2 {
			d.Errorf("%d entries by %d statements, want %d by 2", got, statements(), n)
		}
	})
}

// TestAForeignEntryFailsAlone: an account that is not there cannot be in the log.
func TestAForeignEntryFailsAlone(t *testing.T) {
	const n = 12
	eachDesk(t, n, func(d *desk) {
		nobody := uuid.New()
		if d.s.DB.Dialect == dialect.Postgres { // where a row of the log names any account
			if _, err := d.s.DB.Write.ExecContext(d.Context(), `ALTER TABLE audit_logs ADD CHECK (user_id <> '`+nobody.String()+`')`); err != nil {
				d.Fatal(err)
			}
		}
		release := d.block()
		first := d.read(d.accounts[0])
		d.gathered(0)
		told := d.read(append(d.accounts[1:], nobody)...)
		d.gathered(n)
		release()
		if a := <-first; a.err != nil {
			d.Error(a.err)
		}
		for range n {
			a := <-told
			want := 1
			if a.account == nobody {
				want = 0
			}
			if got := d.entries(a.subject); got != want || (a.err == nil) != (want == 1) {
				d.Errorf("%s: %d entries, %v", a.account, got, a.err)
			}
		}
	})
}

// TestALostConnectionLosesNothing, and puts nothing on record twice: PostgreSQL ends the
// session in the middle of the statement.
func TestALostConnectionLosesNothing(t *testing.T) {
	eachDesk(t, 1, func(d *desk) {
		if d.s.DB.Dialect != dialect.Postgres {
			return // there is no connection to lose
		}
		release := d.block()
		told := d.read(d.accounts[0])
		for killed := 0; killed == 0; {
			row := d.s.DB.Read.QueryRowContext(d.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			if err := row.Scan(&killed); err != nil {
				d.Fatal(err)
			}
		}
		release()
		if a := <-told; a.err != nil || d.entries(a.subject) != 1 {
			d.Errorf("%v, %d entries", a.err, d.entries(a.subject))
		}
		twice := audit.Read{Subject: uuid.New(), Fields: "Customer.phone"}
		if err := d.security.WrittenTwice(d.system, twice); err != nil || d.entries(twice.Subject) != 1 {
			d.Errorf("written twice: %v, %d entries", err, d.entries(twice.Subject))
		}
	})
}

// TestAnOutageIsTold to everybody, and nothing comes on record later.
func TestAnOutageIsTold(t *testing.T) {
	eachDesk(t, 3, func(d *desk) {
		if err := d.s.DB.Write.Close(); err != nil {
			d.Fatal(err)
		}
		told := d.read(d.accounts...)
		for range d.accounts {
			if a := <-told; a.err == nil {
				d.Error("on record in a database that is closed")
			}
		}
		var out bytes.Buffer
		d.security.Log = slog.New(slog.NewTextHandler(&out, nil))
		d.security.Record(d.as(d.accounts[0]), audit.Event{Name: audit.EventAccessDenied})
		if !strings.Contains(out.String(), "audit event not written") {
			d.Errorf("logged %q", &out)
		}
	})
}

// TestClosingPutsTheLastEntriesOnRecord, also those that nobody waits for.
func TestClosingPutsTheLastEntriesOnRecord(t *testing.T) {
	eachDesk(t, 2, func(d *desk) {
		release := d.block()
		gone, leave := context.WithCancel(d.as(d.accounts[0]))
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				if err := d.security.RecordReads(gone, []audit.Read{{Subject: d.accounts[i], Fields: "Customer.phone"}}); !errors.Is(err, context.Canceled) {
					d.Errorf("told %v", err)
				}
			})
			if i == 0 {
				d.gathered(0)
			}
		}
		d.gathered(1)
		leave()
		all.Wait()
		closed := make(chan error)
		go func() { closed <- d.security.Close(d.system) }()
		release()
		if err := <-closed; err != nil {
			d.Error(err)
		}
		if n := d.s.Client.AuditLog.Query().CountX(d.system); n != 2 {
			d.Errorf("%d entries", n)
		}
	})
}

// TestAnEntryIsTheSameWhicheverWay: what Record writes past ent is what Write writes
// through it, to the last column, and the chain takes both.
func TestAnEntryIsTheSameWhicheverWay(t *testing.T) {
	nasty := `"{}, \ \" NULL \x00` + "'\t\n\u2028;é" + `$1`
	eachDesk(t, 1, func(d *desk) {
		sealing, err := seal.New(bytes.Repeat([]byte{1}, 32), "audit-chain")
		if err != nil {
			d.Fatal(err)
		}
		keys, err := chain.Open(d.system, d.s.DB, sealing)
		if err != nil {
			d.Fatal(err)
		}
		keys.Install(d.s.Client)
		d.security.Codes = keys
		id := d.accounts[0]
		anonymous, request := access.NewContext(d.Context(), &access.Viewer{}), access.Request{ID: nasty, IP: "2001:db8::1", UserAgent: nasty + "\x00\xff", Operation: strings.Repeat("o", 600), Purpose: "TREAT"}
		acting := access.WithRequest(access.NewContext(d.Context(), &access.Viewer{UserID: uuid.New(), Username: "patient", Impersonator: &access.Impersonator{ID: id, Username: nasty}}), request)
		var seen []uuid.UUID
		for i, c := range []struct {
			ctx context.Context
			e   audit.Event
		}{
			{d.Context(), audit.Event{Name: audit.EventLogin}},
			{anonymous, audit.Event{Name: audit.EventLogin, Err: fault.Forbidden("No."), UserID: id, Actor: nasty}},
			{d.as(id), audit.Event{Name: audit.EventAccessDenied, Subject: &id, Resource: nasty, Permission: "customer:read", Err: fault.Forbidden("No."), Details: nasty}},
			{acting, audit.Event{Name: audit.EventRoleAssign, Subject: &id, Permission: "role:assign", Details: strings.Repeat("é", 400)}},
			{d.system, audit.Event{Name: audit.EventConfiguration, Details: "null"}},
		} {
			d.security.Record(c.ctx, c.e)
			if err := d.s.InTx(c.ctx, func(client *ent.Client, _ *sql.Tx) error { return audit.Write(c.ctx, client, c.e) }); err != nil {
				d.Fatal(err)
			}
			both := d.s.Client.AuditLog.Query().Where(auditlog.IDNotIn(seen...)).Order(ent.Asc(auditlog.FieldCreatedAt)).AllX(d.system)
			if len(both) != 2 {
				d.Fatalf("event %d: %d entries", i, len(both))
			}
			seen = append(seen, both[0].ID, both[1].ID)
			if diff := cmp.Diff(both[0], both[1], cmpopts.IgnoreUnexported(ent.AuditLog{}, ent.AuditLogEdges{}), cmpopts.IgnoreFields(ent.AuditLog{}, "ID", "CreatedAt", "MAC")); diff != "" {
				d.Errorf("event %d, written past and through ent: %s", i, diff)
			}
			if age := both[1].CreatedAt.Sub(both[0].CreatedAt); age < 0 || age > time.Minute || both[0].CreatedAt.Nanosecond()%1000 != 0 {
				d.Errorf("event %d: recorded at %s and %s", i, both[0].CreatedAt, both[1].CreatedAt)
			}
		}
		if err := d.security.RecordReads(acting, []audit.Read{{Subject: id, Fields: "Customer.notes, Customer.phone"}, {Subject: uuid.New(), Fields: "Customer.email"}}); err != nil {
			d.Fatal(err)
		}
		sealer := &chain.Sealer{DB: d.s.DB, Keys: keys, Now: testdb.Now, Log: d.security.Log}
		if n, err := sealer.Seal(d.system); err != nil || n < 12 {
			d.Errorf("%d entries sealed: %v", n, err)
		}
		var refused int
		if err := d.s.DB.Read.QueryRowContext(d.system, `SELECT count(*) FROM audit_pending`).Scan(&refused); err != nil || refused != 0 {
			d.Errorf("%d entries are not as their codes say: %v", refused, err)
		}
	})
}
