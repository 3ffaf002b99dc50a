package config

import (
	"net/netip"
	"slices"
	"testing"
)

func TestProxies_are_parts_of_the_network(t *testing.T) {
	l := Load{TrustedProxies: []string{"10.1.2.3/8", "192.0.2.7", "2001:db8::7/32", "::1", "::ffff:192.0.2.8", "nonsense"}}
	want := []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("2001:db8::/32"),
		netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("192.0.2.8/32"),
	}
	if got := l.Proxies(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
