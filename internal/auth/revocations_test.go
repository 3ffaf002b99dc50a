package auth

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
)

// refuse adds what revoke would put on record.
func refuse(set *Revocations, r Revocation, until time.Time) {
	row := &ent.BlacklistedToken{UserID: r.User, ExpiresAt: until}
	switch {
	case r.Session != uuid.Nil:
		row.Kind, row.SessionID = blacklistedtoken.KindSession, &r.Session
	case r.Epoch > 0:
		row.Kind, row.TokenEpoch = blacklistedtoken.KindUser, &r.Epoch
	default:
		row.Kind, row.TokenHash = blacklistedtoken.KindToken, digest(r.Token[:])
	}
	set.add(row)
}

func TestRevokedTokensAreRefusedAndNoOthers(t *testing.T) {
	anna, bert := uuid.New(), uuid.New()
	desk, phone := uuid.New(), uuid.New()
	all := map[string]Claims{
		"anna at the desk":         {Subject: anna, Session: desk, ID: TokenID{1}, Version: 3},
		"anna at the desk, later":  {Subject: anna, Session: desk, ID: TokenID{2}, Version: 3},
		"anna on the phone":        {Subject: anna, Session: phone, ID: TokenID{3}, Version: 3},
		"anna, the next epoch":     {Subject: anna, Session: phone, ID: TokenID{4}, Version: 4},
		"bert":                     {Subject: bert, Session: uuid.New(), ID: TokenID{5}, Version: 3},
		"bert, whose epoch is low": {Subject: bert, Session: uuid.New(), ID: TokenID{6}, Version: 0},
	}
	for name, c := range map[string]struct {
		revocations []Revocation
		refused     []string
	}{
		"nothing":       {nil, nil},
		"a session":     {[]Revocation{{User: anna, Session: desk}}, []string{"anna at the desk", "anna at the desk, later"}},
		"a token":       {[]Revocation{{User: anna, Token: TokenID{1}}}, []string{"anna at the desk"}},
		"two tokens":    {[]Revocation{{User: anna, Token: TokenID{1}}, {User: anna, Token: TokenID{3}}}, []string{"anna at the desk", "anna on the phone"}},
		"an epoch":      {[]Revocation{{User: anna, Epoch: 4}}, []string{"anna at the desk", "anna at the desk, later", "anna on the phone"}},
		"the lower one": {[]Revocation{{User: anna, Epoch: 4}, {User: anna, Epoch: 2}}, []string{"anna at the desk", "anna at the desk, later", "anna on the phone"}},
		"somebody else": {[]Revocation{{User: uuid.New(), Epoch: 9}, {User: anna, Session: uuid.New()}, {User: anna, Token: TokenID{9}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			set := &Revocations{}
			for _, r := range c.revocations {
				refuse(set, r, testNow)
				refuse(set, r, testNow) // told twice
			}
			want := map[string]bool{}
			for _, name := range c.refused {
				want[name] = true
			}
			for name, claims := range all {
				if got := set.Refuses(claims); got != want[name] {
					t.Errorf("%s: refused %v", name, got)
				}
			}
		})
	}
}

func TestRevocationsAreForgottenWhenTheirTokensHaveExpired(t *testing.T) {
	set := &Revocations{}
	for i := range 1000 {
		until := testNow.Add(time.Duration(i%2) * time.Second) // every other is over
		refuse(set, Revocation{User: uuid.New(), Session: uuid.New()}, until)
		refuse(set, Revocation{User: uuid.New(), Epoch: 1}, until)
		refuse(set, Revocation{User: uuid.New(), Token: TokenID(uuid.New())}, until)
	}
	if set.Len() != 3000 {
		t.Fatalf("%d held", set.Len())
	}
	for range shards {
		set.sweep(testNow)
	}
	if set.Len() != 1500 || set.tokens.Load() != 500 {
		t.Errorf("%d held, %d of them single tokens", set.Len(), set.tokens.Load())
	}
	for range shards {
		set.sweep(testNow.Add(time.Second))
	}
	if set.Len() != 0 || set.tokens.Load() != 0 {
		t.Errorf("%d held, %d of them single tokens", set.Len(), set.tokens.Load())
	}
	for i := range set.shards {
		if n := len(set.shards[i].owners); n != 0 {
			t.Errorf("%d owners held", n)
		}
	}
}

// What another server has made is read with the minute before it once more.
func TestARevocationThatIsReadAgainIsNotForgottenSooner(t *testing.T) {
	set, anna := &Revocations{}, uuid.New()
	refuse(set, Revocation{User: anna, Token: TokenID{1}}, testNow.Add(time.Minute))
	refuse(set, Revocation{User: anna, Token: TokenID{2}}, testNow)
	for range shards {
		set.sweep(testNow)
	}
	if !set.Refuses(Claims{Subject: anna, ID: TokenID{1}}) {
		t.Error("forgotten")
	}
}

// Once somebody has been told of a revocation, nobody is told otherwise, whatever
// is added and swept meanwhile.
func TestTheSetIsAskedAndChangedAtOnce(t *testing.T) {
	set, anna := &Revocations{}, uuid.New()
	gone := Claims{Subject: anna, Session: uuid.New(), ID: TokenID{1}}
	refuse(set, Revocation{User: anna, Token: TokenID{1}}, testNow.Add(time.Hour))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				refuse(set, Revocation{User: anna, Token: TokenID(uuid.New())}, testNow)
				refuse(set, Revocation{User: uuid.New(), Session: uuid.New()}, testNow)
				refuse(set, Revocation{User: uuid.New(), Epoch: 1}, testNow)
			}
		})
		all.Go(func() {
			for range 1000 {
				if !set.Refuses(gone) {
					t.Error("let in")
					return
				}
			}
		})
	}
	for range 4 * shards { // one at a time, as Load does
		set.sweep(testNow)
	}
	all.Wait()
	for range shards {
		set.sweep(testNow)
	}
	if n := set.Len(); n != 1 || !set.Refuses(gone) {
		t.Errorf("%d held", n)
	}
}

// full is a set of 100,000: of a clinic where 150 people sign out each second.
func full() *Revocations {
	set := &Revocations{}
	for range 90_000 {
		refuse(set, Revocation{Session: uuid.New()}, testNow)
	}
	for range 5_000 {
		refuse(set, Revocation{User: uuid.New(), Epoch: 3}, testNow)
		refuse(set, Revocation{User: uuid.New(), Token: TokenID(uuid.New())}, testNow)
	}
	return set
}

func TestAFullSetTakesLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	set := full()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 9<<20 {
		t.Errorf("%d revocations take %.1f MiB", set.Len(), float64(used)/(1<<20))
	}
	runtime.KeepAlive(set)
}

func TestARequestAsksTheSetWithoutAllocating(t *testing.T) {
	set, claims := full(), testClaims()
	if n := testing.AllocsPerRun(100, func() { set.Refuses(claims) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRefuses(b *testing.B) {
	full := full()
	for name, set := range map[string]*Revocations{"empty": {}, "full": full} {
		b.Run(name, func(b *testing.B) {
			claims := testClaims()
			b.ReportAllocs()
			for b.Loop() {
				if set.Refuses(claims) {
					b.Fatal("refused")
				}
			}
		})
	}
	b.Run("full, on all processors", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			claims := testClaims()
			claims.Session, claims.Subject = uuid.New(), uuid.New()
			for pb.Next() {
				if full.Refuses(claims) {
					b.Error("refused")
				}
			}
		})
	})
	claims := testClaims()
	refuse(full, Revocation{User: claims.Subject, Token: TokenID(uuid.New())}, testNow)
	b.Run("full, another token of the user's", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if full.Refuses(claims) {
				b.Fatal("refused")
			}
		}
	})
}
