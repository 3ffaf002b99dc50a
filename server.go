// Command clinicgraph serves one GraphQL graph for a clinic.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"clinicgraph/internal/app"
)

func main() {
	app.TuneCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the default is back: a second one ends at once.
	context.AfterFunc(ctx, stop)
	code := app.Main(ctx, app.Version(), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
