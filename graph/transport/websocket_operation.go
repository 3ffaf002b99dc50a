package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/internal/fault"
)

// operation is one subscription of a socket.
type operation struct {
	id     string
	cancel context.CancelCauseFunc
}

// subscribe begins an operation. It is parsed, checked and charged on the
// goroutine that reads: a client waits for its own documents.
func (s *socket) subscribe(m message) {
	params, err := ParamsOf(m.payload)
	if err != nil {
		s.shut(closeBadRequest, "Invalid message: the payload is not a request")
		return
	}
	ctx, cancel := s.stream.Operation(s.ctx)
	op := &operation{m.id, cancel}
	s.mu.Lock()
	_, taken := s.operations[m.id]
	full := len(s.operations) >= s.transport.Operations
	if !taken && !full {
		s.operations[m.id] = op
	}
	s.mu.Unlock()
	switch {
	case taken:
		cancel(nil)
		s.shut(closeDuplicate, "Subscriber for "+m.id+" already exists")
		return
	case full:
		cancel(nil)
		s.send(nil, messageError(m.id, Refuse(refusable(ctx), s.exec,
			fault.New(fault.CodeRateLimited, "A connection has at most %d operations.", s.transport.Operations))))
		return
	}
	var running *subscription
	var refused *graphql.Response
	aside(func() { running, refused = subscribe(ctx, s.exec, s.transport.Recover, s.stream.Renew, params) })
	if refused != nil {
		s.finish(op, messageError(op.id, refused))
		return
	}
	go s.carry(op, running)
}

// aside runs f on a goroutine of its own and waits for it. A stack that has grown
// stays grown: validation and queries need a deep one, and those who wait for
// hours must not keep it.
func aside(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// carry sends what an operation gives, until it ends.
func (s *socket) carry(op *operation, running *subscription) {
	for {
		resp, last := running.next()
		switch {
		case !last:
			s.send(op, messageNext(op.id, resp))
			continue
		case resp != nil:
			s.finish(op, messageError(op.id, resp))
		case running.ctx.Err() != nil: // the client has completed it, or gone
			s.finish(op, nil)
		default:
			s.finish(op, messageComplete(op.id))
		}
		return
	}
}

// complete ends an operation that the client wants to hear no more of.
func (s *socket) complete(id string) {
	s.mu.Lock()
	op := s.operations[id]
	s.mu.Unlock()
	if op != nil {
		s.finish(op, nil)
	}
}
