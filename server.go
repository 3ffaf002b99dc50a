// Command clinicgraph serves one GraphQL graph for a clinic.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"clinicgraph/internal/app"
)

// Garbage is collected when the heap has grown fivefold, which takes a fifth off
// the CPU of a request; the soft limit on memory keeps the price in bounds. GOGC
// and GOMEMLIMIT in the environment beat both.
const (
	gcPercent   = 400
	memoryLimit = 1 << 30
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the default is back: a second one ends at once.
	context.AfterFunc(ctx, stop)
	code := app.Main(ctx, app.Version(), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
