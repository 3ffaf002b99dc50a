// Package money owns amounts of money: whole minor units (cents, grosze) of one
// ISO 4217 currency, and exact arithmetic on them. It never uses floats, never
// converts between currencies and never rounds without being asked.
package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// MaxSafe is the largest number of minor units, either side of zero: what a
// JSON number carries exactly in every client (2^53-1, over 90 trillion euros).
const MaxSafe = 1<<53 - 1

// The ways in which arithmetic fails. Both mean a defect or a hostile input,
// never a state of the business.
var (
	ErrCurrency = errors.New("currencies differ")
	ErrRange    = errors.New("amount out of range")
)

// Amount is a number of minor units of a currency: {1999, "EUR"} is 19.99 euros,
// {1999, "JPY"} is 1999 yen. The zero Amount has no currency and adds to nothing.
type Amount struct {
	Minor    int64
	Currency string // ISO 4217, upper case
}

// ValidCurrency says whether code is a currency of ISO 4217 in use, in upper
// case. Metals, funds and test codes (XAU, XTS, XXX) are none.
func ValidCurrency(code string) bool {
	// The library takes the empty code for valid.
	return code != "" && currency.IsValid(code)
}

// Digits gives the number of decimal digits that ISO 4217 sets for a currency: 2
// for EUR, 0 for JPY, 3 for KWD. It is false for what ValidCurrency refuses.
func Digits(code string) (int, bool) {
	d, ok := currency.GetDigits(code)
	return int(d), ok
}

// Valid says whether the currency is one of ISO 4217 and the amount is within
// ±MaxSafe.
func (a Amount) Valid() bool { return ValidCurrency(a.Currency) && safe(a.Minor) }

// IsNegative says whether the amount is below zero.
func (a Amount) IsNegative() bool { return a.Minor < 0 }

// Add gives a + b, or ErrCurrency or ErrRange.
func (a Amount) Add(b Amount) (Amount, error) {
	if err := fit(a, b); err != nil {
		return Amount{}, fmt.Errorf("add %s and %s: %w", a, b, err)
	}
	return a.with("add", a.Minor+b.Minor)
}

// Sub gives a - b, or ErrCurrency or ErrRange.
func (a Amount) Sub(b Amount) (Amount, error) {
	if err := fit(a, b); err != nil {
		return Amount{}, fmt.Errorf("subtract %s from %s: %w", b, a, err)
	}
	return a.with("subtract", a.Minor-b.Minor)
}

// Mul gives a × quantity, or ErrRange.
func (a Amount) Mul(quantity int64) (Amount, error) {
	minor, ok := mulDiv(a.Minor, quantity, 1)
	if !ok {
		return Amount{}, fmt.Errorf("multiply %s by %d: %w", a, quantity, ErrRange)
	}
	return a.with("multiply", minor)
}

// String is for logs and errors: "-19.99 EUR".
func (a Amount) String() string {
	digits, ok := Digits(a.Currency)
	if !ok {
		return fmt.Sprintf("%d minor units of %q", a.Minor, a.Currency)
	}
	return a.decimal(digits) + " " + a.Currency
}

// english writes amounts in the locale "en". Formatting only reads it.
var english = currency.NewFormatter(currency.NewLocale("en"))

// Formatted is for people, in English: "€1,234.50", "-PLN 3.00" (with a
// non-breaking space after a code of letters). An amount without a currency of
// ISO 4217 is written as by String.
func (a Amount) Formatted() string {
	digits, ok := Digits(a.Currency)
	if !ok {
		return a.String()
	}
	c, err := currency.NewAmount(a.decimal(digits), a.Currency)
	if err != nil {
		return a.String()
	}
	return english.Format(c)
}

// decimal writes the amount in major units with exactly digits decimals.
func (a Amount) decimal(digits int) string {
	s := strconv.FormatInt(a.Minor, 10)
	sign := ""
	if a.Minor < 0 {
		sign, s = "-", s[1:]
	}
	if digits == 0 {
		return sign + s
	}
	if len(s) <= digits {
		s = strings.Repeat("0", digits-len(s)+1) + s
	}
	return sign + s[:len(s)-digits] + "." + s[len(s)-digits:]
}

func (a Amount) with(verb string, minor int64) (Amount, error) {
	if !safe(minor) {
		return Amount{}, fmt.Errorf("%s to %d minor units: %w", verb, minor, ErrRange)
	}
	return Amount{Minor: minor, Currency: a.Currency}, nil
}

// fit refuses operands whose sum means nothing, and those out of range, so that
// the sum or difference of two that fit cannot wrap around.
func fit(a, b Amount) error {
	if a.Currency != b.Currency {
		return ErrCurrency
	}
	if !safe(a.Minor) || !safe(b.Minor) {
		return ErrRange
	}
	return nil
}

func safe(minor int64) bool { return -MaxSafe <= minor && minor <= MaxSafe }
