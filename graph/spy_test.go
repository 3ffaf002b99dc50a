package graph_test

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"clinicgraph/internal/store"
)

// spy is the driver of the endpoint: it keeps the statements that are sent outside
// of transactions, and lets tests break one.
type spy struct {
	*store.Driver
	mu   sync.Mutex
	sent []string
	fail func(query string) error // nil: never; may panic
}

// Query implements dialect.Driver.
func (s *spy) Query(ctx context.Context, query string, args, v any) error {
	s.mu.Lock()
	s.sent = append(s.sent, query)
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if err := fail(query); err != nil {
			return err
		}
	}
	return s.Driver.Query(ctx, query, args, v)
}

func (s *spy) set(fail func(query string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = fail
}

func (s *spy) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() { s.sent = nil }()
	return slices.Clone(s.sent)
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.text.Reset()
	return j.text.String()
}
