package app_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/testdb"
)

// run runs the command line in an environment of its own.
func run(t *testing.T, env map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	t.Setenv("CLINICGRAPH_DATA", t.TempDir())
	for k, v := range env {
		t.Setenv(k, v)
	}
	var o, e bytes.Buffer
	code = app.Main(t.Context(), "v-test", args, &o, &e)
	return code, o.String(), e.String()
}

func TestAWrongSettingStopsTheStartWithOneLine(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(manifest, []byte(`{"x":"{ nothing }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		env  map[string]string
		args []string
		want string
	}{
		"an address":            {map[string]string{"CLINICGRAPH_ADDR": "nowhere"}, nil, "CLINICGRAPH_ADDR"},
		"an environment":        {map[string]string{"CLINICGRAPH_ENV": "prod"}, nil, "CLINICGRAPH_ENV"},
		"a database":            {map[string]string{"DATABASE_URL": "mysql://x"}, nil, "DATABASE_URL"},
		"an unknown key":        {map[string]string{"CLINICGRAPH_ADRR": "127.0.0.1:1"}, nil, "CLINICGRAPH_ADRR"},
		"production, no secret": {map[string]string{"CLINICGRAPH_ENV": "production"}, nil, "CLINICGRAPH_SECRET_FILE"},
		"no manifest":           {map[string]string{"CLINICGRAPH_TRUSTED_DOCUMENTS": "/no/such/file"}, nil, "CLINICGRAPH_TRUSTED_DOCUMENTS"},
		"a useless manifest":    {map[string]string{"CLINICGRAPH_TRUSTED_DOCUMENTS": manifest}, nil, `the document "x", which the graph does not execute: Cannot query field`},
		"an unknown command":    {nil, []string{"fly"}, "fly"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errs := run(t, test.env, test.args...)
			if code != config.ExitUsage || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d\nout: %s\nerr: %s", code, out, errs)
			}
		})
	}
}

func TestVersionAndHelp(t *testing.T) {
	if code, out, _ := run(t, nil, "version"); code != config.ExitOK || out != "v-test\n" {
		t.Errorf("version: exit %d, %q", code, out)
	}
	code, out, _ := run(t, nil, "--help")
	if code != config.ExitOK || !strings.Contains(out, "CLINICGRAPH_ADDR") || !strings.Contains(out, "migrate") {
		t.Errorf("help: exit %d\n%s", code, out)
	}
}

func TestTheCommittedSchemaIsThePublishedOne(t *testing.T) {
	code, out, errs := run(t, nil, "schema", "print")
	if code != config.ExitOK {
		t.Fatal(errs)
	}
	committed, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	if out != string(committed) {
		t.Error("schema.graphqls is stale: run make generate")
	}
}

func TestMigrateAndSeedOnSQLite(t *testing.T) {
	data := t.TempDir()
	env := map[string]string{"CLINICGRAPH_DATA": data}
	if code, out, errs := run(t, env, "migrate", "up"); code != config.ExitOK || !regexp.MustCompile(`^[1-9]\d* migrations applied\n$`).MatchString(out) {
		t.Fatalf("first migration: exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := run(t, env, "migrate", "up"); code != config.ExitOK || out != "0 migrations applied\n" {
		t.Fatalf("second migration: exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := run(t, env, "seed", "base"); code != config.ExitOK || !strings.Contains(out, "one-time password") {
		t.Fatalf("seed: exit %d, %s%s", code, out, errs)
	}
	if code, out, errs := run(t, env, "seed", "base"); code != config.ExitOK || strings.Contains(out, "password") {
		t.Fatalf("second seed: exit %d, %s%s", code, out, errs)
	}
	info, err := os.Stat(filepath.Join(data, "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("secret.key: %v %v", info, err)
	}
	// Without the secret no password of this database fits: nothing is started.
	if err := os.Remove(filepath.Join(data, "secret.key")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a start that refused leaves nothing behind that the next one believes in
		if code, _, errs := run(t, env, "seed", "base"); code != config.ExitUsage || !strings.Contains(errs, "CLINICGRAPH_SECRET_FILE") {
			t.Errorf("without the secret: exit %d, %s", code, errs)
		}
	}
}

func TestServeRefusesAPostgreSQLThatIsNotMigrated(t *testing.T) {
	env := map[string]string{"DATABASE_URL": testdb.NewPostgresDatabase(t, ""), "CLINICGRAPH_ADDR": "127.0.0.1:0"}
	if code, _, errs := run(t, env); code != config.ExitSchema || !strings.Contains(errs, "migrate up") {
		t.Fatalf("serve: exit %d, %s", code, errs)
	}
	if code, out, errs := run(t, env, "migrate", "status"); code != config.ExitOK || !strings.Contains(out, "pending") {
		t.Fatalf("status: exit %d, %s%s", code, out, errs)
	}
	if code, _, errs := run(t, env, "migrate", "up"); code != config.ExitOK {
		t.Fatalf("migrate: exit %d, %s", code, errs)
	}
	if code, out, errs := run(t, env, "seed", "base"); code != config.ExitOK {
		t.Fatalf("seed: exit %d, %s%s", code, out, errs)
	}
}

// writer is what a running server prints, to be read while it runs.
type writer struct {
	mu    sync.Mutex
	text  strings.Builder
	lines chan string
}

func (w *writer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range strings.SplitAfter(string(b), "\n") {
		if line != "" {
			w.lines <- line
		}
	}
	return w.text.Write(b)
}

func TestServeStartsAnswersAndStops(t *testing.T) {
	t.Setenv("CLINICGRAPH_DATA", t.TempDir())
	t.Setenv("CLINICGRAPH_ADDR", "127.0.0.1:0")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, done := &writer{lines: make(chan string, 100)}, make(chan int, 1)
	var errs bytes.Buffer
	go func() { done <- app.Main(ctx, "v-test", nil, out, &errs) }()
	var base string
	for base == "" {
		select {
		case line := <-out.lines:
			if m := regexp.MustCompile(`http://[^/]+`).FindString(line); m != "" {
				base = m
			}
		case code := <-done:
			t.Fatalf("ended at once: exit %d, %s", code, errs.String())
		}
	}
	for path, want := range map[string]string{"/livez": `"ok"`, "/readyz": `"ok"`, "/": `"/graphql"`} {
		if status, body := get(t, base+path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if status, _ := get(t, base+"/nowhere"); status != http.StatusNotFound {
		t.Errorf("an unknown path: %d", status)
	}
	stop()
	if code := <-done; code != config.ExitOK {
		t.Errorf("exit %d, %s", code, errs.String())
	}
	if _, err := http.Get(base + "/livez"); err == nil {
		t.Error("still answers after the stop")
	}
}

func TestServeRefusesAnAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, _, errs := run(t, map[string]string{"CLINICGRAPH_ADDR": taken.Addr().String(), "CLINICGRAPH_ADMIN_ADDR": "off"})
	if code != config.ExitUsage || !strings.Contains(errs, fmt.Sprintf("%q", taken.Addr().String())) {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
