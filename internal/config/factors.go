package config

import (
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Factors says when people must prove more than that they know a password, and for
// how long they may see more than they may.
type Factors struct {
	Require       string        `name:"require-second-factor" env:"CLINICGRAPH_REQUIRE_SECOND_FACTOR" default:"auto" placeholder:"WHOM" help:"What needs a second factor: off (nothing), high (granting, changing roles, deleting accounts, acting for others), staff (that, and everything of those who see other people's data), or auto (high in production, otherwise off)."`
	Profile       string        `name:"password-profile" env:"CLINICGRAPH_PASSWORD_PROFILE" default:"standard" placeholder:"HOW" help:"How long a new password is at least: standard (12 characters) or strict (15 where the account has no second factor)."`
	StepUp        time.Duration `name:"step-up" env:"CLINICGRAPH_STEP_UP" default:"5m" placeholder:"TIME" help:"How long ago, at most, somebody has proven who they are before a sensitive change."`
	BreakGlassMax time.Duration `name:"break-glass-max" env:"CLINICGRAPH_BREAK_GLASS_MAX" default:"4h" placeholder:"TIME" help:"How long emergency access (breakGlass) may last, at most."`
}

// maxStepUp is the longest time after which a proof still is one of presence.
const maxStepUp = 12 * time.Hour

// Emergency access that lasts less helps nobody, and what lasts longer is none.
const minBreakGlass, maxBreakGlass = 5 * time.Minute, 12 * time.Hour

func (c *Config) checkFactors() error {
	if err := oneOf("require-second-factor", c.Factors.Require, "auto", "off", "high", "staff"); err != nil {
		return err
	}
	if err := oneOf("password-profile", c.Factors.Profile, "standard", "strict"); err != nil {
		return err
	}
	if c.Factors.StepUp < time.Second || c.Factors.StepUp > maxStepUp {
		return wrong("step-up", c.Factors.StepUp.String(), "is out of range", "use 1s to 12h, such as 5m")
	}
	if c.Factors.BreakGlassMax < minBreakGlass || c.Factors.BreakGlassMax > maxBreakGlass {
		return wrong("break-glass-max", c.Factors.BreakGlassMax.String(), "is out of range", "use 5m to 12h, such as 4h")
	}
	return nil
}

// RequireSecondFactor is the setting with its auto decided: off, high or staff.
func (c Config) RequireSecondFactor() string {
	switch {
	case c.Factors.Require != "auto" && c.Factors.Require != "":
		return c.Factors.Require
	case c.Production():
		return "high"
	default:
		return "off"
	}
}

// Passkeys gives the host name that passkeys are for, and the origins whose pages
// may ask for one: the public address and, of the allowed origins, those at the
// same host or below it, which alone a browser lets. Without a public address it
// is localhost. No host, and no passkeys, where the address is a number: browsers
// make none for those (WebAuthn 5.1.2).
func (c Config) Passkeys() (host string, origins []string) {
	public := c.Server.PublicURL
	if public == "" {
		_, port, err := net.SplitHostPort(c.Server.Addr)
		if err != nil {
			port = "8080"
		}
		public = "http://localhost:" + port
	}
	parsed, err := url.Parse(public)
	if err != nil || parsed.Host == "" || net.ParseIP(parsed.Hostname()) != nil {
		return "", nil
	}
	host = strings.ToLower(parsed.Hostname())
	origins = []string{strings.ToLower(parsed.Scheme + "://" + parsed.Host)}
	for _, origin := range c.Server.AllowedOrigins {
		other, err := url.Parse(origin)
		if err != nil {
			continue
		}
		name := strings.ToLower(other.Hostname())
		if (name == host || strings.HasSuffix(name, "."+host)) && !slices.Contains(origins, strings.ToLower(origin)) {
			origins = append(origins, strings.ToLower(origin))
		}
	}
	return host, origins
}
