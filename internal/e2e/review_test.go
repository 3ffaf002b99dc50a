package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
)

// startReview starts a review.
func (cl *client) startReview(more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation startAccessReview($in: StartAccessReviewInput!) { startAccessReview(input: $in) { accessReview { id name kind status dueAt pendingItems
		reviewer { username } startedBy { username } items(first: 100) { totalCount edges { node { id kind grants username expiresAt status standing } } } } } }`,
		input(vars{"name": "Quarter", "dueAt": opening.AddDate(0, 0, 7)}, more))
}

// item is the id of the item about a grant, as "login grant".
func (a *answer) item(grant string) string {
	a.t.Helper()
	for i := range a.list("startAccessReview.accessReview.items.edges") {
		at := fmt.Sprintf("startAccessReview.accessReview.items.edges.%d.node.", i)
		if a.text(at+"username")+" "+a.text(at+"grants") == grant {
			return a.text(at + "id")
		}
	}
	a.t.Fatalf("no item about %s: %s", grant, a.body)
	return ""
}

func (cl *client) attest(item string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation attestAccessReviewItem($in: AttestAccessReviewItemInput!) { attestAccessReviewItem(input: $in) { accessReviewItem { id status note standing decidedBy { username } } } }`,
		input(vars{"id": item}, more))
}

func (cl *client) revokeItem(item string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation revokeAccessReviewItem($in: RevokeAccessReviewItemInput!) { revokeAccessReviewItem(input: $in) { accessReviewItem { id status note standing } } }`,
		input(vars{"id": item, "reason": "no longer"}, more))
}

func (cl *client) closeReview(review string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation closeAccessReview($in: CloseAccessReviewInput!) { closeAccessReview(input: $in) { accessReview { id status closedBy { username } } } }`,
		input(vars{"id": review}, nil))
}

func TestAReviewFreezesItsGrants(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		boss.assign(customerA, c.roles["staff"], vars{"expiresAt": opening.AddDate(0, 1, 0)}).ok()
		boss.grant(customerA, "customer:read", true).ok()
		boss.grant(customerB, "customer:read", false).ok()
		made := boss.startReview(vars{"permissions": []string{"customer:read"}, "reviewerId": c.users[manager]}).ok()
		made.want("startAccessReview.accessReview.kind", `"CAMPAIGN"`).want("startAccessReview.accessReview.status", `"OPEN"`).
			want("startAccessReview.accessReview.reviewer.username", `"manager.one"`).want("startAccessReview.accessReview.startedBy.username", `"admin.one"`)
		made.item("customer.a customer:read")
		made.item("admin.one admin") // by the wildcard
		made.item("customer.a customer")
		id := made.item("customer.a staff")
		c.as(manager).do(`{ notifications { edges { node { kind } } } }`).ok().want("notifications.edges.0.node.kind", `"ACCESS_REVIEW_STARTED"`)

		show := func() *answer {
			return c.as(admin).do(`query($id: ID!) { node(id: $id) { ... on AccessReviewItem { expiresAt grants username standing } } }`, vars{"id": id}).ok()
		}
		frozen := `{"expiresAt":"2030-02-07T08:00:00Z","grants":"staff","standing":"%s","username":"customer.a"}`
		show().want("node", fmt.Sprintf(frozen, "UNCHANGED"))
		boss.assign(customerA, c.roles["staff"]).ok() // without an end
		show().want("node", fmt.Sprintf(frozen, "CHANGED"))
		// What is attested is what the review has found: the grant as it is now is not reviewed.
		boss.attest(id).ok()
		if n := c.count(`SELECT count(*) FROM user_roles WHERE last_reviewed_at IS NOT NULL`); n != 0 {
			t.Errorf("%d grants are reviewed that nobody looked at", n)
		}
		boss.revoke(customerA, c.roles["staff"]).ok()
		show().want("node", fmt.Sprintf(frozen, "GONE"))
		boss.startReview(vars{"roleIds": []string{c.roles["manager"]}}).ok().want("startAccessReview.accessReview.items.totalCount", `1`)
		boss.startReview(vars{"unitIds": []string{c.north}, "roleIds": []string{c.roles["doctor"]}}).ok().want("startAccessReview.accessReview.items.totalCount", `2`)
		boss.startReview(vars{"reasons": []string{"RISKY"}, "roleIds": []string{c.roles["manager"]}}).ok().want("startAccessReview.accessReview.items.totalCount", `1`)
	})
}

func TestWhatAReviewIsRefused(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		for path, in := range map[string]vars{
			"input.name":             {"name": "x"},
			"input.dueAt":            {"dueAt": opening},
			"input.permissions.0":    {"permissions": []string{"moon:land"}},
			"input.reviewerId":       {"reviewerId": c.users[customerA]},
			"input":                  {"permissions": []string{"customer:read"}, "reasons": []string{"EXPIRED"}},
			"input.endingWithinDays": {"endingWithinDays": 0},
		} {
			boss.startReview(in).refused("BAD_USER_INPUT").about(path)
		}
		boss.startReview(vars{"name": strings.Repeat("é", 101)}).refused("BAD_USER_INPUT").about("input.name")
		boss.startReview(vars{"name": strings.Repeat("é", 100)}).ok()
		boss.startReview(vars{"dueAt": opening.AddDate(0, 0, 366).Add(time.Second)}).refused("BAD_USER_INPUT").about("input.dueAt")
		boss.startReview(vars{"dueAt": opening.AddDate(0, 0, 366)}).ok()
		boss.startReview(vars{"roleIds": []string{missing(ent.TypeRole)}}).refused("NOT_FOUND")
		boss.startReview(vars{"unitIds": []string{missing(ent.TypeOrganizationalUnit)}}).refused("NOT_FOUND")
		boss.startReview(vars{"reviewerId": missing(ent.TypeUser)}).refused("NOT_FOUND")
		c.as(staffNorth).startReview().refused("FORBIDDEN")
		c.as(doctorNorth).startReview().refused("FORBIDDEN")
		boss.attest(missing(ent.TypeAccessReviewItem)).refused("NOT_FOUND")
		boss.revokeItem(missing(ent.TypeAccessReviewItem)).refused("NOT_FOUND")
		boss.closeReview(missing(ent.TypeAccessReview)).refused("NOT_FOUND")
		boss.revokeItem(missing(ent.TypeAccessReviewItem), vars{"reason": "no"}).refused("BAD_USER_INPUT").about("input.reason")
		c.clock.move(6 * time.Minute)
		boss.startReview().refused("STEP_UP_REQUIRED")
	})
}

func TestAReviewAsksAboutAThousandGrantsAtMost(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		had := c.count(`SELECT count(*) FROM user_roles`)
		fill := func(n int) {
			c.arrange(func(client *ent.Client) error {
				people := make([]*ent.UserCreate, n)
				for i := range people {
					name := fmt.Sprintf("crowd-%s", uuid.NewString())
					people[i] = client.User.Create().SetUsername(name).SetUsernameKey(name).SetEmail(name + "@example.org").SetEmailKey(name + "@example.org").SetPasswordHash("").SetIsCustomer(true)
				}
				made, err := client.User.CreateBulk(people...).Save(c.system())
				if err != nil {
					return err
				}
				roles := make([]*ent.UserRoleCreate, n)
				for i, u := range made {
					roles[i] = client.UserRole.Create().SetUser(u).SetRoleID(uuid.MustParse(c.roles["customer"])).SetAssignedAt(opening)
				}
				return client.UserRole.CreateBulk(roles...).Exec(c.system())
			})
		}
		fill(1000 - had)
		boss.do(`mutation { startAccessReview(input: {name: "All", dueAt: "2030-01-08T00:00:00Z"}) { accessReview { pendingItems } } }`).ok().want("startAccessReview.accessReview.pendingItems", `1000`)
		fill(1)
		boss.startReview().refused("BAD_USER_INPUT").about("input")
	})
}

func TestAnItemIsAttestedOrRevoked(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		boss.assign(customerA, c.roles["staff"]).ok()
		boss.grant(customerA, "customer:read", true).ok()
		boss.grant(customerB, "audit_log:read", true).ok()
		made := boss.startReview(vars{"roleIds": []string{c.roles["staff"], c.roles["admin"], c.roles["manager"]}, "permissions": []string{"customer:read", "audit_log:read"}}).ok()
		review := made.text("startAccessReview.accessReview.id")
		role, direct, wider := made.item("customer.a staff"), made.item("customer.a customer:read"), made.item("customer.b audit_log:read")

		boss.attest(made.item("admin.one admin")).refused("FORBIDDEN") // one's own
		boss.revokeItem(made.item("admin.one admin")).refused("FORBIDDEN")
		lead := c.as(manager)
		lead.attest(made.item("manager.one manager")).refused("FORBIDDEN")
		lead.revokeItem(wider).refused("FORBIDDEN") // who may do more than the manager
		lead.attest(made.item("admin.two admin"), vars{"reason": "runs the system"}).ok().
			want("attestAccessReviewItem.accessReviewItem.status", `"ATTESTED"`).want("attestAccessReviewItem.accessReviewItem.note", `"runs the system"`).
			want("attestAccessReviewItem.accessReviewItem.decidedBy.username", `"manager.one"`)
		if n := c.count(`SELECT count(*) FROM user_roles WHERE last_reviewed_at IS NOT NULL AND last_reviewed_by_id = '` + c.users[manager] + `'`); n != 1 {
			t.Errorf("%d grants say that they were reviewed", n)
		}
		lead.closeReview(review).refused("INVALID_TRANSITION")
		lead.revokeItem(direct).ok().want("revokeAccessReviewItem.accessReviewItem.standing", `"GONE"`)
		lead.revokeItem(role).ok().want("revokeAccessReviewItem.accessReviewItem.status", `"REVOKED"`)
		if n := c.count(`SELECT count(*) FROM user_roles WHERE user_id = '` + c.users[customerA] + `'`); n != 1 {
			t.Errorf("%d roles are left, want customer", n)
		}
		if _, has := c.holds(customerA)["payment:read"]; !has {
			t.Error("the customer's own role is gone")
		}
		if n := c.count(`SELECT count(*) FROM user_permissions WHERE user_id = '` + c.users[customerA] + `'`); n != 0 {
			t.Errorf("%d direct permissions are left", n)
		}
		lead.attest(role).refused("INVALID_TRANSITION")
		lead.revokeItem(role).refused("INVALID_TRANSITION")
		boss.do(`{ auditLogs(where: {event: "ACCESS_REVIEW_REVOKE"}) { totalCount } }`).ok().want("auditLogs.totalCount", `2`)

		// The rest, each by somebody else, and the end.
		boss.ungrant(customerB, "audit_log:read").ok()
		boss.attest(wider).ok() // it has gone meanwhile
		pending := boss.do(`query($id: ID!) { node(id: $id) { ... on AccessReview { pendingItems items(first: 100, where: {status: PENDING}) { edges { node { id username } } } } } }`, vars{"id": review}).ok()
		if pending.number("node.pendingItems") != len(pending.list("node.items.edges")) {
			t.Errorf("%s", pending.body)
		}
		for i := range pending.list("node.items.edges") {
			at := fmt.Sprintf("node.items.edges.%d.node.", i)
			who := boss
			if pending.text(at+"username") == admin {
				who = c.as(otherAdmin)
			}
			who.attest(pending.text(at + "id")).ok()
		}
		lead.closeReview(review).ok().want("closeAccessReview.accessReview.closedBy.username", `"manager.one"`)
		lead.closeReview(review).refused("INVALID_TRANSITION")
		lead.attest(wider).refused("INVALID_TRANSITION")
	})
}

// TestAReviewKeepsTheLastAdministrator: revoking by review keeps to the rule of the
// verb.
func TestAReviewKeepsTheLastAdministrator(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		r := boss.createRole("reviewers", may("access_review:read", "ANY"), may("access_review:decide", "ANY"), may("role:assign", "ANY"), may("role:read", "ANY"), may("user:read", "ANY")).ok().text("createRole.role.id")
		made := boss.startReview(vars{"roleIds": []string{c.roles["admin"]}}).ok()
		boss.assign(staffNorth, r, vars{"expiresAt": opening.Add(time.Hour)}).ok()
		c.as(staffNorth).revokeItem(made.item("admin.two admin")).refused("FORBIDDEN") // a wider user
		// Two who revoke each other: one is left.
		c.arrange(func(client *ent.Client) error {
			others, err := client.User.Query().Where(user.UsernameIn(c.first.Login, manager)).All(c.system())
			for _, u := range others {
				err = errors.Join(err, u.Update().SetIsActive(false).Exec(c.system()))
			}
			return err
		})
		c.advance(time.Hour) // the front desk's role has ended
		boss = c.as(admin)
		answers := together(2, func(i int) *answer {
			return []*client{boss, c.as(otherAdmin)}[i].revokeItem(made.item([]string{"admin.two admin", "admin.one admin"}[i]))
		})
		if got := outcomes(answers); got[""] != 1 {
			t.Errorf("%v", got)
		}
	})
}

func TestOfTwoDecisionsAtOnceOneWins(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, other := c.as(admin), c.as(otherAdmin)
		for range 3 {
			boss.assign(customerA, c.roles["staff"]).ok()
			item := boss.startReview(vars{"roleIds": []string{c.roles["staff"]}}).ok().item("customer.a staff")
			answers := together(6, func(i int) *answer {
				if i%2 == 0 {
					return boss.attest(item)
				}
				return other.revokeItem(item)
			})
			if got := outcomes(answers); got[""] != 1 || got["INVALID_TRANSITION"] != 5 {
				t.Errorf("%v", got)
			}
			left := c.count(`SELECT count(*) FROM user_roles WHERE user_id = '` + c.users[customerA] + `' AND role_id = '` + c.roles["staff"] + `'`)
			attested := c.count(`SELECT count(*) FROM access_review_items WHERE id = '` + item + `' AND status = 'ATTESTED'`)
			if left != attested {
				t.Errorf("%d grants are left, %d attested", left, attested)
			}
		}
	})
}

func TestReviewsSayWhatCanBeDone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		made := boss.startReview(vars{"roleIds": []string{c.roles["manager"], c.roles["admin"]}}).ok()
		actions := func(login, item string) string {
			a := c.as(login).do(`query($id: ID!) { node(id: $id) { ... on AccessReviewItem { allowedActions { name allowed code } } ... on AccessReview { allowedActions { name allowed code } } } }`, vars{"id": item}).ok()
			var all []string
			for i := range a.list("node.allowedActions") {
				at := fmt.Sprintf("node.allowedActions.%d.", i)
				all = append(all, fmt.Sprintf("%s %v %v", a.text(at+"name"), a.at(at+"allowed"), a.at(at+"code")))
			}
			return strings.Join(all, ", ")
		}
		for _, tc := range []struct{ login, item, want string }{
			{admin, made.item("manager.one manager"), "attestAccessReviewItem true <nil>, revokeAccessReviewItem true <nil>"},
			{admin, made.item("admin.one admin"), "attestAccessReviewItem false FORBIDDEN, revokeAccessReviewItem false FORBIDDEN"},
			{manager, made.item("admin.one admin"), "attestAccessReviewItem true <nil>, revokeAccessReviewItem false FORBIDDEN"},
			{admin, made.text("startAccessReview.accessReview.id"), "closeAccessReview false INVALID_TRANSITION"},
		} {
			if got := actions(tc.login, tc.item); got != tc.want {
				t.Errorf("%s: %s, want %s", tc.login, got, tc.want)
			}
		}
	})
}
