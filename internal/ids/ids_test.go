package ids_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"clinicgraph/internal/ids"
)

func kind() *rapid.Generator[ids.Kind] { return rapid.SampledFrom(ids.Kinds()) }

// milli draws any time that 48 bits of milliseconds hold.
func milli() *rapid.Generator[int64] { return rapid.Int64Range(0, 1<<48-1) }

func TestAnId(t *testing.T) {
	t.Run("carries its kind and its millisecond", rapid.MakeCheck(func(t *rapid.T) {
		k, ms := kind().Draw(t, "kind"), milli().Draw(t, "ms")
		id := ids.NewAt(k, time.UnixMilli(ms))
		if got, ok := ids.KindOf(id); got != k || !ok {
			t.Fatalf("KindOf(%s) = %v, %v; want %v", id, got, ok, k)
		}
		if got := millis(id); got != ms {
			t.Fatalf("%s carries %d ms, want %d", id, got, ms)
		}
	}))
	t.Run("is a version 8 UUID of RFC 9562", rapid.MakeCheck(func(t *rapid.T) {
		id := ids.NewAt(kind().Draw(t, "kind"), time.UnixMilli(milli().Draw(t, "ms")))
		if id.Version() != 8 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s: version %v, variant %v", id, id.Version(), id.Variant())
		}
		if back, err := uuid.Parse(id.String()); err != nil || back != id {
			t.Fatalf("Parse(%s) = %s, %v", id, back, err)
		}
	}))
	t.Run("sorts by time, whatever the kinds", rapid.MakeCheck(func(t *rapid.T) {
		early := milli().Draw(t, "early")
		late := rapid.Int64Range(early, 1<<48-1).Draw(t, "late")
		a := ids.NewAt(kind().Draw(t, "first kind"), time.UnixMilli(early))
		b := ids.NewAt(kind().Draw(t, "second kind"), time.UnixMilli(late))
		if early < late && (bytes.Compare(a[:], b[:]) >= 0 || a.String() >= b.String()) {
			t.Fatalf("%s (%d ms) does not sort before %s (%d ms)", a, early, b, late)
		}
	}))
	t.Run("is made now by New", func(t *testing.T) {
		before := time.Now().UnixMilli()
		got := millis(ids.New(ids.Booking))
		if after := time.Now().UnixMilli(); got < before || got > after {
			t.Errorf("New carries %d ms, want %d to %d", got, before, after)
		}
	})
	t.Run("ignores the zone of its time", func(t *testing.T) {
		at := time.Date(2026, 3, 1, 9, 30, 0, 123_999_999, time.FixedZone("", 5*3600))
		if got, want := millis(ids.NewAt(ids.Order, at)), at.UTC().UnixMilli(); got != want {
			t.Errorf("carries %d ms, want %d", got, want)
		}
	})
	t.Run("uses all 62 random bits", func(t *testing.T) {
		var ones, zeros [8]byte
		for range 200 { // a bit that is never set, or never clear: 62 × 2^-199
			id := ids.New(ids.User)
			for i, b := range id[8:] {
				ones[i] |= b
				zeros[i] |= ^b
			}
		}
		wantOnes := [8]byte{0xbf, 255, 255, 255, 255, 255, 255, 255}
		wantZeros := [8]byte{0x7f, 255, 255, 255, 255, 255, 255, 255}
		if ones != wantOnes || zeros != wantZeros {
			t.Errorf("bits seen set %x, clear %x", ones, zeros)
		}
	})
}

func TestTimesOutsideOf48BitsMoveToTheNearest(t *testing.T) {
	for _, tc := range []struct {
		name string
		at   time.Time
		want int64
	}{
		{"the epoch", time.UnixMilli(0), 0},
		{"before the epoch", time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), 0},
		{"the zero time", time.Time{}, 0},
		{"the last millisecond", time.UnixMilli(1<<48 - 1), 1<<48 - 1},
		{"one after the last", time.UnixMilli(1 << 48), 1<<48 - 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			id := ids.NewAt(ids.Customer, tc.at)
			if got := millis(id); got != tc.want {
				t.Errorf("carries %d ms, want %d", got, tc.want)
			}
			if k, ok := ids.KindOf(id); k != ids.Customer || !ok {
				t.Errorf("KindOf = %v, %v", k, ok)
			}
		})
	}
}

func TestHundredThousandIdsOfOneMillisecondAreUnique(t *testing.T) {
	const workers, each = 4, 25_000
	at := time.UnixMilli(1_770_000_000_000)
	made := make([][]uuid.UUID, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				made[w] = append(made[w], ids.NewAt(ids.Appointment, at))
			}
		})
	}
	wg.Wait()
	seen := make(map[uuid.UUID]bool, workers*each)
	for _, id := range slices.Concat(made...) {
		if seen[id] {
			t.Fatalf("%s was made twice", id)
		}
		seen[id] = true
	}
}

func TestKindOfRefusesForeignIds(t *testing.T) {
	own := ids.New(ids.Booking)
	edit := func(i int, b byte) uuid.UUID { id := own; id[i] = b; return id }
	v7, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]uuid.UUID{
		"nil":                      uuid.Nil,
		"max":                      uuid.Max,
		"version 4":                uuid.New(),
		"version 7":                v7,
		"another variant":          edit(8, own[8]|0x40),
		"number 0":                 edit(7, 0),
		"the number past the last": edit(7, byte(len(ids.Kinds())+1)),
		"number 4095":              func() uuid.UUID { id := edit(6, 0x8f); id[7] = 0xff; return id }(),
	} {
		t.Run(name, func(t *testing.T) {
			if k, ok := ids.KindOf(id); ok {
				t.Errorf("KindOf(%s) = %v, true", id, k)
			}
		})
	}
}

func TestEntityNumbersNeverChange(t *testing.T) {
	// The list is spelled out: whoever renumbers it breaks every stored key.
	want := strings.Fields(`User GivenName Surname Sex OrganizationalUnit Role Permission UserRole
		RolePermission UserPermission UserSession RefreshToken AuditLog OperationLog Customer
		PractitionerProfile WorkingHours Product ServiceSetting Booking Appointment ResourceClaim
		Order OrderItem OrderEvent PaymentMethod PaymentTransaction PointsAccount PointsEntry Reward
		RewardRedemption IdempotencyKey PractitionerService Notification BlacklistedToken PasswordHistory
		SessionLog RateLimitLog OneTimeToken SigningKey Authenticator RecoveryCode ApiToken OutboxMessage AccessReview AccessReviewItem`)
	var got []string
	for i, k := range ids.Kinds() {
		if int(k) != i+1 {
			t.Errorf("%v has number %d, want %d", k, k, i+1)
		}
		if back, ok := ids.ParseKind(k.String()); back != k || !ok {
			t.Errorf("ParseKind(%q) = %v, %v", k, back, ok)
		}
		got = append(got, k.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
}

func TestUnknownNamesAndNumbers(t *testing.T) {
	for _, name := range []string{"", "booking", "Booking ", "Kind(0)"} {
		if k, ok := ids.ParseKind(name); ok {
			t.Errorf("ParseKind(%q) = %v, true", name, k)
		}
	}
	if got := ids.Kind(4095).String(); got != "Kind(4095)" {
		t.Errorf("Kind(4095).String() = %q", got)
	}
	for name, f := range map[string]func(){
		"New":       func() { ids.New(0) },
		"NewAt":     func() { ids.NewAt(4095, time.Now()) },
		"Undated":   func() { ids.Undated(0) },
		"Generator": func() { ids.Generator(ids.Kind(len(ids.Kinds()) + 1)) },
	} {
		t.Run(name+" panics on an unknown kind", func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestGeneratorMakesItsKind(t *testing.T) {
	next := ids.Generator(ids.Product)
	a, b := next(), next()
	if a == b {
		t.Errorf("%s twice", a)
	}
	if k, ok := ids.KindOf(a); k != ids.Product || !ok {
		t.Errorf("KindOf = %v, %v", k, ok)
	}
}

func TestSequenceSortsInTheOrderOfMaking(t *testing.T) {
	const makers, each = 4, 2000
	at := time.UnixMilli(1_800_000_000_123)
	rows := make([][]uuid.UUID, makers)
	var made ids.Sequence
	var wg sync.WaitGroup
	for m := range rows {
		wg.Go(func() {
			for range each {
				rows[m] = append(rows[m], made.Next(ids.AuditLog, at))
			}
		})
	}
	wg.Wait()
	all := map[uuid.UUID]bool{}
	for _, own := range rows {
		for i, id := range own {
			all[id] = true
			if i > 0 && bytes.Compare(own[i-1][:], id[:]) >= 0 {
				t.Fatalf("%s, then %s", own[i-1], id)
			}
			if k, ok := ids.KindOf(id); k != ids.AuditLog || !ok || millis(id) != at.UnixMilli() {
				t.Fatalf("%s is of %v at %d", id, k, millis(id))
			}
		}
	}
	if len(all) != makers*each {
		t.Errorf("%d of %d ids differ", len(all), makers*each)
	}
	if made.Next(ids.AuditLog, at) == made.Next(ids.AuditLog, at.Add(time.Millisecond)) {
		t.Error("the same again")
	}
}

func TestFromIsTheLeastOfItsTime(t *testing.T) {
	at := time.UnixMilli(1_800_000_000_123)
	from, next := ids.From(at), ids.From(at.Add(time.Millisecond))
	for _, k := range []ids.Kind{ids.User, ids.SessionLog} {
		if id := ids.NewAt(k, at.Add(999*time.Microsecond)); bytes.Compare(from[:], id[:]) > 0 || bytes.Compare(id[:], next[:]) >= 0 {
			t.Errorf("%s is not between %s and %s", id, from, next)
		}
	}
	if got := ids.From(time.UnixMilli(-1)); got != uuid.Nil {
		t.Errorf("before 1970: %s", got)
	}
}

func TestUndatedCarryNoTime(t *testing.T) {
	make := ids.Undated(ids.AuditLog)
	a, b := make(), make()
	if k, ok := ids.KindOf(a); a == b || k != ids.AuditLog || !ok || !ids.IsUndated(a) || ids.IsUndated(ids.New(ids.AuditLog)) {
		t.Errorf("%s and %s", a, b)
	}
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		ids.New(ids.Booking)
	}
}

func millis(id uuid.UUID) int64 {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return ms
}
