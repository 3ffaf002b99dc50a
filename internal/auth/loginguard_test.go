package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// guardWorld is a guard with a clock that stands still, and an account.
type guardWorld struct {
	*Service
	t  *testing.T
	mu sync.Mutex
	at time.Time
	u  *ent.User
}

func guardWorlds(t *testing.T, test func(t *testing.T, w *guardWorld)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, db *store.Store) {
		w := &guardWorld{t: t, at: time.Date(2030, 1, 7, 8, 0, 0, 0, time.UTC)}
		w.Service = &Service{Store: db, GuardKey: testKeys(t).Guard, Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.at
		}}
		w.u = w.account("somebody")
		test(t, w)
	})
}

func (w *guardWorld) account(name string) (u *ent.User) {
	w.t.Helper()
	err := w.Store.InTx(w.t.Context(), func(c *ent.Client, _ *sql.Tx) (err error) {
		u, err = c.User.Create().SetUsername(name).SetUsernameKey(name).SetEmail(name + "@example.org").SetEmailKey(name + "@example.org").
			Save(access.System(w.t.Context(), "test"))
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

func (w *guardWorld) move(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// from is a request of a client; device may be "".
func from(ip, device string) context.Context {
	return access.NewContext(access.WithRequest(context.Background(), access.Request{IP: ip, Device: device}), &access.Viewer{})
}

// guess tries a secret and says whether it was looked at.
func (w *guardWorld) guess(ctx context.Context, good bool) (looked bool) {
	w.t.Helper()
	ok, err := w.guarded(ctx, w.u, "test", func(context.Context) (bool, error) { looked = true; return good, nil })
	if err != nil || ok != (good && looked) {
		w.t.Fatalf("guarded = %v, %v", ok, err)
	}
	return looked
}

// fail tries n times in vain.
func (w *guardWorld) fail(n int, from func(i int) context.Context) {
	w.t.Helper()
	for i := range n {
		if !w.guess(from(i), false) {
			w.t.Fatalf("try %d of %d was not let in", i+1, n)
		}
	}
}

// crowd is a different address each time.
func crowd(i int) context.Context { return from(fmt.Sprintf("10.0.%d.%d", i/250, i%250), "") }

func TestParallelGuessesGetNoMoreLooksThanTheLimit(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		var looks atomic.Int64
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				_, err := w.guarded(crowd(i), w.u, "test", func(context.Context) (bool, error) { looks.Add(1); return false, nil })
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if looks.Load() != 5 {
			t.Errorf("%d looks", looks.Load())
		}
	})
}

func TestABlockEndsToTheMicrosecondAndIsNotExtended(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		w.fail(5, crowd)
		for n, wait := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			w.move(wait - time.Microsecond)
			if w.guess(crowd(n), true) {
				t.Fatalf("let in a moment before the end of block %d", n+1)
			}
			w.move(time.Microsecond)
			w.fail(1, crowd)
		}
		w.move(12*time.Hour - time.Microsecond)
		w.fail(1, crowd)
		if w.guess(crowd(0), true) {
			t.Fatal("forgotten a moment too early")
		}
		w.move(12 * time.Hour)
		w.fail(5, crowd)
	})
}

func TestAHundredFailuresShutOutStrangersUntilSomebodyOpens(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		device := w.newDeviceToken(w.u.ID)
		for i := range 100 {
			w.fail(1, func(int) context.Context { return crowd(i) })
			w.move(15 * time.Minute)
		}
		w.move(1000 * time.Hour)
		if _, err := PurgeTries(t.Context(), w.Store, w.Now()); err != nil {
			t.Fatal(err)
		}
		if w.guess(crowd(200), true) {
			t.Error("time opens what is shut")
		}
		if !w.guess(from("10.9.9.9", device), true) {
			t.Error("a known device is shut out")
		}
		if w.guess(crowd(200), true) {
			t.Error("the success of a device opens what is shut to strangers")
		}
		if err := w.Store.InTx(t.Context(), func(_ *ent.Client, tx *sql.Tx) error { return w.ClearBlock(t.Context(), tx, w.u.ID) }); err != nil {
			t.Fatal(err)
		}
		w.fail(5, crowd)
	})
}

func TestAKnownDeviceHasABudgetOfItsOwn(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		device, other := w.newDeviceToken(w.u.ID), w.newDeviceToken(w.u.ID)
		here := func(int) context.Context { return from("10.1.1.1", device) }
		w.fail(5, crowd)
		w.fail(10, here)
		if w.guess(here(0), true) {
			t.Error("an eleventh look")
		}
		if !w.guess(from("10.1.1.1", other), true) {
			t.Error("one device shuts out another")
		}
		w.move(30 * time.Second)
		if !w.guess(here(0), true) {
			t.Error("still blocked")
		}
		w.fail(10, here)
		stranger := w.account("stranger")
		for name, token := range map[string]string{
			"of another account": w.newDeviceToken(stranger.ID), "forged": device[:len(device)-2] + "AA", "long": device + "AAAA", "empty": "dv_", "none": "",
		} {
			if w.knownDevice(w.u.ID, token) != "" {
				t.Errorf("%s: taken for a known device", name)
			}
		}
		// A session that is alive is as good.
		if signed := access.NewContext(crowd(1), &access.Viewer{UserID: w.u.ID, SessionID: uuid.New()}); !w.guess(signed, true) {
			t.Error("strangers shut out a session")
		}
		if signed := access.NewContext(crowd(1), &access.Viewer{UserID: stranger.ID, SessionID: uuid.New()}); w.deviceOf(signed, w.u.ID) != "" {
			t.Error("a session of somebody else counts")
		}
	})
}

func TestAnAddressIsLimitedWhateverSucceeds(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		here := func(int) context.Context { return from("2001:db8:1:2:3::4", "") }
		neighbour := from("2001:db8:1:2:ffff::1", "") // of the same /64
		attempt := func(ctx context.Context, u *ent.User, good bool) error {
			_, err := w.guarded(ctx, u, "test", func(context.Context) (bool, error) { return good, nil })
			return err
		}
		w.move(time.Minute)
		for i := range 20 {
			if err := attempt(here(0), w.account(fmt.Sprintf("many-%d", i)), false); err != nil {
				t.Fatalf("failure %d: %v", i+1, err)
			}
			if i == 10 {
				if err := attempt(here(0), w.u, true); err != nil {
					t.Fatal(err)
				}
				w.move(time.Minute)
			}
		}
		f, ok := fault.As(attempt(neighbour, w.u, true))
		if !ok || f.Code != fault.CodeRateLimited || f.RetryAfter != 4*time.Minute {
			t.Fatalf("%v, want to be told to wait 4 minutes", f)
		}
		if err := attempt(crowd(1), w.u, true); err != nil {
			t.Errorf("another address: %v", err)
		}
		if err := attempt(from("2001:db8:1:2:3::4", w.newDeviceToken(w.u.ID)), w.u, true); err != nil {
			t.Errorf("a known device at the address: %v", err)
		}
		w.move(4*time.Minute - time.Microsecond)
		if attempt(neighbour, w.u, true) == nil {
			t.Error("a moment too early")
		}
		w.move(time.Microsecond)
		if err := attempt(neighbour, w.u, true); err != nil {
			t.Error(err)
		}
	})
}

func TestTheOwnersSuccessDoesNotPayForAnotherAddress(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		attacker := func(int) context.Context { return from("10.6.6.6", "") }
		w.fail(3, attacker)
		if !w.guess(crowd(1), true) {
			t.Fatal("the owner is not let in")
		}
		w.fail(2, attacker)
		if w.guess(attacker(0), true) {
			t.Error("a sixth look")
		}
		if !w.guess(crowd(1), true) {
			t.Error("the owner is shut out by one address")
		}
	})
}

func TestWhatIsNoVerdictIsNoTry(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		broken := errors.New("broken")
		for range 7 {
			if _, err := w.guarded(crowd(1), w.u, "test", func(context.Context) (bool, error) { return false, broken }); !errors.Is(err, broken) {
				t.Fatal(err)
			}
		}
		w.fail(4, crowd)
		// Half a success forgets nothing: who has the password gets no more tries at
		// the second factor by it.
		for range 3 {
			v, err := w.try(t.Context(), w.suspect(crowd(1), w.u, ""), "test", func(context.Context) (verdict, error) { return halved, nil })
			if v != halved || err != nil {
				t.Fatal(v, err)
			}
		}
		w.fail(1, crowd)
		if w.guess(crowd(1), true) {
			t.Error("a sixth look")
		}
	})
}

func TestAClientThatGoesAwayHasTriedAllTheSame(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		for range 5 {
			ctx, leave := context.WithCancel(crowd(1))
			_, err := w.guarded(ctx, w.u, "test", func(context.Context) (bool, error) { leave(); return false, nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		if w.guess(crowd(1), true) {
			t.Error("a sixth look")
		}
	})
}

// TestATryWhoseServerDiedKeepsNobodyWaiting charges and never settles.
func TestATryWhoseServerDiedKeepsNobodyWaiting(t *testing.T) {
	guardWorlds(t, func(t *testing.T, w *guardWorld) {
		who := w.suspect(crowd(1), w.u, "")
		for range 5 {
			if refused, err := w.charge(t.Context(), who); refused != nil || err != nil {
				t.Fatal(refused, err)
			}
		}
		refused, err := w.charge(t.Context(), who)
		if err != nil || refused == nil || !refused.pending {
			t.Fatalf("%+v, %v, want to be told that a refund may come", refused, err)
		}
		w.move(30 * time.Second)
		w.fail(1, crowd)
		w.move(lostAfter - 30*time.Second + time.Hour)
		w.fail(1, crowd)
		if refused, err = w.charge(t.Context(), who); err != nil || refused == nil || refused.pending {
			t.Errorf("%+v, %v", refused, err)
		}
	})
}
