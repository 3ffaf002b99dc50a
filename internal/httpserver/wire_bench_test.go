package httpserver

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clinicgraph/internal/admission"
)

// BenchmarkRefusalOverTheWire is what it takes to say no under overload, net/http and
// the kernel included, over 50 connections that are kept. The client is in the same
// process and as small as can be; its share is in "cpu-µs/op", too, and the same in
// both.
func BenchmarkRefusalOverTheWire(b *testing.B) {
	for name, early := range map[string]bool{"by net/http": false, "early": true} {
		b.Run(name, func(b *testing.B) {
			addr := refusing(b, early)
			const connections = 50
			var left atomic.Int64
			left.Store(int64(b.N))
			var running sync.WaitGroup
			before := processor(b)
			b.ResetTimer()
			for range connections {
				running.Go(func() { askUntil(b, addr, &left) })
			}
			running.Wait()
			b.StopTimer()
			b.ReportMetric(float64((processor(b)-before).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
		})
	}
}

// refusing serves with a gate that is full all the time.
func refusing(b *testing.B, early bool) (addr string) {
	gate := admission.New(1, time.Now)
	pass, err := gate.Enter(b.Context(), admission.Refresh, 0)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var waiting sync.WaitGroup
	for range 16 { // in turns
		waiting.Go(func() {
			for ctx.Err() == nil {
				_, _ = gate.Enter(ctx, admission.Refresh, 0)
			}
		})
	}
	for !gate.Full() {
		runtime.Gosched()
	}
	s := &Server{
		Gate: gate, Authenticate: nobody, Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Observe: func(Exchange) {},
		Graph: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { b.Error("let in") }),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	addr = l.Addr().String()
	if early {
		l = s.Early(l)
	}
	server := New("", s.Handler(), slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	b.Cleanup(func() {
		stop()
		waiting.Wait()
		pass.Leave()
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return addr
}

// askUntil asks over one connection until none is left.
func askUntil(b *testing.B, addr string, left *atomic.Int64) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Error(err)
		return
	}
	defer c.Close()
	request := []byte(asking(`{"query":"query Q { bookings(first: 20) { edges { node { number status startsAt endsAt } } } }","variables":{"a":"`+strings.Repeat("x", 700)+`"}}`,
		"Content-Type: application/json", "Authorization: Bearer "+strings.Repeat("x", 600)))
	in := bufio.NewReader(c)
	for left.Add(-1) >= 0 {
		if _, err := c.Write(request); err != nil {
			b.Error(err)
			return
		}
		line, err := in.ReadSlice('}') // of the answer, which ends with }}]}
		if err != nil || !strings.HasPrefix(string(line), "HTTP/1.1 503") {
			b.Errorf("%v %s", err, line)
			return
		}
		if _, err := in.Discard(len("}]}")); err != nil {
			b.Error(err)
			return
		}
	}
}

// processor is the time that this process has been at work.
func processor(b *testing.B) time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
