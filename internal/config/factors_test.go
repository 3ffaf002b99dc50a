package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPasskeysAreForThePublicHost(t *testing.T) {
	for name, test := range map[string]struct {
		server  Server
		host    string
		origins []string
	}{
		"nothing said":   {Server{Addr: "127.0.0.1:9090"}, "localhost", []string{"http://localhost:9090"}},
		"a public host":  {Server{PublicURL: "https://Clinic.example/app"}, "clinic.example", []string{"https://clinic.example"}},
		"with a port":    {Server{PublicURL: "https://clinic.example:8443"}, "clinic.example", []string{"https://clinic.example:8443"}},
		"a number":       {Server{PublicURL: "http://127.0.0.1:8080"}, "", nil},
		"a number of v6": {Server{PublicURL: "http://[::1]:8080"}, "", nil},
		"other origins": {
			Server{PublicURL: "https://clinic.example", AllowedOrigins: []string{"https://app.clinic.example", "https://other.example", "https://notclinic.example", "https://clinic.example"}},
			"clinic.example", []string{"https://clinic.example", "https://app.clinic.example"},
		},
	} {
		host, origins := Config{Server: test.server}.Passkeys()
		if diff := cmp.Diff(test.origins, origins); diff != "" || host != test.host {
			t.Errorf("%s: %s\n%s", name, host, diff)
		}
	}
}

func TestASecondFactorIsRequiredByTheSetting(t *testing.T) {
	for want, c := range map[string]Config{
		"off":   {Env: Development, Factors: Factors{Require: "auto"}},
		"high":  {Env: Production, Factors: Factors{Require: "auto"}},
		"staff": {Env: Development, Factors: Factors{Require: "staff"}},
	} {
		if got := c.RequireSecondFactor(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := (Config{Env: Production, Factors: Factors{Require: "off"}}).RequireSecondFactor(); got != "off" {
		t.Errorf("%s, want off", got)
	}
	for _, f := range []Factors{
		{"all", "standard", time.Minute, time.Hour}, {"", "standard", time.Minute, time.Hour}, {"off", "standard", 0, time.Hour}, {"off", "standard", time.Second - 1, time.Hour},
		{"off", "standard", maxStepUp + 1, time.Hour}, {"off", "", time.Minute, time.Hour}, {"off", "nist", time.Minute, time.Hour},
		{"off", "standard", time.Minute, 0}, {"off", "standard", time.Minute, minBreakGlass - 1}, {"off", "standard", time.Minute, maxBreakGlass + 1},
	} {
		if err := (&Config{Factors: f}).checkFactors(); err == nil {
			t.Errorf("%v is taken", f)
		}
	}
	for _, f := range []Factors{{"high", "standard", time.Second, minBreakGlass}, {"auto", "strict", maxStepUp, maxBreakGlass}} {
		if err := (&Config{Factors: f}).checkFactors(); err != nil {
			t.Error(err)
		}
	}
}
