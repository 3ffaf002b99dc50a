package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

func TestAChangeOfSettingsIsOnRecord(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		cfg := config.Config{Currency: "EUR", Database: config.Database{MaxConns: 16, StatementTimeout: 4 * time.Second}}
		told := 0
		// start is one start of the server: what it has put on record.
		start := func() map[string]string {
			t.Helper()
			if err := recordConfiguration(t.Context(), s, cfg); err != nil {
				t.Fatal(err)
			}
			events, err := s.Client.AuditLog.Query().Where(auditlog.Event(audit.EventConfiguration)).
				Order(ent.Asc(auditlog.FieldID)).Offset(told).All(access.System(t.Context(), "test"))
			if err != nil {
				t.Fatal(err)
			}
			told += len(events)
			changed := map[string]string{}
			for _, e := range events {
				changed[e.Resource] = e.Details
			}
			return changed
		}
		first := start()
		for _, usual := range []string{"CLINICGRAPH_CURRENCY", "CLINICGRAPH_DB_CONNS", "CLINICGRAPH_STATEMENT_TIMEOUT", "CLINICGRAPH_AUDIT_RULES", "CLINICGRAPH_AUTO_MIGRATE"} {
			if text, on := first[usual]; on {
				t.Errorf("%s is as usual and on record as %q", usual, text)
			}
		}
		for _, step := range []struct {
			change func()
			want   map[string]string
		}{
			{func() {}, map[string]string{}},
			{func() {
				cfg.AuditRules = []string{"LOGIN=off", "LOGOUT=off"}
				cfg.Database.URL = "postgres://clinic:canary-1@db.example:5432/clinic?password=canary-2"
				cfg.Observe.TracesURL = "http://user:canary-3@traces.example/v1"
				cfg.Database.StatementTimeout = 5 * time.Second
				cfg.Database.AutoMigrate = true
			}, map[string]string{
				"CLINICGRAPH_AUDIT_RULES":       "LOGIN=off,LOGOUT=off",
				"DATABASE_URL":                  "postgres://db.example:5432/clinic",
				"CLINICGRAPH_TRACES_URL":        "http://traces.example/v1",
				"CLINICGRAPH_STATEMENT_TIMEOUT": "5s",
				"CLINICGRAPH_AUTO_MIGRATE":      "true",
			}},
			{func() {}, map[string]string{}},
			{func() { cfg.AuditRules, cfg.Database.StatementTimeout = nil, 4*time.Second },
				map[string]string{"CLINICGRAPH_AUDIT_RULES": "", "CLINICGRAPH_STATEMENT_TIMEOUT": "4s"}},
			{func() {}, map[string]string{}},
		} {
			step.change()
			if diff := cmp.Diff(step.want, start()); diff != "" {
				t.Fatalf("on record (-want +got):\n%s", diff)
			}
		}
	})
}
