package notify

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"clinicgraph/ent"
	"clinicgraph/ent/outboxmessage"
	"clinicgraph/internal/access"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// post is a transport that keeps what it is given, or fails.
type post struct {
	mu   sync.Mutex
	sent []Letter
	fail error
}

func (p *post) Send(_ context.Context, l Letter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	p.sent = append(p.sent, l)
	return nil
}

func (*post) String() string { return "nowhere" }

// office is an outbox with a clock that the test sets.
type office struct {
	*Outbox
	post *post
	mu   sync.Mutex
	at   time.Time
	log  bytes.Buffer
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.at
}

func (o *office) advance(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.at = o.at.Add(d)
}

const secretToken = "ot_a-secret-that-opens-an-account"

func each(t *testing.T, test func(t *testing.T, ctx context.Context, o *office)) {
	t.Helper()
	testdb.EachAt(t, testdb.Now, func(t *testing.T, s *store.Store) {
		o := newOffice(t, s)
		test(t, access.System(t.Context(), "test"), o)
	})
}

func newOffice(t *testing.T, s *store.Store) *office {
	t.Helper()
	key, err := seal.New(bytes.Repeat([]byte{7}, 32), "outbox")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{post: &post{}, at: testdb.Now()}
	o.Outbox = &Outbox{
		Store: s, Key: key, Transport: o.post, From: "Clinic <no-reply@clinic.example>", Now: o.now,
		Links: Links{VerifyEmail: "https://clinic.example/v#{token}", ResetPassword: "https://clinic.example/r#{token}"},
		Log:   slog.New(slog.NewTextHandler(&o.log, nil)),
	}
	return o
}

func (o *office) write(t *testing.T, ctx context.Context, all ...Message) {
	t.Helper()
	check(t, o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		for _, m := range all {
			if err := o.Write(ctx, c, m); err != nil {
				return err
			}
		}
		return nil
	}))
}

// row is what is on record of the only message.
func (o *office) row(t *testing.T, ctx context.Context) *ent.OutboxMessage {
	t.Helper()
	m, err := o.Store.Client.OutboxMessage.Query().Only(ctx)
	check(t, err)
	return m
}

func (o *office) deliver(t *testing.T, ctx context.Context, want int) {
	t.Helper()
	n, err := o.Deliver(ctx)
	check(t, err)
	if n != want {
		t.Errorf("%d were sent, want %d", n, want)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func reset(to string) Message { return Message{Template: ResetPassword, To: to, Token: secretToken} }

func TestAMessageIsSentOnceAndItsContentIsGone(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		o.write(t, ctx, reset("ann@clinic.example"))
		if m := o.row(t, ctx); len(m.ContentSealed) == 0 || bytes.Contains(m.ContentSealed, []byte("https")) || m.Status != outboxmessage.StatusPending {
			t.Errorf("before: %v %q", m.Status, m.ContentSealed)
		}
		o.deliver(t, ctx, 1)
		o.deliver(t, ctx, 0)
		l := o.post.sent[0]
		if l.To != "ann@clinic.example" || !strings.Contains(l.Text, "https://clinic.example/r#"+secretToken+"\n") || l.Subject != "A new password for your account" {
			t.Errorf("%+v", l)
		}
		if m := o.row(t, ctx); m.Status != outboxmessage.StatusSent || m.ContentSealed != nil || m.SentAt == nil || m.Attempts != 1 || m.ID != l.ID {
			t.Errorf("after: %+v", m)
		}
	})
}

func TestAMessageThatIsRolledBackIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		no := errors.New("no")
		err := o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			return errors.Join(o.Write(ctx, c, reset("ann@clinic.example")), no)
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		o.deliver(t, ctx, 0)
	})
}

func TestManyServersSendEachMessageOnce(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		const messages, servers = 20, 4
		for range messages {
			o.write(t, ctx, reset("ann@clinic.example"))
		}
		sum := make(chan int, servers)
		for range servers {
			go func() {
				n, err := o.Deliver(ctx)
				if err != nil {
					t.Error(err)
				}
				sum <- n
			}()
		}
		n := 0
		for range servers {
			n += <-sum
		}
		seen := map[string]int{}
		for _, l := range o.post.sent {
			seen[l.ID.String()]++
		}
		if n != messages || len(o.post.sent) != messages || len(seen) != messages {
			t.Errorf("%d counted, %d sent, %d of them different; want %d", n, len(o.post.sent), len(seen), messages)
		}
	})
}

func TestAMessageIsTriedLessAndLessOftenAndThenNoMore(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		o.write(t, ctx, reset("ann@clinic.example"))
		o.post.fail = errors.New("the server is away")
		var waits []string
		for range maxAttempts {
			before := o.row(t, ctx)
			o.deliver(t, ctx, 0)
			o.deliver(t, ctx, 0) // not due
			m := o.row(t, ctx)
			if m.Attempts != before.Attempts+1 || m.LastError != "the server is away" {
				t.Fatalf("%+v", m)
			}
			wait := m.NextAttemptAt.Sub(o.now())
			waits = append(waits, wait.String())
			o.advance(wait - time.Microsecond)
			o.deliver(t, ctx, 0)
			o.advance(time.Microsecond)
		}
		want := []string{"1m0s", "2m0s", "4m0s", "8m0s", "16m0s", "32m0s", "1h0m0s", "1h0m0s", "1h0m0s", "1h0m0s", "1h0m0s", "1h0m0s"}
		if diff := cmp.Diff(want, waits); diff != "" {
			t.Error(diff)
		}
		o.post.fail = nil
		o.deliver(t, ctx, 0)
		if m := o.row(t, ctx); m.Status != outboxmessage.StatusFailed || m.ContentSealed != nil {
			t.Errorf("%+v", m)
		}
		if strings.Contains(o.log.String(), "ann@") || strings.Contains(o.log.String(), secretToken) {
			t.Errorf("the log tells: %s", &o.log)
		}
	})
}

func TestAMessageThatIsRefusedForGoodDoesNotHoldUpTheNext(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		o.write(t, ctx, reset("ann@clinic.example"))
		o.post.fail = ErrRefused
		o.deliver(t, ctx, 0)
		if m := o.row(t, ctx); m.Status != outboxmessage.StatusFailed || m.Attempts != 1 || m.ContentSealed != nil {
			t.Errorf("%+v", m)
		}
		o.post.fail = nil
		o.write(t, ctx, reset("bob@clinic.example"))
		o.deliver(t, ctx, 1)
	})
}

func TestAMessageThatComesTooLateIsNotSent(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		m := reset("ann@clinic.example")
		m.Until = o.now().Add(15 * time.Minute)
		o.write(t, ctx, m)
		o.advance(15 * time.Minute)
		o.deliver(t, ctx, 0)
		if m := o.row(t, ctx); m.Status != outboxmessage.StatusFailed || !strings.Contains(m.LastError, "not sent in time") {
			t.Errorf("%+v", m)
		}
	})
}

// TestAServerThatDiesHavingSentMakesItSentOnceMore claims as such a server does,
// and goes no further.
func TestAServerThatDiesHavingSentMakesItSentOnceMore(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		o.write(t, ctx, reset("ann@clinic.example"))
		claimed, err := o.claim(ctx, o.row(t, ctx).ID)
		check(t, err)
		what, err := o.open(claimed)
		check(t, err)
		check(t, o.send(ctx, claimed, what))
		o.deliver(t, ctx, 0) // it may be at it still
		o.advance(firstWait)
		o.deliver(t, ctx, 1)
		if len(o.post.sent) != 2 || o.post.sent[0].ID != o.post.sent[1].ID {
			t.Errorf("%d letters", len(o.post.sent))
		}
	})
}

func TestAnErrandIsDoneOnceAndItsEffectIsItsOwn(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		runs, fail := 0, true
		o.Errands = map[string]func(context.Context, *ent.Client, []byte) error{
			"ask": func(ctx context.Context, c *ent.Client, asked []byte) error {
				runs++
				if err := o.Write(ctx, c, reset(string(asked))); err != nil || fail {
					return errors.Join(err, errors.New("in the end it does not work"))
				}
				return nil
			},
		}
		check(t, o.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			return o.Errand(ctx, c, "ask", []byte("ann@clinic.example"))
		}))
		o.deliver(t, ctx, 0)
		if m := o.row(t, ctx); m.Status != outboxmessage.StatusPending || m.Recipient != "" {
			t.Errorf("%+v", m) // and there is no other: what the errand wrote is rolled back
		}
		fail = false
		o.advance(firstWait)
		o.deliver(t, ctx, 2) // the errand, and the letter that it has written
		o.advance(time.Hour)
		o.deliver(t, ctx, 0)
		if runs != 2 || len(o.post.sent) != 1 {
			t.Errorf("%d runs, %d letters", runs, len(o.post.sent))
		}
	})
}

func TestPurgeForgetsWhatIsOverAndOld(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		o.write(t, ctx, reset("ann@clinic.example"), reset("bob@clinic.example"))
		o.deliver(t, ctx, 2)
		o.write(t, ctx, reset("waits@clinic.example"))
		o.advance(kept - time.Hour)
		if n, err := o.Purge(ctx); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		o.advance(2 * time.Hour)
		if n, err := o.Purge(ctx); n != 2 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if m := o.row(t, ctx); m.Recipient != "waits@clinic.example" {
			t.Errorf("%+v", m)
		}
	})
}

func TestTheOperationLogSaysThatAndNotWhat(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, o *office) {
		o.write(t, ctx, reset("ann@clinic.example"))
		o.deliver(t, ctx, 1)
		o.advance(kept + time.Hour)
		_, err := o.Purge(ctx)
		check(t, err)
		logs, err := o.Store.Client.OperationLog.Query().All(ctx)
		check(t, err)
		if len(logs) != 4 { // written, claimed, sent, removed
			t.Errorf("%d entries", len(logs))
		}
		for _, l := range logs {
			for _, values := range []map[string]any{l.OldValues, l.NewValues} {
				for field, want := range map[string]string{"content_sealed": "[redacted]", "recipient": "[personal]"} {
					if v, there := values[field]; there && v != nil && v != want {
						t.Errorf("%s: %s is %v", l.Action, field, v)
					}
				}
			}
		}
	})
}

func TestAnOutboxThatIsNotThereTakesNothing(t *testing.T) {
	var none *Outbox
	check(t, none.Write(t.Context(), nil, Message{}))
	check(t, none.Errand(t.Context(), nil, "", nil))
}
