package differential

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// journal keeps the line of the last operation, and the last error.
type journal struct {
	mu        sync.Mutex
	operation string
	errors    []string
}

// unlike are attributes of an operation's line in which the two ways may differ.
var unlike = map[string]bool{"statements": true, "rows": true, "took": true}

func (*journal) Enabled(context.Context, slog.Level) bool { return true }

func (j *journal) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if !unlike[a.Key] {
			fmt.Fprintf(&b, " %s=%s", a.Key, a.Value)
		}
		return true
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case r.Message == "operation" || r.Message == "slow operation":
		j.operation = b.String()
	case r.Level >= slog.LevelError:
		j.errors = append(j.errors, b.String())
	}
	return nil
}

func (j *journal) WithAttrs([]slog.Attr) slog.Handler { return j }
func (j *journal) WithGroup(string) slog.Handler      { return j }

// take gives the line of the operation and the errors since it was last asked.
func (j *journal) take() (operation string, errors []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	operation, errors = j.operation, j.errors
	j.operation, j.errors = "", nil
	return operation, errors
}
