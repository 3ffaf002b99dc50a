package orders_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clinicgraph/internal/fault"
	"clinicgraph/internal/money"
	"clinicgraph/internal/orders"
)

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "EUR"} }

func totals(net, tax, total int64) orders.Totals {
	return orders.Totals{Net: eur(net), Tax: eur(tax), Total: eur(total)}
}

func TestSum(t *testing.T) {
	for _, tc := range []struct {
		name  string
		lines []orders.Line
		want  orders.Totals
	}{
		{"no lines", nil, totals(0, 0, 0)},
		{"one line without tax", []orders.Line{{eur(12000), 1, 0}}, totals(12000, 0, 12000)},
		{"tax is taken out of the price", []orders.Line{{eur(12300), 1, 2300}}, totals(10000, 2300, 12300)},
		{"tax is rounded once for all pieces", []orders.Line{{eur(9), 3, 2300}}, totals(22, 5, 27)}, // 3 × 2 would be 6
		{"tax is rounded for each line", []orders.Line{{eur(9), 1, 2300}, {eur(9), 1, 2300}, {eur(9), 1, 2300}}, totals(21, 6, 27)},
		{"rates may differ", []orders.Line{{eur(10800), 2, 800}, {eur(2460), 1, 2300}, {eur(500), 4, 0}}, totals(24000, 2060, 26060)},
		{"a free line", []orders.Line{{eur(0), 5, 2300}}, totals(0, 0, 0)},
		{"the largest total", []orders.Line{{eur(money.MaxSafe - 1), 1, 0}, {eur(1), 1, 0}}, totals(money.MaxSafe, 0, money.MaxSafe)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := orders.Sum("EUR", tc.lines)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSumRefuses(t *testing.T) {
	good := orders.Line{UnitPrice: eur(100), Quantity: 1}
	for _, tc := range []struct {
		name, currency, field string
		bad                   orders.Line
	}{
		{"no quantity", "EUR", "items.1.quantity", orders.Line{eur(1), 0, 0}},
		{"a negative quantity", "EUR", "items.1.quantity", orders.Line{eur(1), -1, 0}},
		{"a negative price", "EUR", "items.1.unitPrice", orders.Line{eur(-1), 1, 0}},
		{"a price without a currency", "EUR", "items.1.unitPrice", orders.Line{money.Amount{Minor: 1}, 1, 0}},
		{"another currency", "EUR", "items.1.unitPrice", orders.Line{money.Amount{Minor: 1, Currency: "PLN"}, 1, 0}},
		{"a negative tax", "EUR", "items.1.tax", orders.Line{eur(1), 1, -1}},
		{"a tax beyond all rates", "EUR", "items.1.tax", orders.Line{eur(1), 1, money.MaxRate + 1}},
		{"a line that is too large", "EUR", "items.1.quantity", orders.Line{eur(2), math.MaxInt64, 0}},
		{"a sum that is too large", "EUR", "items", orders.Line{eur(money.MaxSafe), 1, 0}},
		{"an order in no currency", "eur", "currency", good},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := orders.Sum(tc.currency, []orders.Line{good, tc.bad})
			f, ok := fault.As(err)
			if !ok || f.Code != fault.CodeBadUserInput || len(f.Fields) != 1 || f.Fields[0].Path != tc.field {
				t.Errorf("got %v, want BAD_USER_INPUT at %q", err, tc.field)
			}
		})
	}
}

func line() *rapid.Generator[orders.Line] {
	return rapid.Custom(func(t *rapid.T) orders.Line {
		return orders.Line{
			UnitPrice: eur(rapid.Int64Range(0, 1e9).Draw(t, "price")),
			Quantity:  rapid.Int64Range(1, 1000).Draw(t, "quantity"),
			Tax:       money.BasisPoints(rapid.Int64Range(0, int64(money.Whole)).Draw(t, "tax")),
		}
	})
}

func TestTotalsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(line(), 0, 20).Draw(t, "lines")
		got, err := orders.Sum("EUR", lines)
		if err != nil {
			t.Fatal(err)
		}
		var want orders.Totals
		want.Net.Currency, want.Tax.Currency, want.Total.Currency = "EUR", "EUR", "EUR"
		for _, l := range lines {
			one, err := l.Totals()
			if err != nil {
				t.Fatal(err)
			}
			if one.Total.Minor != l.UnitPrice.Minor*l.Quantity || one.Tax.IsNegative() || one.Net.IsNegative() {
				t.Fatalf("%+v comes to %+v", l, one)
			}
			want.Net.Minor += one.Net.Minor
			want.Tax.Minor += one.Tax.Minor
			want.Total.Minor += one.Total.Minor
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-lines +order):\n%s", diff)
		}
		if got.Net.Minor+got.Tax.Minor != got.Total.Minor {
			t.Fatalf("%+v does not add up", got)
		}
	})
}

func TestChargeStatus(t *testing.T) {
	for _, tc := range []struct {
		captured, total int64
		want            orders.ChargeStatus
	}{
		{0, 1000, orders.ChargeNone},
		{-1, 1000, orders.ChargeNone}, // more was given back than came in
		{1, 1000, orders.ChargePartial},
		{999, 1000, orders.ChargePartial},
		{1000, 1000, orders.ChargeFull},
		{1001, 1000, orders.ChargeOvercharged},
		{0, 0, orders.ChargeFull},
		{1, 0, orders.ChargeOvercharged},
	} {
		t.Run(string(tc.want), func(t *testing.T) {
			if got, err := orders.ChargeStatusOf(eur(tc.captured), eur(tc.total)); got != tc.want || err != nil {
				t.Errorf("%d of %d: %q, %v; want %q", tc.captured, tc.total, got, err, tc.want)
			}
		})
	}
	t.Run("refuses two currencies", func(t *testing.T) {
		if _, err := orders.ChargeStatusOf(money.Amount{Minor: 1, Currency: "PLN"}, eur(1)); !errors.Is(err, money.ErrCurrency) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("never falls while money comes in", rapid.MakeCheck(func(t *rapid.T) {
		rank := map[orders.ChargeStatus]int{orders.ChargeNone: 0, orders.ChargePartial: 1, orders.ChargeFull: 2, orders.ChargeOvercharged: 3}
		total := eur(rapid.Int64Range(0, 50).Draw(t, "total"))
		less := rapid.Int64Range(-5, 60).Draw(t, "less")
		more := rapid.Int64Range(less, 60).Draw(t, "more")
		a, err1 := orders.ChargeStatusOf(eur(less), total)
		b, err2 := orders.ChargeStatusOf(eur(more), total)
		if err1 != nil || err2 != nil || rank[b] < rank[a] {
			t.Fatalf("%d: %s, %d: %s (%v, %v)", less, a, more, b, err1, err2)
		}
	}))
}
