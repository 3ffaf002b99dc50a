package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"clinicgraph/internal/money"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func fitting() *rapid.Generator[money.Amount] {
	return rapid.Map(rapid.Int64Range(-money.MaxSafe, money.MaxSafe), eur)
}

// check compares an operation with the exact result: equal when that is within
// ±MaxSafe, ErrRange otherwise.
func check(t *rapid.T, got money.Amount, err error, exact *big.Int) {
	t.Helper()
	if exact.CmpAbs(big.NewInt(money.MaxSafe)) > 0 {
		if !errors.Is(err, money.ErrRange) || got != (money.Amount{}) {
			t.Fatalf("got %v, %v; want ErrRange", got, err)
		}
		return
	}
	if err != nil || got != eur(exact.Int64()) {
		t.Fatalf("got %v, %v; want %v", got, err, eur(exact.Int64()))
	}
}

func TestArithmetic(t *testing.T) {
	t.Run("adds and subtracts exactly or refuses", rapid.MakeCheck(func(t *rapid.T) {
		a, b := fitting().Draw(t, "a"), fitting().Draw(t, "b")
		x, y := big.NewInt(a.Minor), big.NewInt(b.Minor)
		sum, err := a.Add(b)
		check(t, sum, err, new(big.Int).Add(x, y))
		diff, err := a.Sub(b)
		check(t, diff, err, new(big.Int).Sub(x, y))
	}))
	t.Run("multiplies exactly or refuses", rapid.MakeCheck(func(t *rapid.T) {
		a := eur(rapid.Int64().Draw(t, "a"))
		n := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-20, 20)).Draw(t, "n")
		got, err := a.Mul(n)
		check(t, got, err, new(big.Int).Mul(big.NewInt(a.Minor), big.NewInt(n)))
	}))
	t.Run("subtraction undoes addition", rapid.MakeCheck(func(t *rapid.T) {
		half := rapid.Int64Range(-money.MaxSafe/2, money.MaxSafe/2)
		a, b := eur(half.Draw(t, "a")), eur(half.Draw(t, "b"))
		sum, err := a.Add(b)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := sum.Sub(b); err != nil || back != a {
			t.Fatalf("(%v + %v) - %v = %v, %v", a, b, b, back, err)
		}
	}))
}

func TestArithmeticRefuses(t *testing.T) {
	add := func(a, b money.Amount) func() (money.Amount, error) {
		return func() (money.Amount, error) { return a.Add(b) }
	}
	sub := func(a, b money.Amount) func() (money.Amount, error) {
		return func() (money.Amount, error) { return a.Sub(b) }
	}
	mul := func(a money.Amount, n int64) func() (money.Amount, error) {
		return func() (money.Amount, error) { return a.Mul(n) }
	}
	pln := money.Amount{Minor: 1, Currency: "PLN"}
	for _, tc := range []struct {
		name string
		do   func() (money.Amount, error)
		want error
	}{
		{"a sum of two currencies", add(eur(1), pln), money.ErrCurrency},
		{"a difference of two currencies", sub(eur(1), pln), money.ErrCurrency},
		{"a sum with the zero Amount", add(eur(1), money.Amount{}), money.ErrCurrency},
		{"a currency in another case", add(eur(1), money.Amount{Minor: 1, Currency: "eur"}), money.ErrCurrency},
		{"one past MaxSafe", add(eur(money.MaxSafe), eur(1)), money.ErrRange},
		{"one past -MaxSafe", sub(eur(-money.MaxSafe), eur(1)), money.ErrRange},
		{"a left operand that is out of range", add(eur(math.MaxInt64), eur(-1)), money.ErrRange},
		{"a right operand that is out of range", sub(eur(0), eur(math.MinInt64)), money.ErrRange},
		{"a product past MaxSafe", mul(eur(money.MaxSafe), 2), money.ErrRange},
		{"a product past int64", mul(eur(math.MinInt64), -1), money.ErrRange},
		{"a product of just 64 bits", mul(eur(1<<32), 1<<32), money.ErrRange},
		{"a product past 64 bits", mul(eur(math.MaxInt64), math.MaxInt64), money.ErrRange},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, err := tc.do(); !errors.Is(err, tc.want) || got != (money.Amount{}) {
				t.Errorf("got %v, %v; want %v", got, err, tc.want)
			}
		})
	}
}

func TestArithmeticReachesTheLimits(t *testing.T) {
	if got, err := eur(money.MaxSafe - 1).Add(eur(1)); err != nil || got.Minor != money.MaxSafe {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := eur(-money.MaxSafe).Mul(1); err != nil || got.Minor != -money.MaxSafe {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := eur(money.MaxSafe).Mul(0); err != nil || got != eur(0) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestValid(t *testing.T) {
	for _, tc := range []struct {
		name string
		a    money.Amount
		want bool
	}{
		{"two digits", money.Amount{Minor: 1999, Currency: "EUR"}, true},
		{"no digits", money.Amount{Minor: -5, Currency: "JPY"}, true},
		{"zero", money.Amount{Currency: "PLN"}, true},
		{"the limit", eur(-money.MaxSafe), true},
		{"past the limit", eur(money.MaxSafe + 1), false},
		{"past the limit below", eur(-money.MaxSafe - 1), false},
		{"no currency", money.Amount{Minor: 1}, false},
		{"lower case", money.Amount{Minor: 1, Currency: "eur"}, false},
		{"three letters that are none", money.Amount{Minor: 1, Currency: "ZZZ"}, false},
		{"a metal", money.Amount{Minor: 1, Currency: "XAU"}, false},
		{"a number", money.Amount{Minor: 1, Currency: "978"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.a.Valid(); got != tc.want {
				t.Errorf("Valid() = %v", got)
			}
		})
	}
}

func TestDigits(t *testing.T) {
	for code, want := range map[string]int{"EUR": 2, "JPY": 0, "KWD": 3, "RSD": 2, "CLF": 4} {
		if got, ok := money.Digits(code); got != want || !ok {
			t.Errorf("Digits(%s) = %d, %v; want %d", code, got, ok, want)
		}
	}
	for _, code := range []string{"", "eur", "XXX"} {
		if _, ok := money.Digits(code); ok || money.ValidCurrency(code) {
			t.Errorf("%q is taken for a currency", code)
		}
	}
}

func TestIsNegative(t *testing.T) {
	for minor, want := range map[int64]bool{-1: true, 0: false, 1: false} {
		if got := eur(minor).IsNegative(); got != want {
			t.Errorf("IsNegative(%d) = %v", minor, got)
		}
	}
}

func TestWriting(t *testing.T) {
	for _, tc := range []struct {
		a              money.Amount
		log, formatted string
	}{
		{eur(123450), "1234.50 EUR", "€1,234.50"},
		{eur(5), "0.05 EUR", "€0.05"},
		{eur(0), "0.00 EUR", "€0.00"},
		{eur(-99), "-0.99 EUR", "-€0.99"},
		{eur(money.MaxSafe), "90071992547409.91 EUR", "€90,071,992,547,409.91"},
		{eur(math.MinInt64), "-92233720368547758.08 EUR", "-€92,233,720,368,547,758.08"},
		{money.Amount{Minor: 1999, Currency: "JPY"}, "1999 JPY", "¥1,999"},
		{money.Amount{Minor: 1999, Currency: "KWD"}, "1.999 KWD", "KWD\u00a01.999"},
		{money.Amount{Minor: -300, Currency: "PLN"}, "-3.00 PLN", "-PLN\u00a03.00"},
		{money.Amount{Minor: 7, Currency: "xx"}, `7 minor units of "xx"`, `7 minor units of "xx"`},
		{money.Amount{}, `0 minor units of ""`, `0 minor units of ""`},
	} {
		t.Run(tc.log, func(t *testing.T) {
			if got := tc.a.String(); got != tc.log {
				t.Errorf("String() = %q", got)
			}
			if got := tc.a.Formatted(); got != tc.formatted {
				t.Errorf("Formatted() = %q, want %q", got, tc.formatted)
			}
		})
	}
	t.Run("keeps every digit", rapid.MakeCheck(func(t *rapid.T) {
		a := eur(rapid.Int64().Draw(t, "minor"))
		keep := func(s string) string {
			digits := strings.TrimLeft(strings.Map(func(r rune) rune {
				if r == '-' || '0' <= r && r <= '9' {
					return r
				}
				return -1
			}, s), "-0")
			if digits == "" {
				return "0"
			}
			if a.IsNegative() {
				return "-" + digits
			}
			return digits
		}
		want := big.NewInt(a.Minor).String()
		if got := keep(a.String()); got != want {
			t.Fatalf("String %q", a)
		}
		if got := keep(a.Formatted()); got != want {
			t.Fatalf("Formatted %q", a.Formatted())
		}
	}))
	t.Run("is safe from many goroutines", func(t *testing.T) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if got := eur(-150).Formatted(); got != "-€1.50" {
					t.Errorf("Formatted() = %q", got)
				}
			})
		}
		wg.Wait()
	})
}
