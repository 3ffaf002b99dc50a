package app

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"go.opentelemetry.io/otel"

	"clinicgraph/graph"
	"clinicgraph/graph/compiled"
	"clinicgraph/graph/live"
	"clinicgraph/internal/access"
	"clinicgraph/internal/admission"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/httpserver"
	"clinicgraph/internal/jobs"
	"clinicgraph/internal/metrics"
	"clinicgraph/internal/store"
	"clinicgraph/internal/trace"
)

// traceStop bounds how long stopping waits for the last traces: a collector that
// is down must not hold the server.
const traceStop = 2 * time.Second

// observer hands what the parts tell to the metrics, the traces and the log.
type observer struct {
	metrics *metrics.Metrics
	traces  *trace.Traces // nil: off
	log     *slog.Logger
	slowSQL time.Duration

	first sync.Once
	early func() // counts an early refusal
}

// observe prepares metrics and, where the settings say so, traces.
func observe(ctx context.Context, cfg config.Config, db *store.DB, sources metrics.Sources, log *slog.Logger, o Options) (*observer, error) {
	w := &observer{metrics: metrics.New(sources), log: log, slowSQL: cfg.Observe.SlowSQL}
	spans, share := o.Spans, 1.0
	if url := cfg.Observe.TracesURL; spans == nil && url != "" {
		var err error
		if spans, err = trace.Exporter(ctx, url); err != nil {
			return nil, err
		}
		share = cfg.Observe.TracesShare
		// The library has one place for this in a process, and would print there.
		otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are not delivered", "error", err) }))
	}
	if spans != nil {
		var err error
		if w.traces, err = trace.New(ctx, spans, share, o.Version, db.Dialect); err != nil {
			return nil, err
		}
	}
	db.Watch(w.statement)
	return w, nil
}

// sources are the parts that the metrics ask.
func sources(db *store.DB, signIn *auth.Service, gate *admission.Gate, hub *live.Hub, sealer *chain.Sealer, reads func() compiled.Stats, version string) metrics.Sources {
	pools := map[string]*sql.DB{"postgres": db.Write}
	if db.Dialect == dialect.SQLite {
		pools = map[string]*sql.DB{"sqlite-write": db.Write, "sqlite-read": db.Read}
	}
	load := func() admission.Load { return admission.Load{} }
	if gate != nil {
		load = gate.Load
	}
	return metrics.Sources{
		Version: version, Pools: pools,
		AuditBacklog:    func() float64 { return sealer.Backlog().Seconds() },
		Revocations:     func() float64 { return float64(signIn.Revoked.Len()) },
		RevocationAge:   func() float64 { return signIn.Followed.Age().Seconds() },
		Sockets:         func() float64 { return float64(hub.Streams()) },
		Subscriptions:   func() float64 { return float64(hub.Subscriptions()) },
		StatementHits:   func() float64 { return float64(db.CacheStats().Hits) },
		StatementMisses: func() float64 { return float64(db.CacheStats().Prepared) },
		ReadsPlanned:    func() float64 { return float64(reads().Hits) },
		ReadsDropped:    func() float64 { return float64(reads().Dropped) },
		PlanDocuments:   func() float64 { return float64(reads().Documents) },
		PlanBytes:       func() float64 { return float64(reads().Bytes) },
		Unplanned:       func(context.Context) (map[string]int, error) { return reads().Kinds(), nil },
		HashingSlots:    func() float64 { return float64(signIn.Passwords.Queue().Slots) },
		HashingRunning:  func() float64 { return float64(signIn.Passwords.Queue().Running) },
		HashingWaiting:  func() float64 { return float64(signIn.Passwords.Queue().Waiting) },
		HashingWaited:   func() float64 { return float64(signIn.Passwords.Queue().Waited) },
		HashingRefused:  func() float64 { return float64(signIn.Passwords.Queue().Refused) },
		InFlight:        func() float64 { return float64(load().AtWork) },
		InFlightLimit:   func() float64 { return float64(load().Limit) },
		Waiting:         func() float64 { return float64(load().Waiting) },
		SigningKeys:     func(ctx context.Context) (map[string]int, error) { return signIn.Keys.States(ctx) },
		Unpartitioned:   func(ctx context.Context) (map[string]int, error) { return chain.Unpartitioned(ctx, db) },
		Jobs:            func(ctx context.Context) (map[string]int, error) { return jobs.Depth(ctx, db) },
	}
}

// exchange is told of each request that has been answered.
func (w *observer) exchange(e httpserver.Exchange) {
	if e.Early { // thousands a second, all alike
		w.first.Do(func() { w.early = w.metrics.Early(e.Route, e.Status, string(e.Refused)) })
		w.early()
		return
	}
	w.metrics.Request(e.Route, e.Status)
	if e.Refused != "" {
		w.metrics.Reject(string(e.Refused))
	}
}

// begin is told of each operation before it runs.
func (w *observer) begin(ctx context.Context, op graph.Operation) context.Context {
	return w.traces.Operation(ctx, op.Type, op.Field, op.Hash)
}

// end is told of each operation that has ended.
func (w *observer) end(ctx context.Context, op graph.Operation) {
	name, kind, events := op.Field, op.Type, 0
	if name == "" {
		name, kind = "none", "none"
	}
	if kind == "subscription" {
		events = op.Answers
	}
	w.metrics.Operation(metrics.Operation{
		Name: name, Type: kind, Code: op.Outcome(), Refused: op.Refused, Slow: op.Slow,
		Cost: op.Cost, Rows: op.Rows, Events: events, Took: op.Took,
	})
	w.traces.EndOperation(ctx, op.Outcome(), op.Cost, op.Rows, op.Code == fault.CodeInternal || op.Code == fault.CodeUnavailable)
}

// statement is told of each statement that has ended.
func (w *observer) statement(ctx context.Context, s store.Statement) {
	verb, slow := s.Verb(), w.slowSQL > 0 && s.Took >= w.slowSQL
	w.metrics.Statement(verb, s.Took, slow, s.Failed)
	w.traces.Statement(ctx, s)
	if slow {
		r := access.RequestOf(ctx)
		w.log.LogAttrs(ctx, slog.LevelWarn, "slow SQL", slog.String("request_id", r.ID), slog.String("operation", graph.Clip(r.Operation)),
			slog.String("statement", s.Text(500)), slog.Int("rows", s.Rows), slog.Duration("took", s.Took))
	}
}

// job runs the work of a job and looks at it from outside.
func (w *observer) job(ctx context.Context, kind string, work func(context.Context) error) error {
	began := time.Now()
	ctx, end := w.traces.Job(ctx, kind)
	err := errors.New("panicked") // unless it comes back
	defer func() {
		end(err)
		w.metrics.Job(kind, time.Since(began), err, time.Now())
	}()
	err = work(ctx)
	return err
}

// close hands on the last traces. That they were not taken is no failure of the
// server.
func (w *observer) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, traceStop)
	defer cancel()
	if err := w.traces.Close(ctx); err != nil {
		w.log.WarnContext(ctx, "the last traces are not delivered", "error", err)
	}
}

// admin is the admin listener at work; all of it nil when it is off.
type admin struct {
	server *http.Server
	addr   net.Addr
}

// openAdmin serves the admin handler where the settings say. It is closed last, so
// that stopping can be watched.
func (a *App) openAdmin(cfg config.Config, log *slog.Logger) (*admin, error) {
	where := cfg.AdminListen()
	if where == "" {
		return &admin{}, nil
	}
	listener, err := net.Listen("tcp", where)
	if err != nil {
		return nil, &config.Error{Key: "CLINICGRAPH_ADMIN_ADDR", Value: where, Reason: "cannot be listened on", Remedy: "choose another address, or off"}
	}
	s := &admin{server: httpserver.NewAdmin(a.Admin, log), addr: listener.Addr()}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the admin listener has ended", "error", err)
		}
	}()
	return s, nil
}

// close ends the listener at once.
func (s *admin) close() {
	if s.server != nil {
		_ = s.server.Close() // nothing is kept there
	}
}
