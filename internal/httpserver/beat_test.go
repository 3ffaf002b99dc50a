package httpserver

import (
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEarlyRefusalsGoOutTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		on := onPipes(t, s, true)
		clients := []*client{on.dial(t), on.dial(t), on.dial(t)}
		for _, c := range clients {
			c.send(plain)
		}
		began := time.Now()
		for _, c := range clients {
			go func() { _, _ = io.WriteString(c, plain) }()
			time.Sleep(untilNext / 4)
			synctest.Wait()
			if text := c.came(); text != "" {
				t.Errorf("%v after the first came\n%s", time.Since(began), text)
			}
		}
		time.Sleep(untilNext / 4)
		synctest.Wait()
		for i, c := range clients {
			if text := c.came(); !strings.Contains(text, "OVERLOADED") {
				t.Errorf("connection %d: %q %v after the first came", i, text, time.Since(began))
			}
		}
		if on.reached.Load() != 3 {
			t.Errorf("%d reached net/http", on.reached.Load())
		}
	})
}

// What was refused when it came does not come in behind the beat: it would be late by
// that, and whoever comes in the meantime finds the room.
func TestRoomThatComesMeanwhileIsForWhoComesThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		on := onPipes(t, s, true)
		early, late := on.dial(t), on.dial(t)
		early.send(plain)
		late.send(plain)
		go func() { _, _ = io.WriteString(early, plain) }()
		synctest.Wait()
		release()
		if text := late.send(plain); !strings.HasPrefix(text, "HTTP/1.1 200 OK\r\n") {
			t.Errorf("there is room: %s", text)
		}
		if text := early.came(); !strings.Contains(text, "OVERLOADED") || on.reached.Load() != 3 {
			t.Errorf("%d reached net/http\n%s", on.reached.Load(), text)
		}
	})
}

func TestWhoeverWaitsWhileDrainingBeginsReachesNetHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, release := full(t, io.Discard)
		defer release()
		on := onPipes(t, s, true)
		c := on.dial(t)
		c.send(plain)
		go func() { _, _ = io.WriteString(c, plain) }()
		synctest.Wait()
		s.Drain()
		time.Sleep(untilNext)
		synctest.Wait()
		if text := c.came(); !strings.Contains(text, "Connection: close\r\n") || on.reached.Load() != 2 {
			t.Errorf("%d reached net/http\n%s", on.reached.Load(), text)
		}
	})
}
