package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// journal keeps what the server logs.
type journal struct {
	mu      sync.Mutex
	lines   []line
	awaited string
	seen    chan struct{} // closed by the awaited line
}

type line struct {
	level slog.Level
	text  string
}

func (j *journal) logger() *slog.Logger { return slog.New(writer{journal: j}) }

// await gives what is closed by the next line with this text.
func (j *journal) await(text string) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.awaited, j.seen = text, make(chan struct{})
	return j.seen
}

// heard is await for a line that may have come already.
func (j *journal) heard(text string) <-chan struct{} {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.awaited, j.seen = text, make(chan struct{})
	seen := j.seen
	for _, l := range j.lines {
		if j.seen != nil && strings.Contains(l.text, text) {
			close(j.seen)
			j.seen = nil
		}
	}
	return seen
}

// errors counts those in the log with the text.
func (j *journal) errors(text string) (n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.lines {
		if l.level >= slog.LevelError && strings.Contains(l.text, text) {
			n++
		}
	}
	return n
}

// mustBeClean fails the test for every error in the log, unless the story has
// broken something, and for a secret in any line.
func (j *journal) mustBeClean(t *testing.T, secrets []string, broken bool) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.lines {
		if l.level >= slog.LevelError && !broken {
			t.Errorf("the server logged an error: %s", l.text)
		}
		for _, s := range secrets {
			if strings.Contains(l.text, s) {
				t.Errorf("a secret is in the log: %s", l.text)
			}
		}
	}
}

// writer is the journal as a slog.Handler.
type writer struct {
	journal *journal
	with    string
}

// Enabled implements slog.Handler: every level is kept.
func (w writer) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (w writer) Handle(_ context.Context, r slog.Record) error {
	var text strings.Builder
	text.WriteString(r.Message + w.with)
	r.Attrs(func(a slog.Attr) bool {
		fmt.Fprintf(&text, " %s", a)
		return true
	})
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	w.journal.lines = append(w.journal.lines, line{r.Level, text.String()})
	if j := w.journal; j.seen != nil && strings.Contains(text.String(), j.awaited) {
		close(j.seen)
		j.seen = nil
	}
	return nil
}

// WithAttrs implements slog.Handler.
func (w writer) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		w.with += " " + a.String()
	}
	return w
}

// WithGroup implements slog.Handler.
func (w writer) WithGroup(string) slog.Handler { return w }
