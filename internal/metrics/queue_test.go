package metrics

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func scrape(m *Metrics) *httptest.ResponseRecorder {
	shown := httptest.NewRecorder()
	m.Handler().ServeHTTP(shown, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return shown
}

func TestAQueueThatCannotBeCountedLeavesTheRestToBeShownInTime(t *testing.T) {
	for name, read := range map[string]func(context.Context) (map[string]int, error){
		"broken": func(context.Context) (map[string]int, error) { return nil, errors.New("secret text of a driver") },
		"frozen": func(ctx context.Context) (map[string]int, error) { <-ctx.Done(); return nil, ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := New(Sources{Jobs: read})
				began := time.Now()
				shown := scrape(m)
				if took := time.Since(began); took > queueTimeout {
					t.Errorf("after %s", took)
				}
				body := shown.Body.String()
				if shown.Code != http.StatusOK || !strings.Contains(body, "clinicgraph_build_info") || strings.Contains(body, "clinicgraph_jobs{") || strings.Contains(body, "secret") {
					t.Errorf("%d\n%s", shown.Code, body)
				}
			})
		})
	}
}

func TestTheQueueIsShownByState(t *testing.T) {
	body := scrape(New(Sources{Jobs: func(context.Context) (map[string]int, error) {
		return map[string]int{"available": 3, "running": 0}, nil
	}})).Body.String()
	for _, want := range []string{`clinicgraph_jobs{state="available"} 3`, `clinicgraph_jobs{state="running"} 0`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not shown", want)
		}
	}
}
