package rewards_test

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/money"
	"clinicgraph/internal/rewards"
)

func TestEarned(t *testing.T) {
	for _, tc := range []struct {
		captured money.Amount
		want     int64
	}{
		{money.Amount{Minor: 0, Currency: "EUR"}, 0},
		{money.Amount{Minor: 99, Currency: "EUR"}, 0},
		{money.Amount{Minor: 100, Currency: "EUR"}, 1},
		{money.Amount{Minor: 1999, Currency: "PLN"}, 19},
		{money.Amount{Minor: 1999, Currency: "JPY"}, 1999},
		{money.Amount{Minor: 1999, Currency: "KWD"}, 1},
		{money.Amount{Minor: 1999, Currency: "CLF"}, 0},
		{money.Amount{Minor: -5000, Currency: "EUR"}, 0},
		{money.Amount{Minor: money.MaxSafe, Currency: "EUR"}, 90_071_992_547_409},
	} {
		t.Run(tc.captured.String(), func(t *testing.T) {
			if got, err := rewards.Earned(tc.captured); got != tc.want || err != nil {
				t.Errorf("Earned = %d, %v; want %d", got, err, tc.want)
			}
		})
	}
	t.Run("refuses what is not money", func(t *testing.T) {
		for _, currency := range []string{"", "eur", "XXX"} {
			if got, err := rewards.Earned(money.Amount{Minor: 1000, Currency: currency}); got != 0 || !errors.Is(err, money.ErrCurrency) {
				t.Errorf("%q: %d, %v", currency, got, err)
			}
		}
	})
	t.Run("never gives more for a payment in parts", rapid.MakeCheck(func(t *rapid.T) {
		currency := rapid.SampledFrom([]string{"EUR", "JPY", "KWD"}).Draw(t, "currency")
		earned := func(minor int64) int64 {
			points, err := rewards.Earned(money.Amount{Minor: minor, Currency: currency})
			if err != nil {
				t.Fatal(err)
			}
			return points
		}
		a, b := rapid.Int64Range(0, 1e9).Draw(t, "a"), rapid.Int64Range(0, 1e9).Draw(t, "b")
		if parts, whole := earned(a)+earned(b), earned(a+b); parts > whole || whole > parts+1 {
			t.Fatalf("%d and %d earn %d, their sum earns %d", a, b, parts, whole)
		}
	}))
}

func TestSpend(t *testing.T) {
	t.Run("takes exactly the cost or refuses", rapid.MakeCheck(func(t *rapid.T) {
		balance := rapid.Int64Range(0, 1000).Draw(t, "balance")
		cost := rapid.Int64Range(1, 1000).Draw(t, "cost")
		left, err := rewards.Spend(balance, cost)
		switch {
		case cost > balance && fault.CodeOf(err) != fault.CodeInsufficientPoints:
			t.Fatalf("got %d, %v", left, err)
		case cost <= balance && (err != nil || left != balance-cost || left < 0):
			t.Fatalf("got %d, %v", left, err)
		}
	}))
	t.Run("says what is missing", func(t *testing.T) {
		_, err := rewards.Spend(119, 120)
		f, ok := fault.As(err)
		if want := "This costs 120 points; the account has 119."; !ok || f.Message != want {
			t.Errorf("got %v", err)
		}
	})
	t.Run("refuses costs that would give points", func(t *testing.T) {
		for _, cost := range []int64{0, -1, math.MinInt64} {
			if left, err := rewards.Spend(100, cost); left != 0 || fault.CodeOf(err) != fault.CodeInternal {
				t.Errorf("cost %d: %d, %v", cost, left, err)
			}
		}
	})
}
