package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// TestLimitsHaveARange asks for each limit at both ends of its range and past
// them, by its flag.
func TestLimitsHaveARange(t *testing.T) {
	section := reflect.TypeFor[Limits]()
	for i := range section.NumField() {
		tag := section.Field(i).Tag
		flag := "--" + tag.Get("name") + "="
		least, most, _ := strings.Cut(tag.Get("range"), "..")
		if amount(least) < 1 || amount(most) <= amount(least) || amount(tag.Get("default")) < amount(least) || amount(tag.Get("default")) > amount(most) {
			t.Errorf("%s: the range %q with the default %q", flag, tag.Get("range"), tag.Get("default"))
		}
		// The costs follow each other.
		around := map[string][]string{
			"limit-cost-anonymous": {"--limit-cost-user=1000000", "--limit-cost-staff=1000000"},
			"limit-cost-user":      {"--limit-cost-anonymous=1", "--limit-cost-staff=1000000"},
			"limit-cost-staff":     {"--limit-cost-anonymous=1", "--limit-cost-user=1"},
		}[tag.Get("name")]
		for _, value := range []string{least, most} {
			if _, err := parse(t, nil, append(around, flag+value)...); err != nil {
				t.Errorf("%s%s: %v", flag, value, err)
			}
		}
		for _, value := range []string{"0", "-1", "0s", most + "0"} {
			var wrong *Error
			if _, err := parse(t, nil, append(around, flag+value)...); err == nil {
				t.Errorf("%s%s was taken", flag, value)
			} else if errors.As(err, &wrong) && (!strings.HasPrefix(wrong.Value, value) || !strings.Contains(wrong.Remedy, least+" to "+most)) {
				t.Errorf("%s%s: %v", flag, value, err)
			}
		}
	}
}

func TestLimitsOfCostFollowEachOther(t *testing.T) {
	for _, args := range [][]string{
		{"--limit-cost-anonymous=2001"}, {"--limit-cost-user=499"}, {"--limit-cost-user=10001"}, {"--limit-cost-staff=1999"},
	} {
		if _, err := parse(t, nil, args...); err == nil || !strings.Contains(err.Error(), "is not between the others") {
			t.Errorf("%v: %v", args, err)
		}
	}
}
