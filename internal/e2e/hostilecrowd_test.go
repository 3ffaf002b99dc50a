package e2e

import (
	"encoding/json"
	"net/http"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// objects is the memory of the objects on the heap, dead ones included that have
// not been collected.
func objects() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestAHundredHostileRequestsAtOnceDisturbNobody replays the corpus a hundred
// requests at a time, without the gate that would refuse most of them, while
// others do their work: each of these gets the right answer.
func TestAHundredHostileRequestsAtOnceDisturbNobody(t *testing.T) {
	const (
		atOnce, rounds = 100, 3
		colleagues     = 4
		most           = 512 << 20 // a third of what all of them may take one by one
		kept           = 64 << 20
	)
	s := serve(t)
	good := request(`{ viewer { user { username } } products(first: 3) { totalCount edges { node { id name } } } }`)
	want := s.post(good)
	var answer struct{ Errors []failure }
	if err := json.Unmarshal(want.Body.Bytes(), &answer); err != nil || len(answer.Errors) > 0 {
		t.Fatalf("%v %s", err, want.Body)
	}
	runtime.GC()
	before, peak := objects(), atomic.Uint64{}

	var hurting, working sync.WaitGroup
	var over atomic.Bool
	for range colleagues {
		working.Go(func() {
			for n := 0; n < 10 || !over.Load(); n++ {
				if w := s.post(good); w.Code != http.StatusOK || w.Body.String() != want.Body.String() {
					t.Errorf("%d %s, want %s", w.Code, w.Body, want.Body)
					return
				}
			}
		})
	}
	sent := make(chan string)
	for range atOnce {
		hurting.Go(func() {
			for body := range sent {
				w := s.post(body)
				var answer struct{ Errors []failure }
				if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code >= http.StatusInternalServerError {
					t.Errorf("%d %v: %.300s\nfor %.300q", w.Code, err, w.Body, body)
				}
				for now, last := objects(), peak.Load(); now > last && !peak.CompareAndSwap(last, now); last = peak.Load() {
				}
			}
		})
	}
	for round := range rounds {
		for _, h := range corpus() { // with another text each time, lest it is known
			sent <- strings.Replace(h.body, `"query":"`, `"query":"`+strings.Repeat(",", round+1), 1)
		}
	}
	close(sent)
	hurting.Wait()
	over.Store(true)
	working.Wait()

	runtime.GC()
	t.Logf("%d MiB before, %d at most, %d after", before>>20, peak.Load()>>20, objects()>>20)
	if took := peak.Load() - min(before, peak.Load()); took > most {
		t.Errorf("%d MiB at once, want at most %d", took>>20, most>>20)
	}
	if after := objects(); after > before+kept {
		t.Errorf("%d MiB afterwards, %d before", after>>20, before>>20)
	}
}
