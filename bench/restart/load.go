//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"clinicgraph/bench/internal/keptconn"
	"clinicgraph/bench/internal/question"
)

// balancer knows which servers say that they are ready.
type balancer struct {
	mu    sync.Mutex
	addrs []string
	ready map[string]bool
	turn  int
}

func newBalancer(addrs ...string) *balancer {
	b := &balancer{addrs: addrs, ready: map[string]bool{}}
	for _, a := range addrs {
		b.ready[a] = true
	}
	return b
}

// replace puts a new server in the place of one that has ended; it must say first
// that it is ready.
func (b *balancer) replace(i int, addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.ready, b.addrs[i])
	b.addrs[i] = addr
}

// pick gives the next server that is ready.
func (b *balancer) pick() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.addrs {
		b.turn++
		if addr := b.addrs[b.turn%len(b.addrs)]; b.ready[addr] {
			return addr, nil
		}
	}
	return "", errors.New("no server is ready")
}

// poll is how often the servers are asked whether they are ready.
const poll = 20 * time.Millisecond

// watch asks the servers until ctx ends.
func (b *balancer) watch(ctx context.Context) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		b.mu.Lock()
		addrs := append([]string(nil), b.addrs...)
		b.mu.Unlock()
		for _, addr := range addrs {
			response, err := client.Get("http://" + addr + "/readyz")
			ready := err == nil && response.StatusCode == http.StatusOK
			if err == nil {
				response.Body.Close()
			}
			b.mu.Lock()
			b.ready[addr] = ready
			b.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// await waits until a server says that it is ready.
func (b *balancer) await(ctx context.Context, i int) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		b.mu.Lock()
		ready := b.ready[b.addrs[i]]
		b.mu.Unlock()
		if ready {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// load is clients who ask without a break.
type load struct {
	cancel   context.CancelCauseFunc
	ctx      context.Context
	running  sync.WaitGroup
	answered atomic.Int64
	again    atomic.Int64
}

var errDone = errors.New("done")

func startLoad(ctx context.Context, b *balancer, token string, set *question.Set, clients int) *load {
	l := &load{}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.running.Go(func() { b.watch(l.ctx) })
	for range clients {
		l.running.Go(func() {
			c := &client{load: l, balancer: b, token: token, conns: map[string]*keptconn.Conn{}}
			defer c.close()
			for l.ctx.Err() == nil {
				if err := c.ask(set); err != nil {
					l.cancel(err)
				}
			}
		})
	}
	return l
}

// failed says whether a request was cut off.
func (l *load) failed() bool { return l.ctx.Err() != nil }

// totals are what a load has come to.
type totals struct{ answered, again int64 }

func (l *load) stop() (totals, error) {
	l.cancel(errDone)
	l.running.Wait()
	if err := context.Cause(l.ctx); !errors.Is(err, errDone) {
		return totals{}, fmt.Errorf("after %d answers: %w", l.answered.Load(), err)
	}
	return totals{l.answered.Load(), l.again.Load()}, nil
}

// client keeps a connection to each server that it has asked.
type client struct {
	load     *load
	balancer *balancer
	token    string
	conns    map[string]*keptconn.Conn
}

func (c *client) close() {
	for _, conn := range c.conns {
		conn.Close()
	}
}

// ask asks one question of a server that is ready. Any failure but a refused
// connection, once, is a request cut off.
func (c *client) ask(set *question.Set) error {
	addr, conn, err := c.connect()
	if errors.Is(err, syscall.ECONNREFUSED) {
		c.load.again.Add(1)
		c.balancer.mu.Lock()
		c.balancer.ready[addr] = false
		c.balancer.mu.Unlock()
		addr, conn, err = c.connect()
	}
	if err != nil {
		return err
	}
	q, _ := set.Next()
	a, err := conn.Ask(q.Body)
	if err == nil {
		err = q.Check(a.Status, a.Body)
	}
	if err != nil || a.Last {
		conn.Close()
		delete(c.conns, addr)
	}
	if err != nil {
		return fmt.Errorf("a request to %s was cut off: %w", addr, err)
	}
	c.load.answered.Add(1)
	return nil
}

func (c *client) connect() (string, *keptconn.Conn, error) {
	addr, err := c.balancer.pick()
	if err != nil {
		return "", nil, err
	}
	conn := c.conns[addr]
	if conn == nil {
		if conn, err = keptconn.Dial(c.load.ctx, addr, c.token); err != nil {
			return addr, nil, err
		}
		c.conns[addr] = conn
	}
	return addr, conn, nil
}
