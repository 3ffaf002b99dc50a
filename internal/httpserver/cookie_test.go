package httpserver_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"clinicgraph/internal/httpserver"
)

func TestBrowsersAreToldToUseTLSInProductionAlone(t *testing.T) {
	for production, want := range map[bool]string{true: "max-age=31536000", false: ""} {
		s := &httpserver.Server{Graph: http.NotFoundHandler(), Production: production, Log: slog.New(slog.DiscardHandler)}
		rec := httptest.NewRecorder()
		s.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/livez", nil))
		if got := rec.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("production %t: %q, want %q", production, got, want)
		}
	}
}
