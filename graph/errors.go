package graph

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// presenter turns every error into the form of the contract. What is no fault
// and no error of the document is INTERNAL: its text goes to the log and nowhere
// else.
func presenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		f := faultOf(ctx, err)
		shown := present(ctx, f)
		var g *gqlerror.Error
		if errors.As(err, &g) {
			shown.Locations = g.Locations
			if len(g.Path) > 0 {
				shown.Path = g.Path
			}
		}
		if f.Code == fault.CodeInternal || f.Code == fault.CodeUnavailable {
			level, what := slog.LevelError, "request failed"
			if errors.Is(ctx.Err(), context.Canceled) {
				// Who asked has gone: what then fails is no fault of the server's.
				level, what = slog.LevelInfo, "request abandoned"
			}
			log.Log(ctx, level, what, "code", f.Code, "path", shown.Path.String(),
				"request_id", access.RequestOf(ctx).ID, "error", err)
		}
		return shown
	}
}

// faultOf finds what may be said about an error.
func faultOf(ctx context.Context, err error) *fault.Error {
	if f, ok := fault.As(err); ok {
		return f
	}
	var g *gqlerror.Error
	if errors.As(err, &g) {
		switch g.Extensions["code"] {
		case errcode.ParseFailed:
			return fault.New(fault.CodeGraphQLParseFailed, "%s", g.Message)
		case errcode.ValidationFailed:
			return fault.New(fault.CodeGraphQLValidation, "%s", g.Message)
		}
		// The variables are coerced before a field is reached: an error there has
		// a rule or the path of the variable, and no cause.
		if g.Rule != "" || g.Err == nil && len(g.Path) > 0 && graphql.GetFieldContext(ctx) == nil {
			return fault.New(fault.CodeGraphQLValidation, "%s", g.Message)
		}
	}
	if f, ok := fault.As(store.Classify(err)); ok {
		return f
	}
	return fault.Wrap(fault.CodeInternal, err, "Something went wrong on our side. Please report the request id.")
}

// present gives a fault the form of the contract.
func present(ctx context.Context, f *fault.Error) *gqlerror.Error {
	return &gqlerror.Error{Message: f.Message, Path: graphql.GetPath(ctx), Extensions: extensions(ctx, f)}
}

// Refuse answers a request that does not reach the graph, in the graph's form.
func Refuse(w http.ResponseWriter, r *http.Request, status int, f *fault.Error) {
	media, _ := transport.Negotiate(r.Header.Values("Accept"))
	if len(f.Fields) > 0 {
		transport.Write(w, media, status, &graphql.Response{Errors: gqlerror.List{present(r.Context(), f)}})
		return
	}
	wait := 0
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		wait = max(1, seconds(f.RetryAfter))
	}
	transport.WriteEncoded(w, media, status, encodeRefusal(r.Context(), f), wait)
}

// encodeRefusal writes the response that refuses as the encoder would. It is
// written by hand because under overload this is what the server does most.
func encodeRefusal(ctx context.Context, f *fault.Error) []byte {
	message, err := json.Marshal(f.Message)
	if err != nil {
		panic(err) // no string is beyond JSON
	}
	b := make([]byte, 0, 256+len(message))
	b = append(append(b, `{"errors":[{"message":`...), message...)
	b = append(append(b, `,"extensions":{"action":"`...), actionOf(ctx, f)...)
	b = append(append(b, `","code":"`...), f.Code...)
	b = append(append(b, `","requestId":"`...), access.RequestOf(ctx).ID...)
	b = append(b, '"')
	if f.RetryAfter > 0 {
		b = strconv.AppendInt(append(b, `,"retryAfter":`...), int64(seconds(f.RetryAfter)), 10)
	}
	b = strconv.AppendBool(append(b, `,"retryable":`...), f.Code.Retryable())
	return append(b, `}}]}`...)
}

// seconds are those to wait, as whole ones.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// actionOf is what helps. Whoever came with a token that is not good any more can
// renew it.
func actionOf(ctx context.Context, f *fault.Error) fault.Action {
	if f.Code == fault.CodeUnauthenticated && bearerOf(ctx).Presented {
		return fault.ActionRefresh
	}
	return f.Code.Action()
}

// cut bounds the errors of a response: a list of a hundred rows has the same one
// a hundred times.
func cut(most int) graphql.ResponseMiddleware {
	return func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		resp := next(ctx)
		if resp != nil && len(resp.Errors) > most {
			resp.Errors = resp.Errors[:most]
		}
		return resp
	}
}

// extensions is what the contract promises beside the message.
func extensions(ctx context.Context, f *fault.Error) map[string]any {
	ext := map[string]any{
		"code": f.Code, "action": actionOf(ctx, f), "retryable": f.Code.Retryable(), "requestId": access.RequestOf(ctx).ID,
	}
	if len(f.Fields) > 0 {
		fields := make([]map[string]string, len(f.Fields))
		for i, field := range f.Fields {
			fields[i] = map[string]string{"path": field.Path, "message": field.Message}
		}
		ext["fields"] = fields
	}
	if f.Ticket != "" {
		ext["ticket"], ext["factors"] = f.Ticket, f.Factors
	}
	if f.RetryAfter > 0 {
		ext["retryAfter"] = seconds(f.RetryAfter)
	}
	return ext
}

// recovered turns a panic into an error; the stack goes to the log alone.
func recovered(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, thrown any) error {
		log.ErrorContext(ctx, "panic", "request_id", access.RequestOf(ctx).ID, "panic", thrown, "stack", string(debug.Stack()))
		return fault.New(fault.CodeInternal, "Something went wrong on our side. Please report the request id.")
	}
}
