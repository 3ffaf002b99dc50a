package app

import (
	"context"
	"log/slog"

	"clinicgraph/graph"
	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
)

// liveBuffer is how many messages wait for a client that subscribes; one that
// has not read the last of them is let go.
const liveBuffer = 64

func newHub(cfg config.Live, renew func(context.Context, *access.Viewer) (*access.Viewer, error), log *slog.Logger) *live.Hub {
	return live.NewHub(live.Limits{Streams: cfg.Streams, PerUser: cfg.PerUser, Buffer: liveBuffer}, renew, log)
}

// options adds what the settings say about the endpoint.
func (a *App) options(cfg config.Config, signIn *auth.Service, o graph.Options) graph.Options {
	o.Introspection = !cfg.Production() || cfg.PlaygroundOn()
	o.Limits, o.Operations, o.Charge = graph.Limits(cfg.Limits), cfg.Live.Operations, confirmed(signIn, a.rate.Charge)
	o.SlowOperation, o.Begin, o.End = cfg.Observe.SlowOperation, a.observer.begin, a.observer.end
	return o
}
