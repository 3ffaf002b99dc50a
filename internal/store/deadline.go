package store

import (
	"context"
	"net"
	"time"
)

// dialer opens the sockets of lib/pq. Cancelling a context makes lib/pq ask
// the server to stop and wait for its answer, without limit: a server that is
// frozen or cut off would hold the request, its goroutine and its connection
// for as long as it stays so. These sockets give up by themselves.
type dialer struct {
	net    net.Dialer
	answer time.Duration // longest silence of the server; 0 is for ever
}

func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.net.DialContext(ctx, network, address)
	if err != nil || d.answer == 0 {
		return c, err
	}
	return &impatientConn{Conn: c, answer: d.answer}, nil
}

// impatientConn fails a read or write that waits longer than answer. lib/pq
// reads only while it waits for an answer, so an idle connection is not hurt.
type impatientConn struct {
	net.Conn
	answer time.Duration
	limit  time.Time // set by SetDeadline, for opening the connection
	armed  time.Time
}

// SetDeadline bounds reads and writes to come, on top of the answer time.
func (c *impatientConn) SetDeadline(t time.Time) error {
	c.limit, c.armed = t, time.Time{}
	return c.Conn.SetDeadline(t)
}

func (c *impatientConn) Read(b []byte) (int, error) {
	if err := c.arm(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *impatientConn) Write(b []byte) (int, error) {
	if err := c.arm(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// arm sets the deadline anew when an eighth of it is used up, so that most
// reads and writes cost only a look at the clock.
func (c *impatientConn) arm() error {
	now := time.Now()
	if c.armed.Sub(now) > c.answer-c.answer/8 {
		return nil
	}
	c.armed = now.Add(c.answer)
	if !c.limit.IsZero() && c.limit.Before(c.armed) {
		return nil // the stricter deadline is in force
	}
	return c.Conn.SetDeadline(c.armed)
}
