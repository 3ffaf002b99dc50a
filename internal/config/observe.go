package config

import (
	"net"
	"strconv"
	"strings"
	"time"
)

func (c *Config) checkObserve() error {
	if addr := c.Observe.AdminAddr; addr != "auto" && addr != "off" {
		if err := checkListen("admin-addr", addr, "127.0.0.1:8081", ", or auto, or off"); err != nil {
			return err
		}
	}
	for flag, limit := range map[string]time.Duration{"slow-operation": c.Observe.SlowOperation, "slow-sql": c.Observe.SlowSQL} {
		if limit < 0 {
			return wrong(flag, limit.String(), "is negative", "use a time such as 500ms, or 0 for never")
		}
	}
	if share := c.Observe.TracesShare; !(share >= 0 && share <= 1) { // not a number is neither
		return wrong("traces-share", strconv.FormatFloat(share, 'g', -1, 64), "is no share", "use 0 to 1, such as 0.1")
	}
	c.Observe.TracesURL = strings.TrimSpace(c.Observe.TracesURL)
	if c.Observe.TracesURL == "" {
		return nil
	}
	if _, err := webURL(c.Observe.TracesURL); err != nil {
		return wrong("traces-url", shownWeb(c.Observe.TracesURL), err.Error(), "use the collector's address for OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces")
	}
	return nil
}

// AdminListen is the address of the admin listener; "" for none. The port beside
// the server's own lets two servers on one machine have two.
func (c Config) AdminListen() string {
	switch c.Observe.AdminAddr {
	case "", "off":
		return ""
	case "auto":
	default:
		return c.Observe.AdminAddr
	}
	_, port, _ := net.SplitHostPort(c.Server.Addr) // checked with the settings
	n, _ := strconv.Atoi(port)
	if n == 0 || n == 65535 {
		return "127.0.0.1:0"
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(n+1))
}
