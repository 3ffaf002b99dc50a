package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
)

const secretURL = "postgres://clinic:hunter2@db.example:5432/clinic?sslmode=verify-full&password=hunter3"

// parse reads settings as main does, with an environment of only these
// variables.
func parse(t *testing.T, env map[string]string, args ...string) (Config, error) {
	t.Helper()
	for _, key := range Keys() {
		t.Setenv(key, "") // so that the test's end restores it
		os.Unsetenv(key)
	}
	for key, value := range env {
		t.Setenv(key, value)
	}
	if err := PrepareEnvironment(); err != nil {
		return Config{}, err
	}
	var cfg Config
	parser, err := kong.New(&cfg, kong.Name("clinicgraph"), kong.Exit(func(int) { t.Error("kong wants to exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return cfg, err
}

func defaults() Config {
	return Config{
		Env: Development, Currency: "EUR", Timezone: "UTC",
		Server:   Server{Addr: "127.0.0.1:8080", Playground: "auto"},
		Live:     Live{Streams: 20000, PerUser: 10, Operations: 32},
		Sessions: Sessions{PerUser: 10},
		Mail:     Mail{Registration: "auto"},
		Database: Database{Data: "./data", MaxConns: 16, StatementTimeout: 4 * time.Second, CompiledReads: "on"},
		Factors:  Factors{Require: "auto", Profile: "standard", StepUp: 5 * time.Minute, BreakGlassMax: 4 * time.Hour},
		Load:     Load{ConnsPerIP: 100, RateAnonymous: 50, RateUser: 200, RateStaff: 1000, RateActions: 100, InFlight: 64, DrainDelay: time.Second},
		Log:      Log{Level: "info", Format: "auto"},
		Observe:  Observe{AdminAddr: "auto", SlowOperation: time.Second, SlowSQL: 200 * time.Millisecond, TracesShare: 1},
		Audit:    Audit{Keep: 13, Stream: "off"},
		Limits:   limits(),
	}
}

func limits() Limits {
	return Limits{
		BodyBytes: 102400, JSONDepth: 32, DocumentBytes: 16384, Tokens: 1000, Operations: 5, Depth: 12, Aliases: 30, Directives: 20, Fragments: 30,
		QueryFields: 10, MutationFields: 3, List: 100, FilterDepth: 5, FilterConditions: 50,
		CostAnonymous: 500, CostUser: 2000, CostStaff: 10_000, Introspection: 40, Errors: 10, Duration: 10 * time.Second,
	}
}

func TestNothingConfiguredIsALocalServerOnSQLite(t *testing.T) {
	got, err := parse(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), got); diff != "" {
		t.Error(diff)
	}
	if path, mayCreate := got.SecretPath(); path != filepath.Join("data", "secret.key") || !mayCreate {
		t.Errorf("SecretPath() = %q, %v", path, mayCreate)
	}
	if !got.PlaygroundOn() || got.Production() || got.Location().String() != "UTC" {
		t.Errorf("playground %v, production %v, zone %s", got.PlaygroundOn(), got.Production(), got.Location())
	}
}

func TestEverySettingIsReadFromTheEnvironment(t *testing.T) {
	got, err := parse(t, map[string]string{
		"CLINICGRAPH_ENV":                 "production",
		"CLINICGRAPH_SECRET_FILE":         "/run/secrets/clinicgraph",
		"CLINICGRAPH_CURRENCY":            "CHF",
		"CLINICGRAPH_CLINIC_NAME":         "Lakeside",
		"CLINICGRAPH_TIMEZONE":            "Europe/Zurich",
		"CLINICGRAPH_AUDIT_RULES":         "LOGOUT=off,TOKEN_REFRESH=sampled:10",
		"CLINICGRAPH_ADDR":                "[::]:9000",
		"CLINICGRAPH_PUBLIC_URL":          " https://clinic.example/ ",
		"CLINICGRAPH_ALLOWED_ORIGINS":     "https://App.clinic.example, https://desk.clinic.example:8443/",
		"CLINICGRAPH_PLAYGROUND":          "off",
		"CLINICGRAPH_TRUSTED_DOCUMENTS":   "/etc/clinicgraph/documents.json",
		"CLINICGRAPH_SERVE_GET":           "true",
		"DATABASE_URL":                    secretURL,
		"CLINICGRAPH_DATA":                "/var/lib/clinicgraph",
		"CLINICGRAPH_DB_CONNS":            "8",
		"CLINICGRAPH_STATEMENT_TIMEOUT":   "2500ms",
		"CLINICGRAPH_AUTO_MIGRATE":        "true",
		"CLINICGRAPH_FORMER_SECRET_FILES": "/run/secrets/before, /run/secrets/long-before",
		"CLINICGRAPH_TRUSTED_PROXIES":     "10.0.0.0/8, 2001:db8::1",
		"CLINICGRAPH_CONNS_PER_IP":        "7",
		"CLINICGRAPH_RATE_ANONYMOUS":      "1",
		"CLINICGRAPH_RATE_USER":           "2",
		"CLINICGRAPH_RATE_STAFF":          "0",
		"CLINICGRAPH_RATE_ACTIONS":        "3",
		"CLINICGRAPH_IN_FLIGHT":           "9",
		"CLINICGRAPH_DRAIN_DELAY":         "5s",
		"CLINICGRAPH_LOG_LEVEL":           "debug",
		"CLINICGRAPH_LOG_FORMAT":          "json",
		"CLINICGRAPH_ADMIN_ADDR":          ":9100",
		"CLINICGRAPH_SLOW_OPERATION":      "2s",
		"CLINICGRAPH_SLOW_SQL":            "50ms",
		"CLINICGRAPH_TRACES_URL":          "http://collector.example:4318/v1/traces",
		"CLINICGRAPH_TRACES_SHARE":        "0.25",
		"CLINICGRAPH_AUDIT_HEADS":         "/srv/heads.jsonl",
		"CLINICGRAPH_AUDIT_ARCHIVE":       "/srv/archive",
		"CLINICGRAPH_AUDIT_KEEP":          "24",
		"CLINICGRAPH_AUDIT_STREAM":        "stdout",

		"CLINICGRAPH_LISTEN_ADDR":           "db.internal:5432",
		"CLINICGRAPH_LIVE_STREAMS":          "500",
		"CLINICGRAPH_LIVE_STREAMS_PER_USER": "5",
		"CLINICGRAPH_LIVE_OPERATIONS":       "3",
		"CLINICGRAPH_SESSIONS_PER_USER":     "4",

		"CLINICGRAPH_SMTP_URL":            " smtps://clinic:hunter2@mail.clinic.example\n",
		"CLINICGRAPH_MAIL_FROM":           "Clinic <no-reply@clinic.example>",
		"CLINICGRAPH_LINK_VERIFY_EMAIL":   "https://app.clinic.example/verify?t={token}",
		"CLINICGRAPH_LINK_RESET_PASSWORD": "https://app.clinic.example/reset#{token}",
		"CLINICGRAPH_REGISTRATION":        "closed",

		"CLINICGRAPH_REQUIRE_SECOND_FACTOR": "staff",
		"CLINICGRAPH_PASSWORD_PROFILE":      "strict",
		"CLINICGRAPH_STEP_UP":               "2m",
		"CLINICGRAPH_BREAK_GLASS_MAX":       "90m",
		"CLINICGRAPH_COMPILED_READS":        "off",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Env: Production, SecretFile: "/run/secrets/clinicgraph", FormerSecretFiles: []string{"/run/secrets/before", "/run/secrets/long-before"}, Currency: "CHF", ClinicName: "Lakeside", Timezone: "Europe/Zurich", AuditRules: []string{"LOGOUT=off", "TOKEN_REFRESH=sampled:10"},
		Server: Server{
			Addr: "[::]:9000", PublicURL: "https://clinic.example", Playground: "off", TrustedDocuments: "/etc/clinicgraph/documents.json", ServeGET: true,
			AllowedOrigins: []string{"https://app.clinic.example", "https://desk.clinic.example:8443"},
		},
		Live: Live{Streams: 500, PerUser: 5, Operations: 3}, Sessions: Sessions{PerUser: 4},
		Mail: Mail{
			SMTPURL: "smtps://clinic:hunter2@mail.clinic.example", From: "Clinic <no-reply@clinic.example>", Registration: "closed",
			LinkVerifyEmail: "https://app.clinic.example/verify?t={token}", LinkResetPassword: "https://app.clinic.example/reset#{token}",
		},
		Factors:  Factors{Require: "staff", Profile: "strict", StepUp: 2 * time.Minute, BreakGlassMax: 90 * time.Minute},
		Database: Database{URL: secretURL, ListenAddr: "db.internal:5432", Data: "/var/lib/clinicgraph", MaxConns: 8, StatementTimeout: 2500 * time.Millisecond, CompiledReads: "off", AutoMigrate: true},
		Log:      Log{Level: "debug", Format: "json"},
		Observe: Observe{
			AdminAddr: ":9100", SlowOperation: 2 * time.Second, SlowSQL: 50 * time.Millisecond,
			TracesURL: "http://collector.example:4318/v1/traces", TracesShare: 0.25,
		},
		Audit: Audit{Heads: "/srv/heads.jsonl", Archive: "/srv/archive", Keep: 24, Stream: "stdout"},
		Load: Load{
			TrustedProxies: []string{"10.0.0.0/8", "2001:db8::1"}, ConnsPerIP: 7,
			RateAnonymous: 1, RateUser: 2, RateActions: 3, InFlight: 9, DrainDelay: 5 * time.Second,
		},
		Limits: limits(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if path, mayCreate := got.SecretPath(); path != "/run/secrets/clinicgraph" || mayCreate {
		t.Errorf("SecretPath() = %q, %v: a named file is not made up", path, mayCreate)
	}
}

func TestFlagsBeatTheEnvironment(t *testing.T) {
	got, err := parse(t, map[string]string{"CLINICGRAPH_ADDR": "127.0.0.1:1111", "CLINICGRAPH_DATA": "/env"},
		"--addr=localhost:0", "--auto-migrate", "--database-url=postgres:///clinic?host=/var/run/postgresql")
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Server.Addr = "localhost:0"
	want.Database = Database{URL: "postgres:///clinic?host=/var/run/postgresql", Data: "/env", MaxConns: 16, StatementTimeout: 4 * time.Second, CompiledReads: "on", AutoMigrate: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyVariablesCountAsUnset(t *testing.T) {
	env := map[string]string{}
	for _, key := range Keys() {
		env[key] = ""
	}
	got, err := parse(t, env)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(defaults(), got); diff != "" {
		t.Error(diff)
	}
}

func TestEverySettingHasFlagEnvironmentNameAndHelp(t *testing.T) {
	var cfg Config
	parser, err := kong.New(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, flag := range parser.Model.Flags {
		if flag.Name == "help" {
			continue
		}
		n++
		if len(flag.Envs) != 1 || flag.Envs[0] != envOf(flag.Name) || !strings.HasSuffix(flag.Help, ".") {
			t.Errorf("--%s: environment %q, help %q", flag.Name, flag.Envs, flag.Help)
		}
	}
	if n != len(Keys()) || n < 15 {
		t.Errorf("%d flags, %d keys", n, len(Keys()))
	}
}

func TestDatabaseURLFromFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(file, []byte("\n"+secretURL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := parse(t, map[string]string{"DATABASE_URL_FILE": file})
	if err != nil {
		t.Fatal(err)
	}
	if got.Database.URL.Reveal() != secretURL || got.Database.URLFile != "" {
		t.Errorf("URL %q, file %q", got.Database.URL.Reveal(), got.Database.URLFile)
	}
	if err := got.Validate(); err != nil {
		t.Errorf("a second Validate: %v", err)
	}
}

func TestDatabaseURLNeverPrintsItsSecrets(t *testing.T) {
	cfg := defaults()
	cfg.Database.URL = secretURL
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&out, verb+verb+"\n", cfg.Database.URL, cfg)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "url", cfg.Database.URL, "config", cfg)
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "url", cfg.Database.URL, "config", cfg)
	if err := json.NewEncoder(&out).Encode(cfg); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "hunter") || strings.Contains(out.String(), fmt.Sprintf("%x", "hunter")) {
		t.Error(out.String())
	}
	for raw, shown := range map[string]string{
		"":                                   "",
		secretURL:                            "postgres://db.example:5432/clinic",
		"postgres:///clinic?host=/run":       "postgres:///clinic",
		"postgres://u:12/34@h/db":            hidden,
		"postgres://u:12#34@h/db":            hidden,
		"postgres://u:p@ss/word@h/db":        hidden,
		"host=db password=hunter2":           hidden,
		"hunter2":                            hidden,
		"clinic:hunter2@db":                  hidden,
		"hunter2:x":                          hidden,
		"postgres://u:hunter2@h:port/db":     hidden,
		"postgres://u:p%40@h/db?password=pw": "postgres://h/db",
	} {
		if got := URL(raw).String(); got != shown {
			t.Errorf("%q is shown as %q, want %q", raw, got, shown)
		}
	}
}

func TestUnknownKeysAreRefusedWithASuggestion(t *testing.T) {
	environ := []string{"PATH=/bin", "CLINICGRAPH_ADDR=:1", "CLINICGRAPH_FOO=hunter2", "CLINICGRAPH_ADR=hunter2", "CLINICGRAPHIC=1", "DATABASE_URL=x"}
	if diff := cmp.Diff([]string{"CLINICGRAPH_ADR", "CLINICGRAPH_FOO"}, UnknownKeys(environ)); diff != "" {
		t.Error(diff)
	}
	for key, want := range map[string]string{
		"CLINICGRAPH_ADR":            "CLINICGRAPH_ADR is not a setting; did you mean CLINICGRAPH_ADDR? Otherwise unset it",
		"CLINICGRAPH_LOGLEVEL":       "CLINICGRAPH_LOGLEVEL is not a setting; did you mean CLINICGRAPH_LOG_LEVEL? Otherwise unset it",
		"CLINICGRAPH_DATABASE_URL":   "CLINICGRAPH_DATABASE_URL is not a setting; did you mean DATABASE_URL? Otherwise unset it",
		"CLINICGRAPH_ALLOWED_ORIGIN": "CLINICGRAPH_ALLOWED_ORIGIN is not a setting; did you mean CLINICGRAPH_ALLOWED_ORIGINS? Otherwise unset it",
		"CLINICGRAPH_FOO":            "CLINICGRAPH_FOO is not a setting; unset it; --help lists the known ones",
		"CLINICGRAPH_":               "CLINICGRAPH_ is not a setting; unset it; --help lists the known ones",
	} {
		_, err := parse(t, map[string]string{key: "hunter2"})
		os.Unsetenv(key)
		var wrong *Error
		if !errors.As(err, &wrong) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestPlaygroundIsOffInProductionUnlessSwitchedOn(t *testing.T) {
	for _, c := range []struct {
		env        Environment
		playground string
		want       bool
	}{
		{Development, "auto", true}, {Development, "off", false}, {Development, "on", true},
		{Production, "auto", false}, {Production, "off", false}, {Production, "on", true},
	} {
		cfg := Config{Env: c.env, Server: Server{Playground: c.playground}}
		if got := cfg.PlaygroundOn(); got != c.want {
			t.Errorf("%s, %s: %v", c.env, c.playground, got)
		}
		cfg.Server.TrustedDocuments = "/f"
		if c.playground == "auto" && cfg.PlaygroundOn() {
			t.Errorf("%s, %s: a playground with trusted documents", c.env, c.playground)
		}
	}
}

func TestTheAdminListenerIsOnThisMachineBesideTheServer(t *testing.T) {
	for name, c := range map[string]struct{ addr, admin, want string }{
		"beside the default":     {"127.0.0.1:8080", "auto", "127.0.0.1:8081"},
		"not on all interfaces":  {":9000", "auto", "127.0.0.1:9001"},
		"a free port beside one": {"127.0.0.1:0", "auto", "127.0.0.1:0"},
		"after the last port":    {"[::1]:65535", "auto", "127.0.0.1:0"},
		"as it is said":          {"127.0.0.1:8080", "0.0.0.0:9100", "0.0.0.0:9100"},
		"off":                    {"127.0.0.1:8080", "off", ""},
	} {
		cfg := Config{Server: Server{Addr: c.addr}, Observe: Observe{AdminAddr: c.admin}}
		if got := cfg.AdminListen(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
