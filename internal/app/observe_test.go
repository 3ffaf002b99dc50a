package app

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clinicgraph/internal/metrics"
)

func TestAJobThatFailsOrPanicsIsCountedAsFailed(t *testing.T) {
	w := &observer{metrics: metrics.New(metrics.Sources{})}
	broken := errors.New("broken")
	if err := w.job(t.Context(), "a-job", func(context.Context) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("the job's error is %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost: the queue would take the job for done")
			}
		}()
		_ = w.job(t.Context(), "a-job", func(context.Context) error { panic("broken") })
	}()
	if err := w.job(t.Context(), "a-job", func(context.Context) error { return nil }); err != nil {
		t.Error(err)
	}
	shown := httptest.NewRecorder()
	w.metrics.Handler().ServeHTTP(shown, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	for _, want := range []string{`clinicgraph_job_runs_total{kind="a-job",outcome="failed"} 2`, `clinicgraph_job_runs_total{kind="a-job",outcome="ok"} 1`} {
		if !strings.Contains(shown.Body.String(), want) {
			t.Errorf("%s is not shown", want)
		}
	}
}
