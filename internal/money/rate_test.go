package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"clinicgraph/internal/money"
)

func rate() *rapid.Generator[money.BasisPoints] {
	return rapid.Map(rapid.Int64Range(0, int64(money.MaxRate)), func(n int64) money.BasisPoints { return money.BasisPoints(n) })
}

// rounded is n/d with halves away from zero, by way of big integers.
func rounded(n, d *big.Int) *big.Int {
	twice := new(big.Int).Add(new(big.Int).Lsh(new(big.Int).Abs(n), 1), d)
	q := twice.Quo(twice, new(big.Int).Lsh(d, 1))
	if n.Sign() < 0 {
		q.Neg(q)
	}
	return q
}

func TestRates(t *testing.T) {
	t.Run("a share is exact but for one rounding", rapid.MakeCheck(func(t *rapid.T) {
		a, r := fitting().Draw(t, "amount"), rate().Draw(t, "rate")
		got, err := a.Share(r)
		n := new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(int64(r)))
		check(t, got, err, rounded(n, big.NewInt(10_000)))
	}))
	t.Run("included tax is exact but for one rounding", rapid.MakeCheck(func(t *rapid.T) {
		a, r := fitting().Draw(t, "amount"), rate().Draw(t, "rate")
		got, err := a.Included(r)
		n := new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(int64(r)))
		check(t, got, err, rounded(n, big.NewInt(10_000+int64(r))))
	}))
	t.Run("taking tax out undoes putting it on, to a minor unit", rapid.MakeCheck(func(t *rapid.T) {
		net, r := eur(rapid.Int64Range(-1e12, 1e12).Draw(t, "net")), rate().Draw(t, "rate")
		tax, err := net.Share(r)
		if err != nil {
			t.Fatal(err)
		}
		gross, err := net.Add(tax)
		if err != nil {
			t.Fatal(err)
		}
		back, err := gross.Included(r)
		if err != nil {
			t.Fatal(err)
		}
		if d := back.Minor - tax.Minor; d < -1 || d > 1 {
			t.Fatalf("%v at %v: tax %v put on, %v taken out", net, r, tax, back)
		}
	}))
	t.Run("a refund is the mirror of the charge", rapid.MakeCheck(func(t *rapid.T) {
		minor, r := rapid.Int64Range(0, 1e12).Draw(t, "minor"), rate().Draw(t, "rate")
		charge, err1 := eur(minor).Included(r)
		refund, err2 := eur(-minor).Included(r)
		if err1 != nil || err2 != nil || charge.Minor != -refund.Minor {
			t.Fatalf("%v, %v and %v, %v", charge, err1, refund, err2)
		}
	}))
}

func TestHalvesGoAwayFromZero(t *testing.T) {
	for _, tc := range []struct {
		name  string
		share bool
		minor int64
		rate  money.BasisPoints
		want  int64
	}{
		{"half up", true, 1, 5000, 1},
		{"half down below zero", true, -1, 5000, -1},
		{"just under half", true, 1, 4999, 0},
		{"one and a half", true, 3, 5000, 2},
		{"23 % on 100.00", true, 10000, 2300, 2300},
		{"23 % within 123.00", false, 12300, 2300, 2300},
		{"23 % within 99.99", false, 9999, 2300, 1870},
		{"8 % within 0.01", false, 1, 800, 0},
		{"100 % within 0.01", false, 1, 10000, 1},
		{"no tax", false, 9999, 0, 0},
		{"the highest rate", false, 10100, money.MaxRate, 10000},
		{"the largest amount", true, money.MaxSafe, money.Whole, money.MaxSafe},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := eur(tc.minor).Included(tc.rate)
			if tc.share {
				got, err = eur(tc.minor).Share(tc.rate)
			}
			if err != nil || got != eur(tc.want) {
				t.Errorf("got %v, %v; want %v", got, err, eur(tc.want))
			}
		})
	}
}

func TestRatesOutOfRangeAreRefused(t *testing.T) {
	for _, r := range []money.BasisPoints{-1, money.MaxRate + 1, math.MaxInt64, math.MinInt64} {
		if _, err := eur(100).Share(r); !errors.Is(err, money.ErrRange) || r.Valid() {
			t.Errorf("Share(%v): %v", r, err)
		}
		if _, err := eur(100).Included(r); !errors.Is(err, money.ErrRange) {
			t.Errorf("Included(%v): %v", r, err)
		}
	}
	if _, err := eur(money.MaxSafe).Share(money.Whole + 1); !errors.Is(err, money.ErrRange) {
		t.Errorf("a result past MaxSafe: %v", err)
	}
}

func TestRateWritesPercent(t *testing.T) {
	for r, want := range map[money.BasisPoints]string{
		2300: "23%", 750: "7.5%", 5: "0.05%", 0: "0%", -5: "-0.05%", -110: "-1.1%", money.MaxRate: "10000%",
	} {
		if got := r.String(); got != want {
			t.Errorf("%d basis points: %q, want %q", int64(r), got, want)
		}
	}
}
