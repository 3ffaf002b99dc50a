package app

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Garbage is collected when the heap has grown fivefold, which takes a fifth off
// the CPU of a request, but by no more than this room: a server of many sockets
// would keep four times their memory in hand otherwise. The soft limit on memory
// bounds the rest.
const (
	mostGrowth  = 400 // percent
	leastGrowth = 25
	growthRoom  = 192 << 20
	memoryLimit = 1 << 30
)

// TuneCollector sets how the process keeps its memory, from now on. GOGC and
// GOMEMLIMIT in the environment beat it.
func TuneCollector() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(mostGrowth)
		afterEachCollection(&collection{percent: mostGrowth})
	}
}

// collection is garbage from the start: that it is found says that a collection
// has ended. It is too large for the blocks that the runtime shares between small
// objects, whose finalizers may never run.
type collection struct {
	percent int
	_       [2]uintptr
}

// afterEachCollection sets the growth by what is alive, after every collection.
func afterEachCollection(c *collection) {
	runtime.SetFinalizer(c, func(found *collection) {
		alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}}
		metrics.Read(alive)
		percent := growth(alive[0].Value.Uint64() + alive[1].Value.Uint64())
		if percent != found.percent { // setting it stops the world for a moment
			debug.SetGCPercent(percent)
		}
		afterEachCollection(&collection{percent: percent})
	})
}

// growth is by how many percent of so many bytes the heap may grow: in steps, so
// that it does not change with every collection.
func growth(alive uint64) int {
	const step = 25
	percent := growthRoom * 100 / max(alive, 1)
	return int(min(max(percent/step*step, leastGrowth), mostGrowth))
}
