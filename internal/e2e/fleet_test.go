package e2e

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Three processes, as an operator runs them. The stories with a clock that can be
// moved are in servers_test.go and keys_test.go; what is told here is that it holds
// for the program itself, by the clock of those who ask.
func TestThreeProcesses(t *testing.T) {
	t.Parallel()
	f := launch(t)
	boss := f.admin()
	f.sendAway(boss)
	f.rotate(boss)
	f.revokeKeys(boss)
}

// ending ends something, and token is what it ends.
type ending struct {
	name string
	held *client
	end  func()
}

// follow asks every server with every token, forty times a second each, ends one
// after the other, and goes on until two seconds after the last. It fails the test
// for each request that was served though it began later than a second after the
// answer to what ended its token.
func (f *fleet) follow(all []ending) {
	t := f.t
	t.Helper()
	type served struct{ count, late, last atomic.Int64 }
	ended := make([]atomic.Pointer[time.Time], len(all))
	seen := make([][]served, len(all))
	done := make(chan struct{})
	var asking, warm sync.WaitGroup
	for i, e := range all {
		seen[i] = make([]served, len(f.servers()))
		for j, server := range f.servers() {
			warm.Add(1)
			asking.Go(func() {
				tick := time.NewTicker(25 * time.Millisecond)
				defer tick.Stop()
				told := sync.OnceFunc(warm.Done)
				defer told()
				for {
					at, began := ended[i].Load(), time.Now()
					a := e.held.at(server).do(whoAmI)
					if a.status == http.StatusOK && len(a.errs) == 0 {
						told()
						seen[i][j].count.Add(1)
						if at != nil {
							seen[i][j].last.Store(int64(began.Sub(*at)))
						}
						if at != nil && began.Sub(*at) > time.Second {
							seen[i][j].late.Add(1)
						}
					}
					select {
					case <-done:
						return
					case <-tick.C:
					}
				}
			})
		}
	}
	warm.Wait()
	for i, e := range all {
		e.end()
		now := time.Now()
		ended[i].Store(&now)
	}
	<-time.After(2 * time.Second)
	close(done)
	asking.Wait()
	for i, e := range all {
		for j, server := range f.servers() {
			s := &seen[i][j]
			if s.late.Load() > 0 {
				t.Errorf("%s: server %d served %d of %d requests that began later than a second after", e.name, j, s.late.Load(), s.count.Load())
			}
			t.Logf("%s: server %d served %d, the last of them %s after", e.name, j, s.count.Load(), time.Duration(s.last.Load()).Round(time.Millisecond))
			if a := e.held.at(server).do(whoAmI).refused("UNAUTHENTICATED"); a.status != http.StatusUnauthorized {
				t.Errorf("%s: server %d: %d", e.name, j, a.status)
			}
		}
	}
}

// sendAway ends sessions, accounts and tokens of programs on the server that hears
// nothing: the others are told, or find out.
func (f *fleet) sendAway(boss *client) {
	f.t.Helper()
	boss = boss.at(f.deaf)
	leaves, _ := f.joined("leaves")
	desk, _ := f.joined("desk")
	phone := f.hears.signIn("desk", newPassword)
	locked, lockedID := f.joined("locked")
	owner, _ := f.joined("owner")
	hour := time.Now().Add(time.Hour)
	made := owner.apiTokenUntil("till", hour, "product:read").ok()
	orphan := f.hears.program(locked.apiTokenUntil("till", hour, "product:read"))
	stays, _ := f.joined("stays")
	f.follow([]ending{
		{"logout", leaves, func() { leaves.at(f.deaf).do(`mutation { logout { loggedOut } }`).ok() }},
		{"revokeSession", phone, func() { desk.at(f.deaf).end(phone.session()).ok() }},
		{"lockUser", locked, func() { boss.state("lockUser", lockedID).ok() }},
		{"lockUser, of a program's owner", orphan, func() {}}, // by the one before
		{"revokeApiToken", f.hears.program(made), func() { owner.at(f.deaf).revokeAPIToken(made.text("createApiToken.apiToken.id")).ok() }},
	})
	for _, server := range f.servers() {
		for _, me := range []*client{stays, desk, owner} {
			me.at(server).do(whoAmI).ok()
		}
	}
}

// rotate exchanges the keys twenty times while people ask all servers.
func (f *fleet) rotate(boss *client) {
	t := f.t
	t.Helper()
	var requests, refused atomic.Int64
	done := make(chan struct{})
	var asking sync.WaitGroup
	for _, name := range []string{"ann", "bea", "cid"} {
		me, _ := f.joined(name)
		asking.Go(func() {
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for i := 1; ; i++ {
				server := f.servers()[rand.IntN(len(f.servers()))]
				if i%20 == 0 {
					me = f.hears.holding(server.anyone().renew(me.refresh).ok(), "refreshSession")
				}
				if me.at(server).do(whoAmI).status == http.StatusUnauthorized {
					refused.Add(1)
				}
				requests.Add(1)
				select {
				case <-done:
					return
				case <-tick.C:
				}
			}
		})
	}
	_, pending := f.keys("list")
	for range 20 {
		f.everywhere(pending)
		var sealed []byte
		if err := f.db.QueryRow(`SELECT private_sealed FROM signing_keys WHERE kid = $1`, pending).Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		// It does not sign yet: here a thief has it do so. No server refuses what
		// another, which has learnt of the rotation before it, will sign.
		early := newForger(t, f.secret, pending, sealed, boss.token)
		for _, server := range f.servers() {
			(&client{c: server, token: early.sign(map[string]any{"kid": pending}, nil)}).do(whoAmI).ok()
		}
		// The ten minutes for which a key is announced.
		if _, err := f.db.Exec(`UPDATE signing_keys SET created_at = created_at - interval '10 minutes' WHERE kid = $1`, pending); err != nil {
			t.Fatal(err)
		}
		active, next := f.keys("rotate")
		if active != pending || next == pending {
			t.Fatalf("%s signs instead of %s", active, pending)
		}
		pending = next
		// A token of whichever key the server signs with now is good on all.
		boss = f.hears.holding(f.hears.anyone().renew(boss.refresh).ok(), "refreshSession")
		for _, server := range f.servers() {
			boss.at(server).do(whoAmI).ok()
		}
	}
	f.everywhere(pending)
	close(done)
	asking.Wait()
	if n := refused.Load(); n > 0 {
		t.Errorf("%d of %d requests were refused with a good token", n, requests.Load())
	}
	t.Logf("%d requests", requests.Load())
	for i, server := range f.servers() {
		if diff := cmp.Diff(22, len(server.published())); diff != "" { // all that have signed, and the next
			t.Errorf("server %d: keys (-want +got):\n%s", i, diff)
		}
	}
}

// revokeKeys takes out a key that has signed, and then the one that signs.
func (f *fleet) revokeKeys(boss *client) {
	t := f.t
	t.Helper()
	retired, _ := f.joined("retired")
	former, pending := f.keys("list")
	f.everywhere(pending)
	if _, err := f.db.Exec(`UPDATE signing_keys SET created_at = created_at - interval '10 minutes' WHERE kid = $1`, pending); err != nil {
		t.Fatal(err)
	}
	active, next := f.keys("rotate")
	f.everywhere(next)
	signed, _ := f.joined("signed")
	f.follow([]ending{
		{"keys revoke, retired", retired, func() { f.keys("revoke", "--", former) }},
		{"keys revoke, active", signed, func() { f.keys("revoke", "--", active) }},
	})
	// Sessions stay.
	for _, me := range []*client{retired, signed} {
		again := f.hears.holding(f.deaf.anyone().renew(me.refresh).ok(), "refreshSession")
		for _, server := range f.servers() {
			again.at(server).do(whoAmI).ok()
		}
	}
}
