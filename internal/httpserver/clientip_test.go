package httpserver

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientIP_is_the_last_hop_that_no_trusted_proxy_vouches_for(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		trusted   []netip.Prefix
		want      string
	}{
		"no proxy":                               {"198.51.100.7:4711", nil, proxies, "198.51.100.7"},
		"a client that makes it up":              {"198.51.100.7:4711", []string{"192.0.2.1"}, proxies, "198.51.100.7"},
		"a proxy, nobody trusted":                {"10.0.0.1:4711", []string{"192.0.2.1"}, nil, "10.0.0.1"},
		"a trusted proxy":                        {"10.0.0.1:4711", []string{"192.0.2.1"}, proxies, "192.0.2.1"},
		"a client behind it that makes it up":    {"10.0.0.1:4711", []string{"203.0.113.9, 192.0.2.1"}, proxies, "192.0.2.1"},
		"and in a field of its own":              {"10.0.0.1:4711", []string{"203.0.113.9", "192.0.2.1"}, proxies, "192.0.2.1"},
		"a chain of trusted proxies":             {"10.0.0.1:4711", []string{"203.0.113.9, 192.0.2.1, 10.9.9.9,10.8.8.8"}, proxies, "192.0.2.1"},
		"a client that claims to be a proxy":     {"10.0.0.1:4711", []string{"203.0.113.9, 10.1.1.1, 192.0.2.1"}, proxies, "192.0.2.1"},
		"trusted proxies alone":                  {"10.0.0.1:4711", []string{"10.3.3.3, 10.2.2.2"}, proxies, "10.3.3.3"},
		"a hop that is no address":               {"10.0.0.1:4711", []string{"192.0.2.1, unknown, 10.2.2.2"}, proxies, "10.2.2.2"},
		"an empty list":                          {"10.0.0.1:4711", []string{""}, proxies, "10.0.0.1"},
		"a hop with a port":                      {"10.0.0.1:4711", []string{"192.0.2.1:50000"}, proxies, "192.0.2.1"},
		"IPv6":                                   {"[2001:db8:ffff::1]:4711", []string{"2001:db8::7"}, proxies, "2001:db8::7"},
		"IPv6 with a port":                       {"[2001:db8:ffff::1]:4711", []string{"[2001:db8::7]:80"}, proxies, "2001:db8::7"},
		"IPv4 in IPv6 is IPv4":                   {"[::ffff:10.0.0.1]:4711", []string{"::ffff:192.0.2.1"}, proxies, "192.0.2.1"},
		"a peer without an address, as of pipes": {"pipe", []string{"192.0.2.1"}, proxies, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			if got := clientIP(r, c.trusted); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
