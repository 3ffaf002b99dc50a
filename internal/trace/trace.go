// Package trace owns the traces: one tree for each request, from HTTP over the
// operation to the statements of SQL, handed to a collector by OpenTelemetry's
// protocol. Spans hold facts about the work and never a variable, an argument of
// SQL, an address, or anybody's name. A nil *Traces makes none and costs nothing.
package trace

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"clinicgraph/internal/store"
)

// maxQuery is how much of a statement's text goes into its span.
const maxQuery = 2 << 10

// Traces makes spans and hands them on.
type Traces struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	system   attribute.KeyValue // of the database
}

// Exporter hands spans to the collector at url by OTLP over HTTP, in batches. What
// the collector does not take in time is dropped: requests never wait for it. The
// library's own variables count as well, such as OTEL_EXPORTER_OTLP_HEADERS.
func Exporter(ctx context.Context, url string) (sdk.SpanProcessor, error) {
	e, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(url))
	if err != nil {
		return nil, fmt.Errorf("prepare the export of traces: %w", err)
	}
	return sdk.NewBatchSpanProcessor(e), nil
}

// New makes traces of the given share of all requests, 0 to 1. Database is the
// name of the dialect. The service is called clinicgraph unless OTEL_SERVICE_NAME
// or OTEL_RESOURCE_ATTRIBUTES say otherwise.
func New(ctx context.Context, spans sdk.SpanProcessor, share float64, version, database string) (*Traces, error) {
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", "clinicgraph"), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe the service for its traces: %w", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithSpanProcessor(spans),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(share))))
	system := "postgresql"
	if database != "postgres" {
		system = "sqlite"
	}
	return &Traces{provider: provider, tracer: provider.Tracer("clinicgraph"), system: attribute.String("db.system.name", system)}, nil
}

// Close hands on what is left, until ctx ends.
func (t *Traces) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// traceparent reads the header of the W3C's Trace Context.
var traceparent = propagation.TraceContext{}

// Request begins the span of a request, and gives what ends it. Route is the path
// by which requests are told apart. A trace that the client names is linked and
// not joined: whoever asks must not decide what is traced.
func (t *Traces) Request(r *http.Request, route, id string) (context.Context, func(status int)) {
	if t == nil {
		return r.Context(), func(int) {}
	}
	options := []trace.SpanStartOption{
		trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(
			attribute.String("http.request.method", method(r.Method)), attribute.String("http.route", route),
			attribute.String("clinicgraph.request_id", id)),
	}
	if from := trace.SpanContextFromContext(traceparent.Extract(context.Background(), propagation.HeaderCarrier(r.Header))); from.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: from}))
	}
	ctx, span := t.tracer.Start(r.Context(), method(r.Method)+" "+route, options...)
	return ctx, func(status int) {
		span.SetAttributes(attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// method keeps to the methods that there are: a client can spell any.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "_OTHER"
	}
}

// Operation begins the span of an operation: kind is query, mutation or
// subscription, field its root field, hash that of its document.
func (t *Traces) Operation(ctx context.Context, kind, field, hash string) context.Context {
	if t == nil {
		return ctx
	}
	ctx, span := t.tracer.Start(ctx, kind+" "+field, trace.WithAttributes(
		attribute.String("graphql.operation.type", kind), attribute.String("clinicgraph.field", field),
		attribute.String("clinicgraph.document", hash)))
	return context.WithValue(ctx, operationKey{}, span)
}

type operationKey struct{}

// EndOperation ends the span that Operation began. Outcome is OK or the code of
// an error; failed says that the server is to blame. An operation that never
// began, because it was refused, is noted at the span of its request.
func (t *Traces) EndOperation(ctx context.Context, outcome string, cost int, rows int64, failed bool) {
	if t == nil {
		return
	}
	span, began := ctx.Value(operationKey{}).(trace.Span)
	if !began {
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("clinicgraph.outcome", outcome))
		return
	}
	span.SetAttributes(attribute.String("clinicgraph.outcome", outcome), attribute.Int("clinicgraph.cost", cost), attribute.Int64("clinicgraph.rows", rows))
	if failed {
		span.SetStatus(codes.Error, outcome)
	}
	span.End()
}

// Statement makes the span of a statement that has ended. Outside of a trace, as
// for the job queue's own statements, it makes none.
func (t *Traces) Statement(ctx context.Context, s store.Statement) {
	if t == nil || !trace.SpanFromContext(ctx).IsRecording() {
		return
	}
	_, span := t.tracer.Start(ctx, s.Verb(), trace.WithTimestamp(s.Began), trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		t.system, attribute.String("db.operation.name", s.Verb()), attribute.String("db.query.text", s.Text(maxQuery)),
		attribute.Int("db.response.returned_rows", s.Rows)))
	if s.Failed {
		span.SetStatus(codes.Error, "")
	}
	span.End(trace.WithTimestamp(s.Began.Add(s.Took)))
}

// Job begins the span of a job, a trace of its own, and gives what ends it.
func (t *Traces) Job(ctx context.Context, kind string) (context.Context, func(error)) {
	if t == nil {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, "job "+kind, trace.WithNewRoot(), trace.WithAttributes(attribute.String("clinicgraph.job", kind)))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
