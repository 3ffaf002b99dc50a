package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"clinicgraph/graph/transport"
)

// pipes is a listener without a network, so that a bubble's clock can run.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	conn, open := <-p
	if !open {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// piped serves the endpoint over pipes, and gives a function that connects, with
// the client's end of the connection beneath.
func piped(t *testing.T) (*transport.WebSocket, func() (*client, net.Conn)) {
	t.Helper()
	way := make(pipes)
	ws, handler := endpointHandler(t, nil)
	server := &http.Server{Handler: handler}
	go server.Serve(way) //nolint:errcheck // it is closed
	t.Cleanup(func() { server.Close() })
	return ws, func() (*client, net.Conn) {
		var end net.Conn
		conn, _, err := websocket.Dial(t.Context(), "ws://clinic.example", &websocket.DialOptions{
			Subprotocols: []string{"graphql-transport-ws"},
			HTTPClient: &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
				var server net.Conn
				end, server = net.Pipe()
				way <- server
				return end, nil
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		c := &client{conn, t}
		c.say(initGood)
		c.hear(`{"type":"connection_ack"}`)
		return c, end
	}
}

// The rhythm of the pings and how long an answer may take; see Streams.
const (
	rhythm = 25 * time.Second
	answer = 10 * time.Second
)

func TestWhoDoesNotAnswerAPingIsLetGoAndWhoDoesStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, connect := piped(t)
		alive, _ := connect()
		heard := alive.CloseRead(context.Background()) // reads, and answers pings meanwhile
		began := time.Now()
		_, mute := connect()
		gone := make(chan time.Time, 1)
		go func() { // takes all that comes, and says nothing any more
			_, _ = io.Copy(io.Discard, mute)
			gone <- time.Now()
		}()
		at := <-gone
		if took := at.Sub(began); took < answer || took > rhythm+answer+time.Second {
			t.Errorf("let go after %s", took)
		}
		synctest.Wait()
		if n := ws.Hub.Streams(); n != 1 {
			t.Errorf("%d streams are open, want the other one", n)
		}
		time.Sleep(10 * rhythm) // the bubble's clock
		if heard.Err() != nil || ws.Hub.Streams() != 1 {
			t.Errorf("who answers is let go as well: %v", heard.Err())
		}
		alive.CloseNow()
		synctest.Wait()
		if n := ws.Hub.Streams(); n != 0 {
			t.Errorf("%d streams are left", n)
		}
	})
}

func TestWhoDoesNotEvenReadAPingIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, connect := piped(t)
		connect() // and nothing more: the ping itself cannot be written
		time.Sleep(rhythm + answer + time.Second)
		synctest.Wait()
		if n := ws.Hub.Streams(); n != 0 {
			t.Errorf("%d streams are open", n)
		}
	})
}
