package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// production is an environment that starts, changed by the pairs.
func production(pairs ...string) map[string]string {
	env := map[string]string{"CLINICGRAPH_ENV": "production", "CLINICGRAPH_SECRET_FILE": "/run/secrets/clinicgraph"}
	for i := 0; i < len(pairs); i += 2 {
		env[pairs[i]] = pairs[i+1]
	}
	return env
}

func one(key, value string) map[string]string { return map[string]string{key: value} }

func TestWrongSettingsStopTheStartWithOneLine(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("mysql://root:hunter2@db/clinic"), 0o600); err != nil {
		t.Fatal(err)
	}
	const dsnRemedy = "use postgres://user:password@host:5432/name?sslmode=verify-full, or leave it empty for SQLite"
	const modes = "use one of disable, allow, prefer, require, verify-ca, verify-full"
	const encode = "write / as %2F, # as %23, ? as %3F, @ as %40 in it"
	const host = "use host:port, such as 127.0.0.1:8080 or :8080 for all interfaces"
	const port = "use host:port, such as 127.0.0.1:8080"
	const origins = "list exact origins with commas, such as https://app.clinic.example (no path, no *)"
	const public = "use the address in the browser, such as https://clinic.example"
	const traces = "use the collector's address for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces"
	const networks = "list addresses or CIDRs with commas, such as 10.0.0.0/8,2001:db8::/32"
	const zone = "use a name such as UTC or Europe/Zurich"

	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"unknown environment":      {one("CLINICGRAPH_ENV", "prod"), `CLINICGRAPH_ENV (--env)="prod" is not an environment; use development or production`},
		"address without port":     {one("CLINICGRAPH_ADDR", "127.0.0.1"), `CLINICGRAPH_ADDR (--addr)="127.0.0.1" is not an address; ` + host},
		"only a port":              {one("CLINICGRAPH_ADDR", "8080"), `CLINICGRAPH_ADDR (--addr)="8080" is not an address; ` + host},
		"address is a URL":         {one("CLINICGRAPH_ADDR", "http://127.0.0.1:8080"), `CLINICGRAPH_ADDR (--addr)="http://127.0.0.1:8080" is not an address; ` + host},
		"address with line break":  {one("CLINICGRAPH_ADDR", "a\nb:80"), `CLINICGRAPH_ADDR (--addr)="a\nb:80" is not an address; ` + host},
		"port out of range":        {one("CLINICGRAPH_ADDR", ":65536"), `CLINICGRAPH_ADDR (--addr)=":65536" has no port from 0 to 65535; ` + port},
		"port by name":             {one("CLINICGRAPH_ADDR", "localhost:http"), `CLINICGRAPH_ADDR (--addr)="localhost:http" has no port from 0 to 65535; ` + port},
		"public URL without https": {one("CLINICGRAPH_PUBLIC_URL", "clinic.example"), `CLINICGRAPH_PUBLIC_URL (--public-url)="clinic.example" does not begin with https:// or http://; ` + public},
		"public URL with password": {one("CLINICGRAPH_PUBLIC_URL", "https://u:hunter2@clinic.example"), `CLINICGRAPH_PUBLIC_URL (--public-url)="https://clinic.example" holds a user or a password; ` + public},
		"public URL with query":    {one("CLINICGRAPH_PUBLIC_URL", "https://clinic.example?a=b"), `CLINICGRAPH_PUBLIC_URL (--public-url)="https://clinic.example?a=b" has a query or a fragment; ` + public},
		"public URL with fragment": {one("CLINICGRAPH_PUBLIC_URL", "https://clinic.example/#x"), `CLINICGRAPH_PUBLIC_URL (--public-url)="https://clinic.example/#x" has a query or a fragment; ` + public},
		"public URL plain http":    {production("CLINICGRAPH_PUBLIC_URL", "http://clinic.example"), `CLINICGRAPH_PUBLIC_URL (--public-url)="http://clinic.example" would send sessions over plain http; use https in production`},
		"any origin":               {one("CLINICGRAPH_ALLOWED_ORIGINS", "*"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="*" does not begin with https:// or http://; ` + origins},
		"any subdomain":            {one("CLINICGRAPH_ALLOWED_ORIGINS", "https://*.example"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="https://*.example" has a wildcard; ` + origins},
		"origin without host":      {one("CLINICGRAPH_ALLOWED_ORIGINS", "https://:443"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="https://:443" has no host; ` + origins},
		"null origin":              {one("CLINICGRAPH_ALLOWED_ORIGINS", "https://a.example,null"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="null" does not begin with https:// or http://; ` + origins},
		"origin with path":         {one("CLINICGRAPH_ALLOWED_ORIGINS", "https://a.example/app"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="https://a.example/app" has a path; ` + origins},
		"origin between commas":    {one("CLINICGRAPH_ALLOWED_ORIGINS", "https://a.example,,https://b.example"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="(empty)" does not begin with https:// or http://; ` + origins},
		"origin plain http":        {production("CLINICGRAPH_ALLOWED_ORIGINS", "http://a.example"), `CLINICGRAPH_ALLOWED_ORIGINS (--allowed-origins)="http://a.example" would send sessions over plain http; use https in production`},
		"a former secret nowhere":  {one("CLINICGRAPH_FORMER_SECRET_FILES", "/a,,/b"), `CLINICGRAPH_FORMER_SECRET_FILES (--former-secret-files)="(empty)" names no file; list files with commas, such as /etc/clinicgraph/secret-2026.key`},
		"playground":               {one("CLINICGRAPH_PLAYGROUND", "yes"), `CLINICGRAPH_PLAYGROUND (--playground)="yes" is not known; use auto, on, off`},
		"playground, closed":       {map[string]string{"CLINICGRAPH_PLAYGROUND": "on", "CLINICGRAPH_TRUSTED_DOCUMENTS": "/f"}, `CLINICGRAPH_PLAYGROUND (--playground)="on" is of no use with CLINICGRAPH_TRUSTED_DOCUMENTS; unset one of them`},
		"log level":                {one("CLINICGRAPH_LOG_LEVEL", "verbose"), `CLINICGRAPH_LOG_LEVEL (--log-level)="verbose" is not known; use debug, info, warn, error`},
		"log format":               {one("CLINICGRAPH_LOG_FORMAT", "xml"), `CLINICGRAPH_LOG_FORMAT (--log-format)="xml" is not known; use auto, text, json`},
		"admin address":            {one("CLINICGRAPH_ADMIN_ADDR", "on"), `CLINICGRAPH_ADMIN_ADDR (--admin-addr)="on" is not an address; use host:port, such as 127.0.0.1:8081, or auto, or off`},
		"slow before it began":     {one("CLINICGRAPH_SLOW_OPERATION", "-1s"), `CLINICGRAPH_SLOW_OPERATION (--slow-operation)="-1s" is negative; use a time such as 500ms, or 0 for never`},
		"SQL slow before it began": {one("CLINICGRAPH_SLOW_SQL", "-1ms"), `CLINICGRAPH_SLOW_SQL (--slow-sql)="-1ms" is negative; use a time such as 500ms, or 0 for never`},
		"more than all traces":     {one("CLINICGRAPH_TRACES_SHARE", "1.5"), `CLINICGRAPH_TRACES_SHARE (--traces-share)="1.5" is no share; use 0 to 1, such as 0.1`},
		"no share at all":          {one("CLINICGRAPH_TRACES_SHARE", "NaN"), `CLINICGRAPH_TRACES_SHARE (--traces-share)="NaN" is no share; use 0 to 1, such as 0.1`},
		"traces without a scheme":  {one("CLINICGRAPH_TRACES_URL", "collector:4318"), `CLINICGRAPH_TRACES_URL (--traces-url)="collector:4318" does not begin with https:// or http://; ` + traces},
		"traces with a password":   {one("CLINICGRAPH_TRACES_URL", "https://u:hunter2@collector.example/v1/traces"), `CLINICGRAPH_TRACES_URL (--traces-url)="https://collector.example/v1/traces" holds a user or a password; ` + traces},
		"currency":                 {one("CLINICGRAPH_CURRENCY", "eur"), `CLINICGRAPH_CURRENCY (--currency)="eur" is not a currency; use a code of ISO 4217, such as EUR`},
		"time zone":                {one("CLINICGRAPH_TIMEZONE", "Europe/Zürich"), `CLINICGRAPH_TIMEZONE (--timezone)="Europe/Zürich" is not a time zone; ` + zone},
		"the machine's time zone":  {one("CLINICGRAPH_TIMEZONE", "Local"), `CLINICGRAPH_TIMEZONE (--timezone)="Local" is not a time zone; ` + zone},
		"data folder":              {one("CLINICGRAPH_DATA", " "), `CLINICGRAPH_DATA (--data)=" " is not a folder; use a path, such as ./data`},
		"one connection":           {one("CLINICGRAPH_DB_CONNS", "1"), `CLINICGRAPH_DB_CONNS (--db-conns)="1" is out of range; use 2 to 1000, such as 16`},
		"too many connections":     {one("CLINICGRAPH_DB_CONNS", "5000"), `CLINICGRAPH_DB_CONNS (--db-conns)="5000" is out of range; use 2 to 1000, such as 16`},
		"a short statement":        {one("CLINICGRAPH_STATEMENT_TIMEOUT", "99ms"), `CLINICGRAPH_STATEMENT_TIMEOUT (--statement-timeout)="99ms" is out of range; use 100ms to 14s, such as 4s`},
		"a long statement":         {one("CLINICGRAPH_STATEMENT_TIMEOUT", "14001ms"), `CLINICGRAPH_STATEMENT_TIMEOUT (--statement-timeout)="14.001s" is out of range; use 100ms to 14s, such as 4s`},
		"a proxy by name":          {one("CLINICGRAPH_TRUSTED_PROXIES", "proxy.example"), `CLINICGRAPH_TRUSTED_PROXIES (--trusted-proxies)="proxy.example" is not a part of the network; ` + networks},
		"everybody as a proxy":     {one("CLINICGRAPH_TRUSTED_PROXIES", "10.0.0.0/8,0.0.0.0/0"), `CLINICGRAPH_TRUSTED_PROXIES (--trusted-proxies)="0.0.0.0/0" is not a part of the network; ` + networks},
		"a zone as a proxy":        {one("CLINICGRAPH_TRUSTED_PROXIES", "fe80::1%eth0"), `CLINICGRAPH_TRUSTED_PROXIES (--trusted-proxies)="fe80::1%eth0" is not a part of the network; ` + networks},
		"no rate":                  {one("CLINICGRAPH_RATE_USER", "-1"), `CLINICGRAPH_RATE_USER (--rate-user)="-1" is out of range; use 1 to 1000000, such as 200, or 0 for no limit`},
		"a long drain":             {one("CLINICGRAPH_DRAIN_DELAY", "5m"), `CLINICGRAPH_DRAIN_DELAY (--drain-delay)="5m0s" is out of range; use 0s to 1m, such as 5s`},
		"no live connection":       {one("CLINICGRAPH_LIVE_STREAMS", "0"), `CLINICGRAPH_LIVE_STREAMS (--live-streams)="0" is out of range; use 1 to 1000000`},
		"no stream of a user":      {one("CLINICGRAPH_LIVE_STREAMS_PER_USER", "-1"), `CLINICGRAPH_LIVE_STREAMS_PER_USER (--live-streams-per-user)="-1" is out of range; use 1 to 1000000`},
		"too many operations":      {one("CLINICGRAPH_LIVE_OPERATIONS", "1001"), `CLINICGRAPH_LIVE_OPERATIONS (--live-operations)="1001" is out of range; use 1 to 1000`},
		"listening to no port":     {one("CLINICGRAPH_LISTEN_ADDR", "db.internal"), `CLINICGRAPH_LISTEN_ADDR (--listen-addr)="db.internal" is not an address; use host:port, such as db.internal:5432`},
		"another database":         {one("DATABASE_URL", "mysql://root:hunter2@db/clinic"), `DATABASE_URL (--database-url)="mysql://db/clinic" is not a PostgreSQL URL; ` + dsnRemedy},
		"SQLite by URL":            {one("DATABASE_URL", "sqlite:///tmp/x.db"), `DATABASE_URL (--database-url)="sqlite:///tmp/x.db" is not a PostgreSQL URL; ` + dsnRemedy},
		"keywords, not a URL":      {one("DATABASE_URL", "host=db password=hunter2"), `DATABASE_URL (--database-url) is not a URL; ` + dsnRemedy},
		"no scheme":                {one("DATABASE_URL", "clinic:hunter2@db/clinic"), `DATABASE_URL (--database-url) is not a URL; ` + dsnRemedy},
		"bad port of database":     {one("DATABASE_URL", "postgres://u:hunter2@db:x/clinic"), `DATABASE_URL (--database-url) is not a URL; ` + dsnRemedy},
		"slash in password":        {one("DATABASE_URL", "postgres://u:12/hunter2@db/clinic"), `DATABASE_URL (--database-url) has a password that is not percent-encoded; ` + encode},
		"hash in password":         {one("DATABASE_URL", "postgres://u:12#hunter2@db/clinic"), `DATABASE_URL (--database-url) has a password that is not percent-encoded; ` + encode},
		"fragment of database":     {one("DATABASE_URL", "postgres://db/clinic#hunter2"), `DATABASE_URL (--database-url) has a password that is not percent-encoded; ` + encode},
		"bad query of database":    {one("DATABASE_URL", "postgres://u:hunter2@db/clinic?a;b"), `DATABASE_URL (--database-url)="postgres://db/clinic" has a malformed query; ` + dsnRemedy},
		"unknown sslmode":          {one("DATABASE_URL", "postgres://u:hunter2@db/clinic?sslmode=on"), `DATABASE_URL (--database-url)="postgres://db/clinic" has a wrong sslmode; ` + modes},
		"empty sslmode":            {one("DATABASE_URL", "postgres://u:hunter2@db/clinic?sslmode="), `DATABASE_URL (--database-url)="postgres://db/clinic" has a wrong sslmode; ` + modes},
		"two sslmodes":             {one("DATABASE_URL", "postgres://u:hunter2@db/clinic?sslmode=require&sslmode=disable"), `DATABASE_URL (--database-url)="postgres://db/clinic" has a wrong sslmode; ` + modes},
		"production, no sslmode":   {production("DATABASE_URL", "postgres://u:hunter2@db/clinic"), `DATABASE_URL (--database-url)="postgres://db/clinic" does not say sslmode; add ?sslmode=verify-full, or another mode on purpose, such as disable for a socket`},
		"production, no secret":    {one("CLINICGRAPH_ENV", "production"), `CLINICGRAPH_SECRET_FILE (--secret-file) is not set; production needs a file that outlives the server: (umask 077; openssl rand -base64 32 > FILE)`},
		"URL twice":                {map[string]string{"DATABASE_URL": secretURL, "DATABASE_URL_FILE": "/f"}, `DATABASE_URL_FILE (--database-url-file)="/f" is set and DATABASE_URL, too; unset one of them`},
		"no URL file":              {one("DATABASE_URL_FILE", "/no/such/file"), `DATABASE_URL_FILE (--database-url-file)="/no/such/file" cannot be read; name a file that the server's user may read`},
		"empty URL file":           {one("DATABASE_URL_FILE", empty), `DATABASE_URL_FILE (--database-url-file)="` + shorten(empty) + `" names an empty file; put postgres://user:password@host:5432/name?sslmode=verify-full there, or unset it for SQLite`},
		"bad URL in file":          {one("DATABASE_URL_FILE", bad), `DATABASE_URL_FILE (--database-url-file)="mysql://db/clinic" is not a PostgreSQL URL; ` + dsnRemedy},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, c.env)
			var wrong *Error
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if got := err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if strings.ContainsAny(err.Error(), "\n\r") || strings.Contains(err.Error(), "hunter") {
				t.Errorf("more than one line, or a secret: %q", err.Error())
			}
		})
	}
}

// An empty variable counts as unset; an empty flag is a mistake.
func TestEmptyFlagsAreRefused(t *testing.T) {
	for _, flag := range []string{"env", "addr", "playground", "data", "log-level", "log-format", "currency", "timezone", "admin-addr"} {
		_, err := parse(t, nil, "--"+flag+"=")
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.HasPrefix(wrong.Key, envOf(flag)) {
			t.Errorf("--%s=: %v", flag, err)
		}
	}
}

// Numbers and switches are kong's to refuse, before Validate.
func TestMalformedNumbersNameTheKeyAndTheValue(t *testing.T) {
	for key, value := range map[string]string{"CLINICGRAPH_DB_CONNS": "many", "CLINICGRAPH_AUTO_MIGRATE": "maybe", "CLINICGRAPH_SLOW_SQL": "soon", "CLINICGRAPH_TRACES_SHARE": "half"} {
		_, err := parse(t, one(key, value))
		if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), value) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}

func TestGoodSettingsStart(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"production on SQLite":              production(),
		"production on all interfaces":      production("CLINICGRAPH_ADDR", "0.0.0.0:8080"),
		"production with TLS":               production("DATABASE_URL", secretURL),
		"production on a socket":            production("DATABASE_URL", "postgres:///clinic?host=/var/run/postgresql&sslmode=disable"),
		"production behind https":           production("CLINICGRAPH_PUBLIC_URL", "https://clinic.example"),
		"production tried on this machine":  production("CLINICGRAPH_PUBLIC_URL", "http://127.0.0.1:8080", "CLINICGRAPH_ALLOWED_ORIGINS", "http://localhost:5173"),
		"development without sslmode":       one("DATABASE_URL", "postgresql://u:p@localhost/clinic"),
		"development over plain http":       one("CLINICGRAPH_PUBLIC_URL", "http://clinic.example:8080/api/"),
		"an encoded password":               one("DATABASE_URL", "postgres://u:a%2Fb%23c%40d@localhost/clinic?sslmode=disable"),
		"an address by name":                one("CLINICGRAPH_ADDR", "clinic-1.example:80"),
		"all interfaces, any port":          one("CLINICGRAPH_ADDR", ":0"),
		"an IPv6 address":                   one("CLINICGRAPH_ADDR", "[::1]:8080"),
		"blanks around the database's URL":  one("DATABASE_URL", " postgres://u:p@localhost/clinic\n"),
		"an e-mail address as user of PG":   one("DATABASE_URL", "postgres://u%40a.example:p@localhost/clinic"),
		"no admin listener":                 one("CLINICGRAPH_ADMIN_ADDR", "off"),
		"traces of a tenth":                 map[string]string{"CLINICGRAPH_TRACES_URL": "https://collector.example/v1/traces", "CLINICGRAPH_TRACES_SHARE": "0.1"},
		"nothing is slow":                   map[string]string{"CLINICGRAPH_SLOW_SQL": "0", "CLINICGRAPH_SLOW_OPERATION": "0s"},
		"a time zone without a system file": one("CLINICGRAPH_TIMEZONE", "Pacific/Chatham"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(t, env); err != nil {
				t.Error(err)
			}
		})
	}
}
