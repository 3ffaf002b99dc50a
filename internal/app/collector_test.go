package app

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestTheHeapMayGrowFivefoldUntilThatIsMuch(t *testing.T) {
	const mib = 1 << 20
	for alive, want := range map[uint64]int{
		0: 400, 1: 400, 20 * mib: 400, 48 * mib: 400, 49 * mib: 375,
		96 * mib: 200, 192 * mib: 100, 256 * mib: 75, 768 * mib: 25, 1 << 40: 25,
	} {
		if got := growth(alive); got != want {
			t.Errorf("with %d MiB alive: %d %%, want %d", alive/mib, got, want)
		}
	}
}

func TestTheCollectorFollowsWhatIsAlive(t *testing.T) {
	t.Setenv("GOGC", "")
	was := debug.SetGCPercent(100)
	limit := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetGCPercent(was); debug.SetMemoryLimit(limit) })
	TuneCollector()
	percent := func() uint64 {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	if got := percent(); got != mostGrowth {
		t.Fatalf("at the start: %d", got)
	}
	large := make([]byte, growthRoom)
	for percent() == mostGrowth { // until it is seen
		runtime.GC()
	}
	if got := percent(); got > 100 {
		t.Errorf("with as much alive as the room: %d %%", got)
	}
	runtime.KeepAlive(large)
	large = nil
	for percent() != mostGrowth {
		runtime.GC()
	}
}
