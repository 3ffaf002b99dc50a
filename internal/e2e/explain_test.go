package e2e

import (
	"fmt"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
)

// explain asks why somebody has a permission, or why not; with an object, about
// that.
func (cl *client) explain(user, permission string, object ...string) *answer {
	cl.c.t.Helper()
	v := vars{"user": cl.c.id(user), "permission": permission}
	if len(object) > 0 {
		v["object"] = object[0]
	}
	return cl.do(`query($user: ID!, $permission: String!, $object: ID) { explainPermission(userId: $user, permission: $permission, objectId: $object) {
		user { username } permission allowed scope granted
		rows { standing permission wildcard allowed scope source role validFrom expiresAt assignment { reason role { name } } directPermission { reason } }
		missing { code message } object { type shown relation covered }
	} }`, v)
}

// lacks are the codes of what an explanation misses, in their order.
func (a *answer) lacks() string {
	a.t.Helper()
	codes := ""
	for i := range a.list("explainPermission.missing") {
		codes += a.text(fmt.Sprintf("explainPermission.missing.%d.code", i)) + " "
	}
	return codes
}

func TestAnExplanationNamesTheRowsThatDecideAndWhatIsMissing(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		lacks := func(want string, a *answer) {
			t.Helper()
			if got := a.ok().lacks(); got != want {
				t.Errorf("missing %q, want %q: %s", got, want, a.body)
			}
			a.want("explainPermission.allowed", fmt.Sprint(want == ""))
		}
		lacks("", boss.explain(staffNorth, "booking:read").
			want("explainPermission.scope", `"UNIT"`).
			want("explainPermission.rows", `[{"allowed":true,"assignment":{"reason":null,"role":{"name":"staff"}},"directPermission":null,"expiresAt":null,"permission":"booking:read","role":"staff","scope":"UNIT","source":"ROLE","standing":"DECIDES","validFrom":null,"wildcard":false}]`))
		lacks("", boss.explain(otherAdmin, "booking:read").want("explainPermission.rows.0.permission", `"*:*"`).want("explainPermission.rows.0.wildcard", `true`))
		lacks("NOT_GRANTED ", boss.explain(staffNorth, "role:read").want("explainPermission.scope", `null`).want("explainPermission.rows", `[]`))

		// A direct grant is wider than the role's, until a denial beats both, until
		// that ends.
		boss.grant(staffNorth, "booking:read", true, vars{"scope": "ANY"}).ok()
		lacks("", boss.explain(staffNorth, "booking:read").want("explainPermission.scope", `"ANY"`).
			want("explainPermission.rows.0.standing", `"NARROWER"`).want("explainPermission.rows.1.standing", `"DECIDES"`).
			want("explainPermission.rows.1.directPermission", `{"reason":"story"}`))
		boss.grant(staffNorth, "booking:read", false, vars{"expiresAt": opening.Add(time.Minute)}).ok()
		lacks("DENIED ", boss.explain(staffNorth, "booking:read").want("explainPermission.granted", `null`).
			want("explainPermission.rows.0.standing", `"OVERRULED"`).want("explainPermission.rows.1.standing", `"DECIDES"`).
			want("explainPermission.missing.0.message", `"A denial of booking:read beats whatever else is granted until 2030-01-07T08:01:00Z."`))
		c.clock.move(time.Minute)
		lacks("", boss.explain(staffNorth, "booking:read").want("explainPermission.scope", `"UNIT"`).want("explainPermission.rows.1.standing", `"EXPIRED"`))

		// What would give it: a role that has ended, and one that does not count.
		reader := boss.createRole("reader", may("audit_log:read", "ANY")).ok().text("createRole.role.id")
		boss.assign(customerA, reader, vars{"expiresAt": opening.Add(2 * time.Minute)}).ok()
		lacks("", boss.explain(customerA, "audit_log:read"))
		c.arrange(func(client *ent.Client) error {
			return client.Role.UpdateOneID(uuid.MustParse(reader)).SetStatus(role.StatusInactive).Exec(c.system())
		})
		lacks("ROLE_INACTIVE ", boss.explain(customerA, "audit_log:read").want("explainPermission.rows.0.standing", `"SUSPENDED"`).
			want("explainPermission.rows.0.assignment.role.name", `"reader"`))
		c.as(customerA).do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
		c.arrange(func(client *ent.Client) error {
			return client.Role.UpdateOneID(uuid.MustParse(reader)).SetStatus(role.StatusActive).Exec(c.system())
		})
		c.clock.move(time.Minute)
		lacks("EXPIRED ", boss.explain(customerA, "audit_log:read"))

		// The account, before anything that is granted.
		boss.state("lockUser", customerA).ok()
		lacks("ACCOUNT_LOCKED ", boss.explain(customerA, "booking:read").want("explainPermission.scope", `null`).want("explainPermission.granted", `"OWN"`))
		boss.state("deactivateUser", customerB).ok()
		lacks("ACCOUNT_CLOSED NOT_GRANTED ", boss.explain(customerB, "role:read"))
		lacks("PASSWORD_CHANGE_REQUIRED ", boss.explain(c.userByLogin(c.first.Login), "role:read").want("explainPermission.granted", `"ANY"`))
		boss.explain(staffNorth, "moon:land").refused("BAD_USER_INPUT").about("permission")
		boss.explain(staffNorth, "booking:*").refused("BAD_USER_INPUT").about("permission")
	})
}

func TestAnExplanationAsksTheRowRuleInTheUsersPlace(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		boss := c.as(admin)
		for _, tc := range []struct{ user, permission, object, want, lacks string }{
			{customerA, "booking:cancel", d.near.booking, `{"covered":true,"relation":"OWN","shown":true,"type":"Booking"}`, ""},
			{customerA, "booking:cancel", d.far.booking, `{"covered":false,"relation":"ANY","shown":false,"type":"Booking"}`, "OBJECT_NOT_SHOWN "},
			{doctorNorth, "booking:read", d.near.booking, `{"covered":true,"relation":"OWN","shown":true,"type":"Booking"}`, ""},
			{doctorNorth, "booking:read", d.next.booking, `{"covered":false,"relation":"UNIT","shown":false,"type":"Booking"}`, "OBJECT_NOT_SHOWN "},
			{staffNorth, "booking:cancel", d.next.booking, `{"covered":true,"relation":"UNIT","shown":true,"type":"Booking"}`, ""},
			{staffNorth, "booking:cancel", d.far.booking, `{"covered":false,"relation":"ANY","shown":false,"type":"Booking"}`, "OBJECT_NOT_SHOWN "},
			{manager, "booking:cancel", d.far.booking, `{"covered":true,"relation":"ANY","shown":true,"type":"Booking"}`, ""},
			// What is seen is not yet within reach of the permission.
			{staffNorth, "customer:read", d.far.profile, `{"covered":true,"relation":"ANY","shown":true,"type":"Customer"}`, ""},
			{staffNorth, "payment:capture", d.far.profile, `{"covered":false,"relation":"ANY","shown":true,"type":"Customer"}`, "OUT_OF_SCOPE "},
			{customerA, "product:read", c.consultation, `{"covered":true,"relation":"OWN","shown":true,"type":"Product"}`, ""},
		} {
			a := boss.explain(tc.user, tc.permission, tc.object).ok().want("explainPermission.object", tc.want)
			if got := a.lacks(); got != tc.lacks {
				t.Errorf("%s %s: missing %q, want %q", tc.user, tc.permission, got, tc.lacks)
			}
			// As the row rule says so the user sees.
			seen := c.as(tc.user).do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": tc.object})
			if shown := a.at("explainPermission.object.shown") == true; shown != (seen.code() == "") {
				t.Errorf("%s: shown %t, and asked in person: %s", tc.user, shown, seen.body)
			}
		}
	})
}

// TestAnExplanationTellsNobodyWhatTheyMayNotSee: what the caller does not see is
// not there, whoever it is asked about.
func TestAnExplanationTellsNobodyWhatTheyMayNotSee(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		c.as(customerA).explain(customerA, "booking:read").refused("FORBIDDEN")
		desk := c.as(staffNorth)
		c.as(admin).grant(staffNorth, "permission:read", true, vars{"scope": "UNIT"}).ok()
		desk.explain(doctorNorth, "booking:read").refused("FORBIDDEN") // the rows of roles are not theirs to read
		c.as(admin).grant(staffNorth, "role:read", true, vars{"scope": "UNIT"}).ok()
		desk.explain(doctorNorth, "booking:read").ok().want("explainPermission.rows.0.assignment.role.name", `"doctor"`)
		desk.explain(doctorSouth, "booking:read").refused("NOT_FOUND")
		desk.explain(missing(ent.TypeUser), "booking:read").refused("NOT_FOUND")
		c.as(admin).grant(staffNorth, "user:read", true, vars{"scope": "ANY"}).ok()
		desk.explain(doctorSouth, "booking:read").refused("FORBIDDEN") // seen, and of another unit

		// Objects: far is there for the doctor in the south, and not for the desk.
		gone := desk.explain(doctorNorth, "booking:read", missing(ent.TypeBooking)).refused("NOT_FOUND")
		hidden := desk.explain(doctorNorth, "booking:read", d.far.booking).refused("NOT_FOUND")
		if gone.errs[0].Message != hidden.errs[0].Message {
			t.Errorf("%q is not %q", hidden.errs[0].Message, gone.errs[0].Message)
		}
		desk.explain(doctorNorth, "booking:read", d.near.booking).ok()
		desk.explain(doctorNorth, "booking:read", uuid.NewString()).refused("NOT_FOUND")
		desk.explain(doctorNorth, "booking:read", missing(ent.TypeAuditLog)).refused("FORBIDDEN") // the door of the type
		desk.explain(doctorNorth, "booking:read", missing(ent.TypeResourceClaim)).refused("NOT_FOUND")
	})
}

func TestAnExplanationNamesTheSecondFactor(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := requiring(t, d, "high")
		boss := c.as(admin)
		a := boss.explain(otherAdmin, "role:assign").ok().want("explainPermission.allowed", "false").want("explainPermission.granted", `"ANY"`)
		if a.lacks() != "SECOND_FACTOR_REQUIRED " {
			t.Error(a.lacks())
		}
		boss.explain(otherAdmin, "booking:read").ok().want("explainPermission.allowed", "true")
		boss.explain(admin, "role:assign").ok().want("explainPermission.allowed", "false")
		boss.phoneOf()
		boss = c.holding(c.anyone().renew(boss.refresh).ok(), "refreshSession")
		boss.explain(admin, "role:assign").ok().want("explainPermission.allowed", "true") // the own session has shown one
	}
}

func TestAViewerSeesWhereEachPermissionComesFrom(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, me := c.as(admin), c.as(customerA)
		r := boss.createRole("reader", may("booking:read", "UNIT"), may("role:read", "ANY")).ok().text("createRole.role.id")
		boss.assign(customerA, r, vars{"expiresAt": opening.Add(time.Minute)}).ok()
		boss.grant(customerA, "unit:read", false).ok()
		boss.grant(customerA, "points:read", true, vars{"expiresAt": opening.Add(time.Hour)}).ok()
		sources := func() map[string]string {
			a, all := me.do(`{ viewer { permissions { name scope source role expiresAt } } }`).ok(), map[string]string{}
			for i := range a.list("viewer.permissions") {
				p := fmt.Sprintf("viewer.permissions.%d.", i)
				all[a.text(p+"name")] = fmt.Sprintln(a.at(p+"scope"), a.at(p+"source"), a.at(p+"role"), a.at(p+"expiresAt"))
			}
			return all
		}
		now := sources()
		c.clock.move(time.Minute)
		later := sources()
		for _, tc := range []struct{ permission, now, later string }{
			{"booking:read", "UNIT ROLE reader 2030-01-07T08:01:00Z\n", "OWN ROLE customer <nil>\n"},
			{"role:read", "ANY ROLE reader 2030-01-07T08:01:00Z\n", ""},
			{"points:read", "ANY USER <nil> 2030-01-07T09:00:00Z\n", "ANY USER <nil> 2030-01-07T09:00:00Z\n"},
			{"customer:read", "OWN ROLE customer <nil>\n", "OWN ROLE customer <nil>\n"},
			{"unit:read", "", ""},
		} {
			if now[tc.permission] != tc.now || later[tc.permission] != tc.later {
				t.Errorf("%s: %q, later %q", tc.permission, now[tc.permission], later[tc.permission])
			}
		}
	})
}
