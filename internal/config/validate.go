package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a slim container has no time zones of its own
)

// Error is a setting that stops the start. It is one line.
type Error struct {
	Key    string // the environment name, and the flag where there is one
	Value  string // "" for a secret
	Reason string // what is wrong
	Remedy string // what to do
}

func (e *Error) Error() string {
	value := ""
	if e.Value != "" {
		value = "=" + strconv.Quote(shorten(e.Value))
	}
	return fmt.Sprintf("%s%s %s; %s", e.Key, value, e.Reason, e.Remedy)
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "..."
	}
	return s
}

// Validate checks every setting and gives the first wrong one as an *Error.
// Before that it reads DATABASE_URL_FILE into Database.URL (URLFile is empty
// afterwards) and takes blanks and the last slash off URLs, so that nobody
// after it has to. kong calls it.
func (c *Config) Validate() error {
	if c.Env != Development && c.Env != Production {
		return wrong("env", string(c.Env), "is not an environment", "use development or production")
	}
	for _, check := range []func() error{
		c.checkSecret, c.checkAddr, c.checkPublicURL, c.checkOrigins, c.checkPlayground, c.checkReads,
		c.checkLive, c.checkDatabase, c.checkLog, c.checkPlace, c.checkLimits, c.checkObserve, c.checkLoad, c.checkFactors, c.checkMail, c.checkAudit,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

func (c *Config) checkAddr() error {
	return checkListen("addr", c.Server.Addr, "127.0.0.1:8080", " or :8080 for all interfaces")
}

// checkListen refuses what cannot be listened on. More is what else to use.
func checkListen(flag, addr, example, more string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || host != "" && net.ParseIP(host) == nil && !hostName.MatchString(host) {
		return wrong(flag, orEmpty(addr), "is not an address", "use host:port, such as "+example+more)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return wrong(flag, addr, "has no port from 0 to 65535", "use host:port, such as "+example)
	}
	return nil
}

func (c *Config) checkPublicURL() error {
	c.Server.PublicURL = strings.TrimRight(strings.TrimSpace(c.Server.PublicURL), "/")
	if c.Server.PublicURL == "" {
		return nil
	}
	parsed, err := webURL(c.Server.PublicURL)
	if err != nil {
		return wrong("public-url", shownWeb(c.Server.PublicURL), err.Error(), "use the address in the browser, such as https://clinic.example")
	}
	return c.checkPlainHTTP("public-url", c.Server.PublicURL, parsed)
}

func (c *Config) checkOrigins() error {
	for i, origin := range c.Server.AllowedOrigins {
		origin = strings.TrimRight(strings.TrimSpace(origin), "/")
		c.Server.AllowedOrigins[i] = origin
		parsed, err := webURL(origin)
		if err == nil && parsed.Path != "" {
			err = errors.New("has a path")
		}
		if err != nil {
			return wrong("allowed-origins", orEmpty(shownWeb(origin)), err.Error(),
				"list exact origins with commas, such as https://app.clinic.example (no path, no *)")
		}
		// Browsers send origins in lower case, and they are compared exactly.
		c.Server.AllowedOrigins[i] = strings.ToLower(origin)
		if err := c.checkPlainHTTP("allowed-origins", origin, parsed); err != nil {
			return err
		}
	}
	return nil
}

// shownWeb is an address for an error, hidden where it may hold a password.
func shownWeb(s string) string {
	if strings.Contains(s, "@") {
		return withoutSecrets(s)
	}
	return s
}

// webURL refuses all that is not scheme, host, port and path.
func webURL(s string) (*url.URL, error) {
	parsed, err := url.Parse(s)
	switch {
	case err != nil: // its text would repeat the URL
		return nil, errors.New("is not a URL")
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		return nil, errors.New("does not begin with https:// or http://")
	case parsed.Hostname() == "":
		return nil, errors.New("has no host")
	case strings.Contains(parsed.Host, "*"):
		return nil, errors.New("has a wildcard")
	case parsed.User != nil:
		return nil, errors.New("holds a user or a password")
	case parsed.RawQuery != "" || parsed.ForceQuery || parsed.Fragment != "":
		return nil, errors.New("has a query or a fragment")
	}
	return parsed, nil
}

func (c *Config) checkPlainHTTP(flag, value string, parsed *url.URL) error {
	host := parsed.Hostname()
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	if !c.Production() || parsed.Scheme == "https" || local {
		return nil
	}
	return wrong(flag, value, "would send sessions over plain http", "use https in production")
}

func (c *Config) checkReads() error {
	return oneOf("compiled-reads", c.Database.CompiledReads, "on", "off")
}

func (c *Config) checkPlayground() error {
	if c.Server.Playground == "on" && c.Server.TrustedDocuments != "" {
		return wrong("playground", c.Server.Playground, "is of no use with CLINICGRAPH_TRUSTED_DOCUMENTS", "unset one of them")
	}
	return oneOf("playground", c.Server.Playground, "auto", "on", "off")
}

func (c *Config) checkLog() error {
	if err := oneOf("log-level", c.Log.Level, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return oneOf("log-format", c.Log.Format, "auto", "text", "json")
}

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

func (c *Config) checkPlace() error {
	if !currencyCode.MatchString(c.Currency) {
		return wrong("currency", orEmpty(c.Currency), "is not a currency", "use a code of ISO 4217, such as EUR")
	}
	// "" and "Local" would be the zone of whatever machine it runs on.
	if _, err := time.LoadLocation(c.Timezone); err != nil || c.Timezone == "" || c.Timezone == "Local" {
		return wrong("timezone", orEmpty(c.Timezone), "is not a time zone", "use a name such as UTC or Europe/Zurich")
	}
	return nil
}

func (c *Config) checkLive() error {
	for _, limit := range []struct {
		flag    string
		n, most int
	}{
		{"live-streams", c.Live.Streams, 1_000_000},
		{"live-streams-per-user", c.Live.PerUser, 1_000_000},
		{"live-operations", c.Live.Operations, 1000},
		{"sessions-per-user", c.Sessions.PerUser, 1000},
	} {
		if limit.n < 1 || limit.n > limit.most {
			return wrong(limit.flag, strconv.Itoa(limit.n), "is out of range", fmt.Sprintf("use 1 to %d", limit.most))
		}
	}
	return nil
}

// maxStatement is less than the time after which a connection is given up.
const maxStatement = 14 * time.Second

func (c *Config) checkDatabase() error {
	if strings.TrimSpace(c.Database.Data) == "" {
		return wrong("data", orEmpty(c.Database.Data), "is not a folder", "use a path, such as ./data")
	}
	if n := c.Database.MaxConns; n < 2 || n > 1000 {
		return wrong("db-conns", strconv.Itoa(n), "is out of range", "use 2 to 1000, such as 16")
	}
	if d := c.Database.StatementTimeout; d < 100*time.Millisecond || d > maxStatement {
		return wrong("statement-timeout", d.String(), "is out of range", "use 100ms to 14s, such as 4s")
	}
	if addr := c.Database.ListenAddr; addr != "" {
		host, port, err := net.SplitHostPort(addr)
		if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil || host == "" || net.ParseIP(host) == nil && !hostName.MatchString(host) {
			return wrong("listen-addr", addr, "is not an address", "use host:port, such as db.internal:5432")
		}
	}
	source, err := c.Database.read()
	if err != nil || c.Database.URL == "" {
		return err
	}
	return c.checkDatabaseURL(source)
}

// read takes URL from URLFile and gives the flag that it came from.
func (d *Database) read() (source string, err error) {
	if d.URLFile == "" {
		d.URL = URL(strings.TrimSpace(string(d.URL)))
		return "database-url", nil
	}
	source = "database-url-file"
	if d.URL != "" {
		return source, wrong(source, d.URLFile, "is set and DATABASE_URL, too", "unset one of them")
	}
	content, err := os.ReadFile(d.URLFile)
	if err != nil {
		return source, wrong(source, d.URLFile, "cannot be read", "name a file that the server's user may read")
	}
	d.URL = URL(strings.TrimSpace(string(content)))
	if d.URL == "" {
		return source, wrong(source, d.URLFile, "names an empty file", "put postgres://user:password@host:5432/name?sslmode=verify-full there, or unset it for SQLite")
	}
	d.URLFile = ""
	return source, nil
}

var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

func (c *Config) checkDatabaseURL(source string) error {
	const remedy = "use postgres://user:password@host:5432/name?sslmode=verify-full, or leave it empty for SQLite"
	raw := c.Database.URL.Reveal()
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Opaque != "" || parsed.Scheme == "" {
		return wrong(source, "", "is not a URL", remedy)
	}
	shown := c.Database.URL.String()
	if shown == hidden || parsed.Fragment != "" {
		return wrong(source, "", "has a password that is not percent-encoded", "write / as %2F, # as %23, ? as %3F, @ as %40 in it")
	}
	if parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return wrong(source, shown, "is not a PostgreSQL URL", remedy)
	}
	query, err := url.ParseQuery(parsed.RawQuery)
	if err != nil {
		return wrong(source, shown, "has a malformed query", remedy)
	}
	modes := query["sslmode"]
	if len(modes) > 0 && (len(modes) > 1 || !slices.Contains(sslModes, modes[0])) {
		return wrong(source, shown, "has a wrong sslmode", "use one of "+strings.Join(sslModes, ", "))
	}
	if c.Production() && len(modes) == 0 {
		return wrong(source, shown, "does not say sslmode", "add ?sslmode=verify-full, or another mode on purpose, such as disable for a socket")
	}
	return nil
}

// wrong is an Error about the setting of a flag.
func wrong(flag, value, reason, remedy string) *Error {
	return &Error{Key: fmt.Sprintf("%s (--%s)", envOf(flag), flag), Value: value, Reason: reason, Remedy: remedy}
}

func oneOf(flag, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return wrong(flag, orEmpty(value), "is not known", "use "+strings.Join(allowed, ", "))
}

// orEmpty names a value that would not be seen.
func orEmpty(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}
