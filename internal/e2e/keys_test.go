package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent/signingkey"
	"clinicgraph/internal/fault"
)

const keysPath = "/.well-known/jwks.json"

// published are the public keys that programs find, by their ids.
func (c *clinic) published() map[string]ed25519.PublicKey {
	c.t.Helper()
	_, _, body := c.get(http.MethodGet, keysPath)
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		c.t.Fatal(err)
	}
	found := map[string]ed25519.PublicKey{}
	for _, k := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k["x"])
		if err != nil || len(x) != ed25519.PublicKeySize || k["kty"] != "OKP" || k["crv"] != "Ed25519" || k["alg"] != "EdDSA" || k["use"] != "sig" || len(k) != 6 {
			c.t.Fatalf("key %v: %v", k, err)
		}
		found[k["kid"]] = x
	}
	return found
}

// signer is the key that signs now.
func (c *clinic) signer() string {
	c.t.Helper()
	row, err := c.app.Store.Client.SigningKey.Query().Where(signingkey.StateEQ(signingkey.StateActive)).Only(c.system())
	if err != nil {
		c.t.Fatal(err)
	}
	return row.Kid
}

func TestAProgramChecksTokensByThePublishedKeys(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		status, header, body := c.get(http.MethodGet, keysPath)
		if status != 200 || header.Get("Cache-Control") != "public, max-age=300" || header.Get("Access-Control-Allow-Origin") != "*" || strings.Contains(body, `"d"`) {
			t.Errorf("%d %v %s", status, header, body)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
			if status, _, _ := c.get(method, keysPath); status != http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", method, status)
			}
		}
		token := c.as(customerA).token
		f, keys := c.forger(token), c.published()
		at := strings.LastIndex(token, ".")
		signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
		if err != nil || len(keys) != 2 || !ed25519.Verify(keys[f.header["kid"].(string)], []byte(token[:at]), signature) {
			t.Errorf("%d keys do not fit %v, %v", len(keys), f.header, err)
		}
	})
}

func TestANewKeyIsPublishedForTenMinutesBeforeItSigns(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		// The world was made at the opening, and so was its second key.
		first := c.signer()
		for _, wait := range []time.Duration{0, 10*time.Minute - time.Second} {
			c.clock.move(wait)
			if err := c.app.Keys.Rotate(t.Context()); fault.CodeOf(err) != fault.CodeConflict || c.signer() != first {
				t.Errorf("too early: %v", err)
			}
		}
		c.clock.move(time.Second)
		if err := c.app.Keys.Rotate(t.Context()); err != nil || c.signer() == first {
			t.Errorf("after ten minutes: %v", err)
		}
		if err := c.app.Keys.Rotate(t.Context()); fault.CodeOf(err) != fault.CodeConflict {
			t.Errorf("at once again: %v", err)
		}
	})
}

func TestAKeySignsForNinetyDays(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		first := c.signer()
		c.clock.move(90*24*time.Hour - time.Second)
		if n, err := c.app.Keys.RotateDue(c.system()); n != 0 || err != nil || c.signer() != first {
			t.Errorf("%d, %v", n, err)
		}
		c.clock.move(time.Second)
		if n, err := c.app.Keys.RotateDue(c.system()); n != 1 || err != nil || c.signer() == first {
			t.Errorf("%d, %v", n, err)
		}
	})
}

func TestARetiredKeyIsAcceptedUntilItsLastTokenHasExpired(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.clock.move(10 * time.Minute)
		me, first := c.as(customerA), c.signer()
		if err := c.app.Keys.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.clock.move(10*time.Minute + 29*time.Second)
		me.do(whoAmI).ok()
		if _, there := c.published()[first]; !there {
			t.Error("not published any more")
		}
		c.clock.move(5 * time.Minute)
		for c.published()[first] != nil { // until the keys are read again
		}
		row, err := c.app.Store.Client.SigningKey.Query().Where(signingkey.Kid(first)).Only(c.system())
		if err != nil || row.PrivateSealed != nil || row.State != signingkey.StateRetired {
			t.Errorf("%+v, %v", row, err)
		}
	})
}

// rotated is what a client under load has seen.
type rotated struct{ requests, renewals, unexpired401 atomic.Int64 }

// publishes says whether a server knows these keys, each by its id.
func (c *clinic) publishes(ids []string) bool {
	known := c.published()
	return !slices.ContainsFunc(ids, func(id string) bool { return known[id] == nil })
}

func TestTwentyRotationsUnderLoadRefuseNobody(t *testing.T) {
	for name, d := range map[string]string{"sqlite": dialect.SQLite, "postgres, two servers": dialect.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			here := open(t, d)
			servers := []*clinic{here}
			if d == dialect.Postgres {
				servers = append(servers, here.another(false))
			}
			var seen rotated
			var all sync.WaitGroup
			served, stop := make(chan struct{}), make(chan struct{})
			for range 4 {
				me := here.signIn(customerA, password)
				all.Go(func() { keepAsking(here, me, servers, &seen, served, stop) })
			}
			for range 20 {
				for range 2 { // ten minutes, in which tokens of the key before are still in use
					here.clock.move(5 * time.Minute)
					for range 12 {
						<-served
					}
				}
				if err := here.app.Keys.Rotate(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, server := range servers[1:] { // real time stands in for the ten minutes
					for ours := slices.Collect(maps.Keys(here.published())); !server.publishes(ours); {
					}
				}
				for range 12 {
					<-served
				}
			}
			close(stop)
			all.Wait()
			if n := seen.unexpired401.Load(); n > 0 {
				t.Errorf("%d of %d requests were refused with a good token", n, seen.requests.Load())
			}
			t.Logf("%d requests, %d renewals", seen.requests.Load(), seen.renewals.Load())
		})
	}
}

// keepAsking asks server after server with one token, which it renews when it has
// half a minute left, and tells of each request.
func keepAsking(home *clinic, me *client, servers []*clinic, seen *rotated, served chan<- struct{}, stop <-chan struct{}) {
	expires := home.clock.now().Add(10 * time.Minute)
	for i := 0; ; i++ {
		if !home.clock.now().Before(expires.Add(-30 * time.Second)) {
			now := home.clock.now()
			me = home.holding(home.anyone().renew(me.refresh).ok(), "refreshSession")
			expires = now.Add(10 * time.Minute)
			seen.renewals.Add(1)
		}
		a := me.at(servers[i%len(servers)]).do(whoAmI)
		seen.requests.Add(1)
		if a.status == http.StatusUnauthorized && home.clock.now().Before(expires) {
			seen.unexpired401.Add(1)
		}
		select {
		case served <- struct{}{}:
		case <-stop:
			return
		}
	}
}

func TestATokenOfARevokedKeyIsRefusedOnEveryServerWithinASecond(t *testing.T) {
	t.Parallel()
	here := open(t, dialect.Postgres)
	servers := []*clinic{here, here.another(false), here.another(true)}
	me := here.signIn(customerA, password)
	committed := make(chan time.Time, 1)
	revoked := here.signer()
	served, late, _ := hammer(me, servers, func() {
		if err := here.app.Keys.Revoke(t.Context(), revoked); err != nil {
			t.Error(err)
		}
		committed <- time.Now()
	}, committed)
	if late > 0 {
		t.Errorf("%d of %d requests were served that began later than a second after", late, served)
	}
	me.do(whoAmI).refused("UNAUTHENTICATED")
	// The published key has taken its place, and everybody knows it.
	again := here.holding(here.anyone().renew(me.refresh).ok(), "refreshSession")
	for _, server := range servers {
		again.at(server).do(whoAmI).ok()
		if _, there := server.published()[revoked]; there {
			t.Error("a revoked key is published")
		}
	}
	if err := here.app.Keys.Revoke(t.Context(), "nobody"); fault.CodeOf(err) != fault.CodeNotFound {
		t.Errorf("an unknown key: %v", err)
	}
}
