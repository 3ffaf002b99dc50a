package money

import (
	"fmt"
	"math/bits"
)

// BasisPoints is a rate in hundredths of a percent: 2300 is 23 %.
type BasisPoints int64

// Whole is 100 %. MaxRate is the highest rate that is taken for one, 10,000 %.
const (
	Whole   BasisPoints = 10_000
	MaxRate             = 100 * Whole
)

// Valid says whether the rate is from zero to MaxRate.
func (r BasisPoints) Valid() bool { return 0 <= r && r <= MaxRate }

// String writes percent: "23%", "7.5%", "-0.05%".
func (r BasisPoints) String() string {
	whole, rest, sign := r/100, r%100, ""
	if r < 0 {
		whole, rest, sign = -whole, -rest, "-"
	}
	switch {
	case rest == 0:
		return fmt.Sprintf("%s%d%%", sign, whole)
	case rest%10 == 0:
		return fmt.Sprintf("%s%d.%d%%", sign, whole, rest/10)
	default:
		return fmt.Sprintf("%s%d.%02d%%", sign, whole, rest)
	}
}

// Share gives rate of the amount, such as the tax on a net price. It is rounded
// to the minor unit once, halves away from zero (0.5 to 1, -0.5 to -1). The
// error is ErrRange, for the rate or for the result.
func (a Amount) Share(rate BasisPoints) (Amount, error) {
	return a.portion(rate, Whole)
}

// Included gives the part of the amount that is tax when the amount contains tax
// at the rate: amount × rate ÷ (100 % + rate), rounded like Share. Net is the
// amount less this part, so net and tax always add up to the amount.
func (a Amount) Included(rate BasisPoints) (Amount, error) {
	if !rate.Valid() { // before it is added to
		return Amount{}, fmt.Errorf("take tax of %s out of %s: %w", rate, a, ErrRange)
	}
	return a.portion(rate, Whole+rate)
}

func (a Amount) portion(rate, of BasisPoints) (Amount, error) {
	if !rate.Valid() {
		return Amount{}, fmt.Errorf("take %s of %s: %w", rate, a, ErrRange)
	}
	minor, ok := mulDiv(a.Minor, int64(rate), int64(of))
	if !ok {
		return Amount{}, fmt.Errorf("take %s of %s: %w", rate, a, ErrRange)
	}
	return a.with("take a share", minor)
}

// mulDiv gives a × b ÷ d for d > 0, halves away from zero, with a product of 128
// bits. It is false when the result does not fit into 63 bits.
func mulDiv(a, b, d int64) (int64, bool) {
	hi, lo := bits.Mul64(abs(a), abs(b))
	div := uint64(d)
	if hi >= div {
		return 0, false // the quotient needs more than 64 bits
	}
	q, rest := bits.Div64(hi, lo, div)
	if q >= 1<<63-1 {
		return 0, false // keeps one free for the rounding
	}
	if rest >= div-rest { // 2 × rest >= d, without overflow
		q++
	}
	if (a < 0) != (b < 0) {
		return -int64(q), true
	}
	return int64(q), true
}

// abs is right for the smallest int64 too: the conversion wraps to 1<<63.
func abs(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}
