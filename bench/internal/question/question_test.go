package question_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/question"
	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// server is a server on the benchmark's clinic.
type server struct {
	addr      string
	db        *store.DB
	passwords map[string]string

	doctor, customer string
}

func serve(t *testing.T) server {
	t.Helper()
	ctx := t.Context()
	log := slog.New(slog.DiscardHandler)
	url := testdb.NewPostgresDatabase(t, "")
	db, err := store.OpenPostgres(ctx, store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{
		Env: config.Development, Currency: "EUR", Timezone: "UTC", Server: config.Server{Playground: "off"},
		Database: config.Database{URL: config.URL(url), Data: t.TempDir(), AutoMigrate: true},
	}
	a, err := app.New(ctx, cfg, log, app.Options{Version: "test", DB: db})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c, err := clinic.New(clinic.SizeFor(5000), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	passwords := c.NewPasswords()
	hashes, err := clinic.Hashes(ctx, filepath.Join(cfg.Database.Data, "secret.key"), passwords)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Load(ctx, url, hashes, log); err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(a.Handler)
	t.Cleanup(listening.Close)
	logins := c.Logins()
	return server{listening.Listener.Addr().String(), db, passwords, logins[2], logins[3]}
}

func (s server) token(t *testing.T, login string) string {
	t.Helper()
	token, err := closedloop.SignIn(t.Context(), s.addr, login, s.passwords[login])
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestEveryOperationAnswersRight(t *testing.T) {
	s := serve(t)
	source := &question.Source{DB: s.db.Read}
	for _, who := range []struct {
		login      string
		operations []string
	}{ // the doctor first: whom others book for is the doctor's patient from then on
		{s.doctor, question.Names}, {s.customer, []string{"Q1", "Q2", "Q3", "Q4", "Q5"}}, {clinic.Staff, question.Names}, {clinic.Manager, question.Names},
	} {
		t.Run(who.login, func(t *testing.T) {
			token := s.token(t, who.login)
			sets, err := source.Prepare(t.Context(), who.login, func(ctx context.Context, body []byte) ([]byte, error) {
				return closedloop.Ask(ctx, s.addr, token, body)
			}, question.Ours, question.Names)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, set := range append([]*question.Set{question.Nothing()}, sets...) {
				names = append(names, set.Name)
				before := s.db.CacheStats()
				const asked = 30
				if err := closedloop.InTurn(t.Context(), s.addr, token, set, asked); err != nil {
					t.Error(err)
				}
				after := s.db.CacheStats()
				t.Logf("%s: %.3g statements for a request", set.Name,
					float64(after.Hits+after.Prepared+after.Bypassed-before.Hits-before.Prepared-before.Bypassed)/asked)
			}
			if diff := cmp.Diff(append([]string{"nothing"}, who.operations...), names); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
		})
	}
}

func TestACustomerBooksWhereNobodyAsksForTheirHistory(t *testing.T) {
	s := serve(t)
	sets, err := (&question.Source{DB: s.db.Read}).Prepare(t.Context(), s.customer, nil, question.Ours, []string{"M1"})
	if err != nil || len(sets) != 1 {
		t.Fatal(sets, err)
	}
	if err := closedloop.InTurn(t.Context(), s.addr, s.token(t, s.customer), sets[0], 30); err != nil {
		t.Error(err)
	}
}

func TestALoadIsTooShortOrAnsweredInFull(t *testing.T) {
	s := serve(t)
	token := s.token(t, clinic.Staff)
	sets, err := (&question.Source{DB: s.db.Read}).Prepare(t.Context(), clinic.Staff, nil, question.Ours, []string{"Q5"})
	if err != nil {
		t.Fatal(err)
	}
	var calls int
	count := func() error { calls++; return nil }
	load := closedloop.Load{Addr: s.addr, Token: token, Connections: 4, Warm: 50 * time.Millisecond, Measure: 300 * time.Millisecond, Begin: count, End: count}
	r, err := load.Run(t.Context(), sets[0])
	if err != nil {
		t.Fatal(err)
	}
	if r.Requests == 0 || r.P50 > r.P99 || r.Dry || calls != 2 || r.Bytes/int64(r.Requests) < 50 {
		t.Errorf("result %+v after %d calls", r, calls)
	}

	load.Token = "not a token"
	if _, err := load.Run(t.Context(), sets[0]); err == nil || !strings.Contains(err.Error(), "UNAUTHENTICATED") {
		t.Errorf("with a bad token Run = %v", err)
	}
	load.Begin = func() error { return errors.New("no figures") }
	load.Token = token
	if _, err := load.Run(t.Context(), sets[0]); err == nil || !strings.Contains(err.Error(), "no figures") {
		t.Errorf("without figures Run = %v", err)
	}
}

func TestCheck(t *testing.T) {
	q := question.Nothing().Questions[0]
	for name, tc := range map[string]struct {
		status int
		answer string
		right  bool
	}{
		"the answer":           {http.StatusOK, `{"data":{"__typename":"Query"}}`, true},
		"another one":          {http.StatusOK, `{"data":{"__typename":"Mutation"}}`, false},
		"nothing":              {http.StatusOK, ``, false},
		"an error":             {http.StatusOK, `{"errors":[{"message":"No."}],"data":{"__typename":"Query"}}`, false},
		"an error and no data": {http.StatusOK, `{"data":null}`, false},
		"another status":       {http.StatusInternalServerError, `{"data":{"__typename":"Query"}}`, false},
	} {
		if err := q.Check(tc.status, []byte(tc.answer)); (err == nil) != tc.right {
			t.Errorf("%s: Check = %v", name, err)
		}
	}
}
