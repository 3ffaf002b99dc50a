package differential

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/seed"
)

// viewer is somebody who asks.
type viewer struct {
	name     string
	login    string
	password string
	token    string
	user     uuid.UUID // whose cursors these are; zero: nobody's
	weight   int       // how often documents are drawn for them
	program  bool      // its token lives for a year
	sight    *sight    // nil: nobody has looked yet
}

// The passwords of those whom the test adds.
const password = "a long way down to the sea"

// people adds those whom the demo lacks, with rights of every kind.
func (c *clinic) people(demo []seed.Account) {
	c.t.Helper()
	first := c.ordinary.app.FirstAdmin
	weights := map[string]int{access.RoleAdmin: 6, access.RoleManager: 8, access.RoleStaff: 8, access.RoleDoctor: 8, access.RoleCustomer: 6}
	seen := map[string]int{}
	for _, a := range demo {
		seen[a.Role]++
		name := a.Role
		if seen[a.Role] > 1 {
			name += "." + string(rune('0'+seen[a.Role]))
		}
		c.viewers = append(c.viewers, &viewer{name: name, login: a.Login, password: a.Password, weight: weights[a.Role] / seen[a.Role]})
	}
	for _, name := range []string{"nothing", "narrow", "denied", "glass", "far"} {
		c.add(name)
	}
	c.viewers = append(c.viewers,
		&viewer{name: "first", login: first.Login, password: first.Password, weight: 1}, // must set a new password
		&viewer{name: "anonymous", weight: 1},
		&viewer{name: "bad", token: "garbage", weight: 1},
	)
	boss := c.viewer("admin")
	c.enter(c.ordinary, boss)

	// A role whose fields reach less far than its types.
	narrow := c.say(boss, `mutation($in: CreateRoleInput!) { createRole(input: $in) { role { id } } }`, map[string]any{"name": "narrow", "permissions": []any{
		may("customer:read", "ANY"), may("customer:read_personal", "UNIT"), may("customer:read_notes", "OWN"), may("customer:read_document", "UNIT"),
		may("appointment:read", "ANY"), may("appointment:read_notes", "UNIT"), may("user:read", "ANY"), may("user:read_personal", "UNIT"),
		may("booking:read", "UNIT"), may("order:read", "ANY"), may("payment:read", "UNIT"), may("product:read", "ANY"), may("practitioner:read", "ANY"), may("points:read", "UNIT"),
		may("unit:read", "ANY"), may("role:read", "UNIT"),
	}}, "createRole", "role", "id")
	c.say(boss, `mutation($in: AssignRoleInput!) { assignRole(input: $in) { __typename } }`, map[string]any{"userId": c.id("narrow"), "roleId": narrow, "reason": "for the test"})
	for name, roles := range map[string][]string{"denied": {"manager"}, "doctor.2": {"staff"}, "glass": {"doctor"}, "far": {"staff"}} {
		for _, role := range roles {
			c.say(boss, `mutation($in: AssignRoleInput!) { assignRole(input: $in) { __typename } }`, map[string]any{"userId": c.id(name), "roleId": c.role(role), "reason": "for the test"})
		}
	}
	for _, permission := range []string{"customer:read_personal", "order:read", "appointment:read_notes", "product:read", "user:read"} {
		c.say(boss, `mutation($in: SetUserPermissionInput!) { setUserPermission(input: $in) { __typename } }`,
			map[string]any{"userId": c.id("denied"), "permission": permission, "allowed": false, "reason": "for the test"})
	}
	// One customer has been erased.
	erased := false
	for _, row := range c.scan(`SELECT id FROM customers WHERE account_id IS NULL ORDER BY created_at, id`) {
		_, err := c.attempt(boss, `mutation($in: EraseCustomerInput!) { eraseCustomer(input: $in) { __typename } }`, map[string]any{"id": row[0], "reason": "asked for it in writing"})
		if erased = err == nil; erased {
			break
		}
	}
	if !erased {
		c.t.Error("no customer could be erased")
	}
}

func may(permission, scope string) map[string]any {
	return map[string]any{"permission": permission, "scope": scope}
}

func (c *clinic) add(name string) {
	c.t.Helper()
	deps, ctx := c.ordinary.app.Seed, access.System(context.Background(), "test")
	hash, err := deps.Passwords.Hash(ctx, password)
	c.must(err, "hash a password")
	unit := uuid.MustParse(c.text(`SELECT id FROM organizational_units WHERE name = $1`, "Physiotherapy"))
	err = deps.Store.InTx(ctx, func(client *ent.Client, _ *sql.Tx) error {
		_, err := accounts.CreateUser(ctx, client, accounts.NewUser{
			Username: name, Email: name + "@example.org", PasswordHash: hash, GivenName: "Given", Surname: "Family " + name, Unit: &unit,
		}, c.now())
		return err
	})
	c.must(err, "add %s", name)
	c.viewers = append(c.viewers, &viewer{name: name, login: name, password: password, weight: 3})
}

func (c *clinic) text(query string, args ...any) string {
	c.t.Helper()
	found := c.scan(query, args...)
	if len(found) == 0 {
		c.t.Fatalf("%s %v: nothing", query, args)
	}
	text, _ := found[0][0].(string)
	return text
}

func (c *clinic) viewer(name string) *viewer {
	c.t.Helper()
	i := slices.IndexFunc(c.viewers, func(v *viewer) bool { return v.name == name })
	if i < 0 {
		c.t.Fatalf("there is no viewer %q", name)
	}
	return c.viewers[i]
}

func (c *clinic) id(name string) string {
	return c.text(`SELECT id FROM users WHERE username = $1`, c.viewer(name).login)
}

func (c *clinic) role(name string) string {
	return c.text(`SELECT id FROM roles WHERE name = $1`, name)
}

// say runs a mutation as the viewer and gives the text at the path of its answer.
func (c *clinic) say(v *viewer, document string, input map[string]any, path ...string) string {
	c.t.Helper()
	text, err := c.attempt(v, document, input, path...)
	c.must(err, "%s %v", document, input)
	return text
}

// attempt is say with the refusal as an error.
func (c *clinic) attempt(v *viewer, document string, input map[string]any, path ...string) (string, error) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": map[string]any{"in": input}})
	c.must(err, "write %s", document)
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if v.token != "" {
		r.Header.Set("Authorization", "Bearer "+v.token)
	}
	w := httptest.NewRecorder()
	c.ordinary.app.Handler.ServeHTTP(w, r)
	var answer struct {
		Data   any
		Errors []any
	}
	c.must(json.Unmarshal(w.Body.Bytes(), &answer), "read %s", w.Body)
	if len(answer.Errors) > 0 {
		return "", errors.New(w.Body.String())
	}
	for _, step := range path {
		object, _ := answer.Data.(map[string]any)
		answer.Data = object[step]
	}
	text, _ := answer.Data.(string)
	return text, nil
}

// enter signs the viewer in.
func (c *clinic) enter(s *server, v *viewer) {
	c.t.Helper()
	v.token = c.say(&viewer{}, `mutation($in: LoginInput!) { login(input: $in) { accessToken } }`, map[string]any{"login": v.login, "password": v.password}, "login", "accessToken")
	v.user = uuid.MustParse(c.text(`SELECT id FROM users WHERE username = $1`, v.login))
}

// signIn signs everybody in, and adds who acts for somebody else and programs.
func (c *clinic) signIn() {
	c.t.Helper()
	for _, v := range c.viewers {
		if v.login != "" {
			c.enter(c.ordinary, v)
		}
	}
	boss := c.viewer("admin")
	c.say(c.viewer("glass"), `mutation($in: BreakGlassInput!) { breakGlass(input: $in) { permissions } }`, map[string]any{"reason": "The patient was found unconscious."})
	patient := c.viewer("customer")
	acting := &viewer{name: "acting", user: patient.user, weight: 3}
	acting.token = c.say(boss, `mutation($in: ImpersonateInput!) { impersonate(input: $in) { accessToken } }`,
		map[string]any{"userId": patient.user.String(), "reason": "Helps on the telephone."}, "impersonate", "accessToken")
	c.viewers = append(c.viewers, acting,
		c.program("till", c.viewer("staff"), "booking:read", "product:read", "payment:read", "order:read"),
		c.program("report", c.viewer("manager"), "booking:read", "customer:read", "customer:read_personal", "appointment:read", "user:read", "practitioner:read", "product:read"),
	)
}

// program makes a token of the viewer's for a program.
func (c *clinic) program(name string, owner *viewer, scopes ...string) *viewer {
	c.t.Helper()
	p := &viewer{name: name, user: owner.user, weight: 2, program: true}
	p.token = c.say(owner, `mutation($in: CreateApiTokenInput!) { createApiToken(input: $in) { token } }`,
		map[string]any{"name": name, "scopes": scopes, "expiresAt": asking.AddDate(0, 0, 364).Format(time.RFC3339)}, "createApiToken", "token")
	return p
}
