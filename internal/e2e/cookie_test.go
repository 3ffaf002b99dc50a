package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
)

// browser is one with a page open: it keeps the access token to itself and has no
// other, and the browser keeps the cookie.
type browser struct {
	c      *clinic
	token  string
	cookie *http.Cookie
	device *http.Cookie      // what a known device shows
	header map[string]string // nil: what a page of the server's own sends
}

// ask sends a request as a browser does.
func (p *browser) ask(query string, in vars) *answer {
	t := p.c.t
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": in})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.c.url+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	header := p.header
	if header == nil {
		header = map[string]string{"Origin": p.c.url, "Sec-Fetch-Site": "same-origin", "X-Requested-With": "story"}
	}
	for key, value := range header {
		r.Header.Set(key, value)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if p.cookie != nil {
		r.AddCookie(&http.Cookie{Name: p.cookie.Name, Value: p.cookie.Value})
	}
	a := p.c.exchange(r, query)
	for _, set := range (&http.Response{Header: a.header}).Cookies() {
		switch set.Name {
		case "__Host-rt":
			p.cookie = set
		case "__Host-dv":
			p.device = set
		}
	}
	return a
}

func (p *browser) signIn() *answer {
	p.c.t.Helper()
	a := p.ask(`mutation($in: LoginInput!) { login(input: $in) { accessToken refreshToken deviceToken } }`,
		input(vars{"login": customerA, "password": password, "delivery": "COOKIE"}, nil))
	if a.code() == "" {
		p.keep(a, "login")
	}
	return a
}

func (p *browser) renew(in vars) *answer {
	p.c.t.Helper()
	a := p.ask(`mutation($in: RefreshSessionInput!) { refreshSession(input: $in) { accessToken refreshToken } }`, input(in, nil))
	if a.code() == "" {
		p.keep(a, "refreshSession")
	}
	return a
}

func (p *browser) keep(a *answer, field string) {
	p.token = a.text(field + ".accessToken")
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	p.c.secrets = append(p.c.secrets, p.token)
	if p.cookie != nil {
		p.c.secrets = append(p.c.secrets, p.cookie.Value)
	}
}

func TestAPageSignsInWithACookieThatNoScriptCanRead(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		p := &browser{c: c}
		p.signIn().ok().want("login.refreshToken", `null`).want("login.deviceToken", `null`)
		if d := p.device; d == nil || d.Value == "" || d.Path != "/" || d.Domain != "" || !d.HttpOnly || !d.Secure || d.SameSite != http.SameSiteStrictMode || d.MaxAge < 365*24*3600 {
			t.Fatalf("cookie of the device %+v", d)
		}
		k := p.cookie
		if k == nil || k.Name != "__Host-rt" || k.Path != "/" || k.Domain != "" || !k.HttpOnly || !k.Secure || k.SameSite != http.SameSiteStrictMode || !k.Expires.Equal(opening.Add(14*24*time.Hour)) {
			t.Fatalf("cookie %+v", k)
		}
		// The cookie is worth nothing but a renewal.
		reloaded := &browser{c: c, cookie: p.cookie}
		reloaded.ask(whoAmI, nil).refused("UNAUTHENTICATED")
		reloaded.renew(vars{}).ok().want("refreshSession.refreshToken", `null`)
		if reloaded.cookie.Value == k.Value {
			t.Error("the cookie was not exchanged")
		}
		reloaded.ask(whoAmI, nil).ok().want("viewer.user.username", `"customer.a"`)
		reloaded.renew(vars{"delivery": "COOKIE"}).ok()
		reloaded.renew(vars{"refreshToken": reloaded.cookie.Value}).ok().want("refreshSession.refreshToken", `null`)

		before := reloaded.cookie
		other, _ := auth.NewRefreshToken()
		for path, in := range map[string]vars{"input.refreshToken": {"refreshToken": other}, "input.delivery": {"delivery": "BODY"}} {
			reloaded.renew(in).refused("BAD_USER_INPUT").about(path)
		}
		if reloaded.cookie != before {
			t.Error("a refusal has changed the cookie")
		}

		reloaded.token = "" // as after a reload
		reloaded.ask(`mutation { logout { loggedOut } }`, nil).ok()
		if reloaded.cookie.Value != "" || reloaded.cookie.MaxAge >= 0 {
			t.Errorf("after the end there is %+v", reloaded.cookie)
		}
		p.ask(whoAmI, nil).refused("UNAUTHENTICATED")
		(&browser{c: c, cookie: before}).renew(vars{}).refused("UNAUTHENTICATED")
		(&browser{c: c}).renew(vars{}).refused("UNAUTHENTICATED")
		(&browser{c: c}).ask(`mutation { logout { loggedOut } }`, nil).refused("UNAUTHENTICATED")
	})
}

func TestACookieIsUsedByPagesThatMayAlone(t *testing.T) {
	c := open(t, dialect.SQLite, func(cfg *config.Config) { cfg.Server.AllowedOrigins = []string{"https://app.clinic.example"} })
	own := &browser{c: c}
	own.signIn().ok()
	for name, s := range map[string]struct {
		header map[string]string
		code   string
	}{
		"a listed origin":         {map[string]string{"Origin": "https://app.clinic.example", "Sec-Fetch-Site": "same-site", "X-Requested-With": "x"}, ""},
		"no proof":                {map[string]string{"Origin": c.url, "Sec-Fetch-Site": "same-origin"}, "FORBIDDEN"},
		"no proof, listed":        {map[string]string{"Origin": "https://app.clinic.example", "Sec-Fetch-Site": "same-site"}, "FORBIDDEN"},
		"no proof, an old one":    {map[string]string{}, "FORBIDDEN"},
		"an empty proof":          {map[string]string{"X-Requested-With": ""}, "FORBIDDEN"},
		"another origin":          {map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "X-Requested-With": "x"}, "FORBIDDEN"},
		"another origin, old":     {map[string]string{"Origin": "https://evil.example", "X-Requested-With": "x"}, "FORBIDDEN"},
		"a document in a sandbox": {map[string]string{"Origin": "null", "X-Requested-With": "x"}, "FORBIDDEN"},
	} {
		p := &browser{c: c, cookie: own.cookie, header: s.header}
		if a := p.renew(vars{}); a.code() != s.code {
			t.Errorf("%s renews: %s", name, a.body)
		}
		p = &browser{c: c, header: s.header}
		if a := p.signIn(); a.code() != s.code || (p.cookie != nil) != (s.code == "") {
			t.Errorf("%s signs in: %s", name, a.body)
		}
		p = &browser{c: c, cookie: own.cookie, header: s.header}
		if s.code != "" {
			if a := p.ask(`mutation { logout { loggedOut } }`, nil); a.code() != s.code {
				t.Errorf("%s signs out: %s", name, a.body)
			}
		}
	}
	own.ask(whoAmI, nil).ok()
	// Whoever is signed in by an access token may sign out, whatever the cookie is.
	own.header = map[string]string{}
	own.ask(`mutation { logout { loggedOut } }`, nil).ok()
	own.ask(whoAmI, nil).refused("UNAUTHENTICATED")
}

func TestPagesOfListedOriginsMaySendTheCookie(t *testing.T) {
	c := open(t, dialect.SQLite, func(cfg *config.Config) { cfg.Server.AllowedOrigins = []string{"https://app.clinic.example"} })
	for origin, may := range map[string]string{"https://app.clinic.example": "true", "https://evil.example": "", "null": ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, c.url+"/graphql", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-purpose-of-use,x-requested-with")
		response, err := c.http.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		h := response.Header
		if h.Get("Access-Control-Allow-Credentials") != may || h.Get("Access-Control-Allow-Origin") == "*" ||
			(h.Get("Access-Control-Allow-Origin") == origin) != (may != "") || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: %v", origin, h)
		}
	}
}

func TestASessionEndsByAnyOfItsRefreshTokens(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		first := c.signIn(customerA, password)
		second := first.next()
		out := `mutation($in: LogoutInput) { logout(input: $in) { loggedOut } }`
		unknown, _ := auth.NewRefreshToken()
		for _, token := range []string{"", "nonsense", unknown} {
			c.anyone().do(out, input(vars{"refreshToken": token}, nil)).refused("UNAUTHENTICATED")
		}
		second.do(whoAmI).ok()
		for range 2 {
			c.anyone().do(out, input(vars{"refreshToken": first.refresh}, nil)).ok()
		}
		dead(first, second)
		if got := c.events(customerA); got != "LOGIN LOGOUT TOKEN_REFRESH" {
			t.Error(got)
		}
	})
}
