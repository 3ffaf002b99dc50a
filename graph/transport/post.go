// Package transport owns how requests of the graph come in over HTTP and how
// their answers go out: media types, the reading of bodies, statuses. It never
// decides who may ask what, and it writes no error by itself: every refusal
// passes the executor's presenter.
package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"clinicgraph/internal/fault"
)

// POST answers queries and mutations, one in each request, as JSON (GraphQL over
// HTTP). It takes every request that no transport before it has taken, so that
// what is not served is refused in the form of the contract: other methods with
// 405, other media types and encodings with 415.
type POST struct {
	MaxBody int64 // bytes
	Depth   int   // levels of its JSON
	Recover graphql.RecoverFunc
	GET     bool // queries are served by GET as well
}

var _ graphql.Transport = POST{}

// Supports implements graphql.Transport: add POST as the last one.
func (POST) Supports(*http.Request) bool { return true }

// Do implements graphql.Transport.
func (p POST) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	respond(w, r, exec, p.Recover, p.read)
}

// refusal is a request that HTTP is enough to refuse.
type refusal struct {
	status int
	err    error
}

// notAcceptable is the refusal of a request whose answer nobody could read.
var notAcceptable = &refusal{http.StatusNotAcceptable, fault.New(fault.CodeBadUserInput, "The graph answers with %s or %s.", Response, JSON)}

// respond answers one request, whose parameters read gives. The answer is written
// once, when all of it is known.
func respond(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, recovered graphql.RecoverFunc,
	read func(w http.ResponseWriter, r *http.Request, acceptable bool) (*graphql.RawParams, *refusal)) {
	media, acceptable := Negotiate(r.Header.Values("Accept"))
	// What is refused before there is an operation is refused in an empty one.
	none := func() context.Context {
		return graphql.WithOperationContext(r.Context(), &graphql.OperationContext{})
	}
	defer func() {
		if thrown := recover(); thrown != nil {
			ctx := none()
			resp := Refuse(ctx, exec, recovered(ctx, thrown))
			Write(w, media, Status(media, resp), resp)
		}
	}()
	params, refused := read(w, r, acceptable)
	if refused != nil {
		Write(w, media, refused.status, Refuse(none(), exec, refused.err))
		return
	}
	resp, allowed := run(r.Context(), exec, params)
	if !allowed {
		w.Header().Set("Allow", http.MethodPost)
		Write(w, media, http.StatusMethodNotAllowed, resp)
		return
	}
	Write(w, media, Status(media, resp), resp)
}

// Refuse is the response to a request that is not executed.
func Refuse(ctx context.Context, exec graphql.GraphExecutor, err error) *graphql.Response {
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
}

// run executes a request, and says whether its method allows the operation.
func run(ctx context.Context, exec graphql.GraphExecutor, params *graphql.RawParams) (_ *graphql.Response, allowed bool) {
	operation, errs := exec.CreateOperationContext(ctx, params)
	if Safe(ctx) && operation.Operation != nil && operation.Operation.Operation != ast.Query {
		return exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs), false
	}
	if len(errs) == 0 && operation.Operation.Operation == ast.Subscription {
		errs = gqlerror.List{gqlerror.Wrap(fault.New(fault.CodeBadUserInput,
			"A subscription is asked over a WebSocket, or with Accept: text/event-stream."))}
	}
	if len(errs) > 0 {
		return exec.DispatchError(graphql.WithOperationContext(ctx, operation), errs), true
	}
	responses, ctx := exec.DispatchOperation(ctx, operation)
	if resp := responses(ctx); resp != nil {
		return resp, true
	}
	// The context ended before anything was executed. Most often the client has
	// gone, which is nothing for the log.
	return Refuse(ctx, exec, fault.Wrap(fault.CodeOverloaded, context.Cause(ctx), "The request waited for too long. Please try again.")), true
}

// read checks the request from the outside in and reads its parameters.
func (p POST) read(w http.ResponseWriter, r *http.Request, acceptable bool) (*graphql.RawParams, *refusal) {
	refuse := func(status int, format string, args ...any) (*graphql.RawParams, *refusal) {
		return nil, &refusal{status, fault.New(fault.CodeBadUserInput, format, args...)}
	}
	switch {
	case r.Method == http.MethodPost:
	case p.GET:
		w.Header().Set("Allow", http.MethodGet+", "+http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, "The graph is asked with POST, and for queries also with GET.")
	default:
		w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, "The graph is asked with POST.")
	}
	if !isJSON(r.Header.Values("Content-Type")) {
		return refuse(http.StatusUnsupportedMediaType, "The graph is asked with Content-Type: application/json, in UTF-8.")
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		w.Header().Set("Accept-Encoding", "identity")
		return refuse(http.StatusUnsupportedMediaType, "The graph reads no compressed bodies.")
	}
	if !acceptable {
		return nil, notAcceptable
	}
	start := graphql.Now()
	params, refused := p.params(w, r)
	if refused != nil {
		return nil, refused
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, nil
}

// ReadAhead is a body that is in memory already: to find out how urgent a request
// is somebody has looked into it.
type ReadAhead interface {
	io.ReadCloser
	// Whole gives the length of what is in memory, and whether that is all of it.
	Whole() (length int, whole bool)
	// Params is ReadParams of what is in memory. They are read once: who takes them
	// may change them.
	Params(depth int) (*graphql.RawParams, error)
}

// params reads the parameters out of the body.
func (p POST) params(w http.ResponseWriter, r *http.Request) (params *graphql.RawParams, _ *refusal) {
	var err error
	body, ahead := r.Body.(ReadAhead)
	var length int
	if ahead {
		length, ahead = body.Whole()
	}
	switch {
	case ahead && int64(length) <= p.MaxBody:
		params, err = body.Params(p.Depth)
	default:
		text := buffers.Get().(*bytes.Buffer)
		defer release(text)
		if refused := p.receive(text, w, r); refused != nil {
			return nil, refused
		}
		params, err = ReadParams(text.Bytes(), p.Depth)
	}
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, err}
	}
	return params, nil
}

// receive reads the body, as far as it is not too long. One that says so is not
// read at all.
func (p POST) receive(body *bytes.Buffer, w http.ResponseWriter, r *http.Request) *refusal {
	tooLong := r.ContentLength > p.MaxBody
	if !tooLong {
		_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, p.MaxBody))
		if _, tooLong = errors.AsType[*http.MaxBytesError](err); err != nil && !tooLong {
			return &refusal{http.StatusBadRequest, fault.Wrap(fault.CodeBadUserInput, err, "The body ended before it was whole.")}
		}
	}
	if tooLong {
		return &refusal{http.StatusRequestEntityTooLarge, fault.New(fault.CodePayloadTooLarge, "A request has at most %d bytes.", p.MaxBody)}
	}
	return nil
}

// isJSON says whether a request declares JSON, once, and no encoding but UTF-8.
func isJSON(contentType []string) bool {
	if len(contentType) != 1 {
		return false
	}
	if contentType[0] == JSON { // as nearly all say it
		return true
	}
	media, params, err := mime.ParseMediaType(contentType[0])
	charset, set := params["charset"]
	return err == nil && media == JSON && (!set || strings.EqualFold(charset, "utf-8"))
}
