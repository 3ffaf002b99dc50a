package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestTheServedListenerRefusesEarly has many ask a server of one place, again and
// again, until one of them is refused on the connection.
func TestTheServedListenerRefusesEarly(t *testing.T) {
	graph, admin, stop := served(t, map[string]string{
		"CLINICGRAPH_IN_FLIGHT": "1", "CLINICGRAPH_RATE_ANONYMOUS": "0", "CLINICGRAPH_CONNS_PER_IP": "0",
	})
	const (
		clients = 64
		most    = 5_000 // requests of each
		body    = `{"query":"{ __schema { types { name fields { name type { name } } } } }"}`
	)
	var (
		running sync.WaitGroup
		enough  atomic.Bool
	)
	for range clients {
		running.Go(func() {
			c, err := net.Dial("tcp", strings.TrimPrefix(graph, "http://"))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
				return
			}
			in := bufio.NewReader(c)
			for range most {
				if enough.Load() {
					return
				}
				if _, err := fmt.Fprintf(c, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
					t.Error(err)
					return
				}
				response, err := http.ReadResponse(in, nil)
				if err == nil {
					_, err = io.Copy(io.Discard, response.Body)
				}
				if err != nil || response.StatusCode != http.StatusOK && response.StatusCode != http.StatusServiceUnavailable {
					t.Errorf("%v, %v", response, err)
					return
				}
			}
		})
	}
	until(t, "refused early", func() bool {
		_, text := get(t, admin+"/metrics")
		return strings.Contains(text, "clinicgraph_early_rejects_total") && !strings.Contains(text, "clinicgraph_early_rejects_total 0\n")
	})
	enough.Store(true)
	running.Wait()
	stop()
}
