package httpserver

import (
	"log/slog"
	"sync"
	"time"

	"clinicgraph/internal/fault"
)

// refusals tells the log of what is refused under load, once a second with the
// counts: a line for each would be a load of its own.
type refusals struct {
	mu     sync.Mutex
	counts map[fault.Code]int // since the last line; empty: no line is due
}

// underLoad says whether requests are refused so for being many, and not for what
// they are.
func underLoad(code fault.Code) bool {
	return code == fault.CodeOverloaded || code == fault.CodeRateLimited
}

// add counts a refusal. The first one has the line written a second later.
func (r *refusals) add(code fault.Code, log *slog.Logger) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.counts) == 0 {
		r.counts = map[fault.Code]int{}
		time.AfterFunc(time.Second, func() { r.tell(log) })
	}
	r.counts[code]++
}

// tell writes the line: the codes and how many were refused with each.
func (r *refusals) tell(log *slog.Logger) {
	r.mu.Lock()
	counts := r.counts
	r.counts = nil
	r.mu.Unlock()
	log.Info("refused under load", string(fault.CodeOverloaded), counts[fault.CodeOverloaded], string(fault.CodeRateLimited), counts[fault.CodeRateLimited])
}
