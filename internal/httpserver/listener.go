package httpserver

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"

	"clinicgraph/internal/ratelimit"
)

// Crowded is a listener that lets one address hold at most so many connections,
// an IPv6 /64 counting as one; a further one is closed at once. Trusted proxies
// hold as many as they like: they speak for many.
type Crowded struct {
	net.Listener
	PerIP   int // 0: as many as come
	Trusted []netip.Prefix
	Log     *slog.Logger

	mu   sync.Mutex
	held map[netip.Prefix]int
}

// Accept gives the next connection that may be.
func (l *Crowded) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || l.PerIP == 0 {
			return c, err
		}
		peer, err := netip.ParseAddrPort(c.RemoteAddr().String())
		if err != nil || among(l.Trusted, peer.Addr().Unmap()) {
			return c, nil
		}
		network := ratelimit.Network(peer.Addr().String())
		if l.take(network) {
			return &heldConn{Conn: c, release: sync.OnceFunc(func() { l.release(network) })}, nil
		}
		l.Log.Debug("connection refused: too many of one address")
		_ = c.Close() // nothing was said on it
	}
}

func (l *Crowded) take(network netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[network] >= l.PerIP {
		return false
	}
	if l.held == nil {
		l.held = map[netip.Prefix]int{}
	}
	l.held[network]++
	return true
}

func (l *Crowded) release(network netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[network]--; l.held[network] <= 0 {
		delete(l.held, network)
	}
}

// heldConn gives its place back when it is closed.
type heldConn struct {
	net.Conn
	release func()
}

func (c *heldConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// CloseWrite lets net/http end the answers of a connection before it closes it.
func (c *heldConn) CloseWrite() error { return closeWrite(c.Conn) }

// closeWrite ends what is written to a connection that is one, where it can.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
