package httpserver

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/graph/transport"
)

// maxAhead is more than the graph reads of a body, and maxKept the most that is
// kept in memory for the next ones.
const (
	maxAhead = 128 << 10
	maxKept  = 16 << 10
)

// ahead is a body of which the beginning is in memory.
type ahead struct {
	*bytes.Buffer
	io.Closer
	limited io.LimitedReader
	rest    io.Reader
	failed  error        // reading it; nil: the rest can be read on
	none    bytes.Buffer // what is there once the memory is given back

	depth  int // by which the parameters were read; 0: they were not
	params *graphql.RawParams
	bad    error // what is wrong with them
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

var _ transport.ReadAhead = (*ahead)(nil)

// readAhead reads the body into memory and leaves it in the request to be read
// again, with whatever went wrong. Of one that is too long it reads only the
// beginning, or nothing: nil. It is released when the request has been answered.
func readAhead(r *http.Request) *ahead {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength > maxAhead {
		return nil
	}
	a := &ahead{Buffer: buffers.Get().(*bytes.Buffer), Closer: r.Body, rest: r.Body, limited: io.LimitedReader{R: r.Body, N: maxAhead}}
	// Room for what the client says will come, and not more than it has likely sent:
	// its word costs it nothing.
	const believed = 8 << 10
	a.Grow(int(min(max(r.ContentLength, 0), believed)) + bytes.MinRead)
	_, a.failed = a.ReadFrom(&a.limited)
	r.Body = a
	return a
}

// text is what is in memory.
func (a *ahead) text() []byte {
	if a == nil {
		return nil
	}
	return a.Bytes()
}

// release gives the memory to the next body. Whoever still held this one would
// find nothing in it.
func (a *ahead) release() {
	if a == nil {
		return
	}
	given := a.Buffer
	a.Buffer = &a.none
	if given.Cap() <= maxKept {
		given.Reset()
		buffers.Put(given)
	}
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	switch {
	case a.Len() > 0:
		return a.Buffer.Read(p)
	case a.failed != nil:
		return 0, a.failed
	default:
		return a.rest.Read(p)
	}
}

// Whole implements transport.ReadAhead.
func (a *ahead) Whole() (length int, whole bool) {
	return a.Len(), a.failed == nil && a.limited.N > 0
}

// Params implements transport.ReadAhead.
func (a *ahead) Params(depth int) (*graphql.RawParams, error) {
	if a.depth != depth {
		a.depth = depth
		a.params, a.bad = transport.ReadParams(a.Bytes(), depth)
	}
	return a.params, a.bad
}
