package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/lib/pq"
)

func TestOptions_require_TLS_except_on_this_machine(t *testing.T) {
	got, want := map[string]pq.SSLMode{}, map[string]pq.SSLMode{
		"postgres://db.example.org/x":                    pq.SSLModeRequire,
		"postgres://db.example.org/x?sslmode=disable":    pq.SSLModeDisable,
		"postgres://192.0.2.1/x":                         pq.SSLModeRequire,
		"postgres://localhost/x":                         pq.SSLModeDisable,
		"postgres://localhost/x?sslmode=verify-full":     pq.SSLModeVerifyFull,
		"postgres://127.0.0.1:5433/x":                    pq.SSLModeDisable,
		"postgres://[::1]:5432/x":                        pq.SSLModeDisable,
		"postgres:///x?host=/run/postgresql":             pq.SSLModeDisable,
		"postgres://db.example.org/x?hostaddr=127.0.0.1": pq.SSLModeDisable,
		"postgres://localhost,db.example.org/x":          pq.SSLModeRequire,
	}
	for url := range want {
		cfg, err := Options{URL: url}.config()
		if err != nil {
			t.Fatal(err)
		}
		got[url] = cfg.SSLMode
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOptions_keep_no_statements_behind_PgBouncer(t *testing.T) {
	for url, want := range map[string]int{
		"postgres://localhost/x":                       defaultCachedStatements,
		"postgres://localhost/x?binary_parameters=yes": 0,
	} {
		cfg, err := Options{URL: url}.config()
		if err != nil {
			t.Fatal(err)
		}
		if got := (Options{URL: url}).cacheLimit(cfg); got != want {
			t.Errorf("%s: %d statements, want %d", url, got, want)
		}
	}
	if got := (Options{CachedStatements: -1}).cacheLimit(pq.Config{}); got != 0 {
		t.Errorf("-1: %d statements, want none", got)
	}
}
