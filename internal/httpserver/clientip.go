package httpserver

import (
	"net/http"
	"net/netip"
	"strings"
)

// clientIP is the address that a request comes from: the peer's, or, when the
// peer is a trusted proxy, what the proxies say. Each appends to X-Forwarded-For
// whom it was called by, so the list is read from its right end up to the first
// hop that is no trusted proxy; all before that the client itself may have
// written. A hop that is no address ends the list: the last one known counts.
// "" where the peer has no address.
func clientIP(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	client := peer.Addr().Unmap().WithZone("")
	if !among(trusted, client) {
		return client.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && among(trusted, client); i-- {
		hop, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		client = hop
	}
	return client.String()
}

// parseHop reads an address, with or without a port: both are in use.
func parseHop(s string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		withPort, portErr := netip.ParseAddrPort(s)
		if portErr != nil {
			return netip.Addr{}, false
		}
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), true
}

func among(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
