package config

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Load says how much clients may ask of the server, and what it does when they
// ask for more than it can do.
type Load struct {
	TrustedProxies []string      `name:"trusted-proxies" env:"CLINICGRAPH_TRUSTED_PROXIES" placeholder:"CIDR,..." help:"Proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8; none when empty."`
	ConnsPerIP     int           `name:"conns-per-ip" env:"CLINICGRAPH_CONNS_PER_IP" default:"100" placeholder:"N" help:"Most connections of one address, trusted proxies excepted; 0 is no limit."`
	RateAnonymous  int           `name:"rate-anonymous" env:"CLINICGRAPH_RATE_ANONYMOUS" default:"50" placeholder:"N" help:"Cost points a second for one address without sign-in, saved up for ten seconds; 0 is no limit."`
	RateUser       int           `name:"rate-user" env:"CLINICGRAPH_RATE_USER" default:"200" placeholder:"N" help:"Cost points a second for one user, saved up for ten seconds; 0 is no limit."`
	RateStaff      int           `name:"rate-staff" env:"CLINICGRAPH_RATE_STAFF" default:"1000" placeholder:"N" help:"Cost points a second for one user who may see other people's data, saved up for ten seconds; 0 is no limit."`
	RateActions    int           `name:"rate-actions" env:"CLINICGRAPH_RATE_ACTIONS" default:"100" placeholder:"N" help:"Times in five minutes that one address, or user, may do each sensitive action, such as signing in; 0 is no limit."`
	InFlight       int           `name:"in-flight" env:"CLINICGRAPH_IN_FLIGHT" default:"64" placeholder:"N" help:"Most requests of the graph at work at once; fewer when they slow each other down; 0 is no limit."`
	DrainDelay     time.Duration `name:"drain-delay" env:"CLINICGRAPH_DRAIN_DELAY" default:"1s" placeholder:"TIME" help:"How long to serve on after the signal to stop, not ready any more, so that the balancer notices."`
}

// Proxies gives the trusted proxies as parts of the network, without those that
// Validate refuses.
func (l Load) Proxies() (all []netip.Prefix) {
	for _, s := range l.TrustedProxies {
		if p, ok := parseProxy(s); ok {
			all = append(all, p)
		}
	}
	return all
}

// parseProxy reads an address or a part of the network. The whole of it is no
// part: then everybody could write their own address.
func parseProxy(s string) (netip.Prefix, bool) {
	s = strings.TrimSpace(s)
	if addr, err := netip.ParseAddr(s); err == nil {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), addr.Zone() == ""
	}
	p, err := netip.ParsePrefix(s)
	return p.Masked(), err == nil && p.Bits() > 0 && !p.Addr().Is4In6()
}

// maxDrain bounds the time that a stop may be put off.
const maxDrain = time.Minute

func (c *Config) checkLoad() error {
	l := c.Load
	for i, s := range l.TrustedProxies {
		l.TrustedProxies[i] = strings.TrimSpace(s)
		if _, ok := parseProxy(s); !ok {
			return wrong("trusted-proxies", orEmpty(s), "is not a part of the network", "list addresses or CIDRs with commas, such as 10.0.0.0/8,2001:db8::/32")
		}
	}
	for _, n := range []struct {
		flag    string
		value   int
		example string
	}{
		{"conns-per-ip", l.ConnsPerIP, "100"}, {"rate-anonymous", l.RateAnonymous, "50"}, {"rate-user", l.RateUser, "200"},
		{"rate-staff", l.RateStaff, "1000"}, {"rate-actions", l.RateActions, "100"}, {"in-flight", l.InFlight, "64"},
	} {
		if n.value < 0 || n.value > 1_000_000 {
			return wrong(n.flag, strconv.Itoa(n.value), "is out of range", "use 1 to 1000000, such as "+n.example+", or 0 for no limit")
		}
	}
	if l.DrainDelay < 0 || l.DrainDelay > maxDrain {
		return wrong("drain-delay", l.DrainDelay.String(), "is out of range", "use 0s to 1m, such as 5s")
	}
	return nil
}
