//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"clinicgraph/bench/internal/closedloop"
)

// crowd is everybody who is subscribed.
type crowd struct {
	sockets []*websocket.Conn
	heard   chan heard
	end     context.CancelFunc
	reading sync.WaitGroup
}

// heard is a message about a booking, or why there are no more.
type heard struct {
	booking string
	at      time.Time
	err     error
}

// gathering is how many connect at once.
const gathering = 32

// gather connects n sockets, which share the tokens, and subscribes on each.
func gather(ctx context.Context, addr string, tokens []string, n int) (*crowd, error) {
	ctx, end := context.WithCancel(ctx)
	c := &crowd{sockets: make([]*websocket.Conn, n), heard: make(chan heard, 4*n), end: end}
	next, failed := make(chan int), make(chan error, gathering)
	var all sync.WaitGroup
	for range gathering {
		all.Go(func() {
			for i := range next {
				conn, err := enter(ctx, addr, tokens[i%len(tokens)])
				if err != nil {
					failed <- fmt.Errorf("socket %d: %w", i, err)
					return
				}
				c.sockets[i] = conn
				c.reading.Go(func() { c.read(ctx, conn) })
			}
		})
	}
	var err error
	for i := 0; i < n && err == nil; i++ {
		select {
		case next <- i:
		case err = <-failed:
		}
	}
	close(next)
	all.Wait()
	if err != nil {
		c.leave()
		return nil, err
	}
	return c, nil
}

// enter connects, is let in, and subscribes; it returns when the server has read
// all of that.
func enter(ctx context.Context, addr, token string) (*websocket.Conn, error) {
	conn, _, err := websocket.Dial(ctx, "ws://"+addr+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, err
	}
	for _, exchange := range [][2]string{
		{`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`, `"connection_ack"`},
		{`{"type":"subscribe","id":"1","payload":{"query":"subscription { bookingChanged { id status } }"}}`, ""},
		{`{"type":"ping"}`, `"pong"`},
	} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(exchange[0])); err != nil {
			return nil, err
		}
		if exchange[1] == "" {
			continue
		}
		if _, text, err := conn.Read(ctx); err != nil || !strings.Contains(string(text), exchange[1]) {
			return nil, fmt.Errorf("%s instead of %s: %w", text, exchange[1], err)
		}
	}
	return conn, nil
}

func (c *crowd) read(ctx context.Context, conn *websocket.Conn) {
	for {
		_, text, err := conn.Read(ctx)
		if ctx.Err() != nil {
			return
		}
		now := time.Now()
		var message struct {
			Payload struct {
				Data struct{ BookingChanged struct{ ID string } }
			}
		}
		if err == nil {
			err = json.Unmarshal(text, &message)
		}
		id := message.Payload.Data.BookingChanged.ID
		if err == nil && id == "" {
			err = fmt.Errorf("told %s", text)
		}
		c.heard <- heard{id, now, err}
		if err != nil {
			return
		}
	}
}

// tell cancels the bookings, one after the other, each when everybody has heard of
// the one before, and gives how long after the request each socket had heard.
func (c *crowd) tell(ctx context.Context, addr, token string, bookings []string) (times []time.Duration, err error) {
	for _, id := range bookings {
		body := fmt.Sprintf(`{"query":"mutation { cancelBooking(input: {id: \"%s\"}) { booking { status } } }"}`, id)
		began := time.Now()
		answer, err := closedloop.Ask(ctx, addr, token, []byte(body))
		if err != nil {
			return nil, err
		}
		if !strings.Contains(string(answer), "CANCELLED") {
			return nil, fmt.Errorf("not cancelled: %s", answer)
		}
		for range c.sockets {
			select {
			case h := <-c.heard:
				if h.err == nil && h.booking != id {
					h.err = fmt.Errorf("told of %s instead of %s", h.booking, id)
				}
				if h.err != nil {
					return nil, h.err
				}
				times = append(times, h.at.Sub(began))
			case <-time.After(30 * time.Second):
				return nil, fmt.Errorf("not everybody is told of %s", id)
			}
		}
	}
	slices.Sort(times)
	return times, nil
}

// leave closes all sockets.
func (c *crowd) leave() {
	c.end()
	for _, conn := range c.sockets {
		if conn != nil {
			_ = conn.CloseNow()
		}
	}
	c.reading.Wait()
}

// at is the time within which a share of them was.
func at(times []time.Duration, share float64) time.Duration {
	return times[min(len(times)-1, int(share*float64(len(times))))].Round(time.Millisecond)
}
