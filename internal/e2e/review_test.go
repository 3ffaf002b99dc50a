package e2e

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
)

// findings asks the report about grants.
func (cl *client) findings(arguments string) *answer {
	cl.c.t.Helper()
	if arguments != "" {
		arguments = "(" + arguments + ")"
	}
	return cl.do(`{ accessFindings` + arguments + ` { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { reasons risks
		userRole { role { name } user { username } } userPermission { permission origin user { username } } } } } }`)
}

// found are the grants of a report, as "login grant", with why.
func (a *answer) found() map[string]string {
	a.t.Helper()
	all := map[string]string{}
	for i := range a.list("accessFindings.edges") {
		at := fmt.Sprintf("accessFindings.edges.%d.node.", i)
		var grant string
		if a.at(at+"userRole") != nil {
			grant = a.text(at+"userRole.user.username") + " " + a.text(at+"userRole.role.name")
		} else {
			grant = a.text(at+"userPermission.user.username") + " " + a.text(at+"userPermission.permission")
		}
		all[grant] = strings.Join(slices.Concat(texts(a.list(at+"reasons")), texts(a.list(at+"risks"))), " ")
	}
	return all
}

func texts(list []any) (all []string) {
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// wantFound holds what a report says of some grants; "" is: not listed.
func (a *answer) wantFound(want map[string]string) {
	a.t.Helper()
	got := map[string]string{}
	for grant := range want {
		got[grant] = a.ok().found()[grant]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		a.t.Errorf("(-want +found):\n%s", diff)
	}
}

func TestTheReportListsGrantsThatEndOrHaveEnded(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		days := func(n int) vars { return vars{"expiresAt": opening.AddDate(0, 0, n)} }
		boss.assign(customerA, c.roles["staff"], days(14)).ok()
		boss.assign(customerB, c.roles["staff"], vars{"expiresAt": opening.AddDate(0, 0, 14).Add(time.Second)}).ok()
		boss.grant(customerA, "points:read", true, days(1)).ok()
		boss.grant(customerB, "points:read", false, days(1)).ok() // a denial is no grant
		soon := map[string]string{"customer.a staff": "EXPIRING", "customer.b staff": "", "customer.a points:read": "EXPIRING", "customer.b points:read": ""}
		boss.findings(`first: 100, reasons: [EXPIRING]`).wantFound(soon)
		boss.findings(`first: 100, reasons: [EXPIRED]`).wantFound(map[string]string{"customer.a staff": "", "customer.a points:read": ""})
		boss.findings(`first: 100, reasons: [EXPIRING], endingWithinDays: 15`).wantFound(map[string]string{"customer.b staff": "EXPIRING"})
		boss.findings(`first: 100, reasons: [EXPIRING], endingWithinDays: 13`).wantFound(map[string]string{"customer.a staff": "", "customer.a points:read": "EXPIRING"})
		c.advance(24 * time.Hour)
		c.as(admin).findings(`first: 100, reasons: [EXPIRED]`).wantFound(map[string]string{"customer.a staff": "", "customer.a points:read": "EXPIRED"})
		for arguments, path := range map[string]string{
			"endingWithinDays: 0": "endingWithinDays", "endingWithinDays: 367": "endingWithinDays", "unusedForDays: 0": "unusedForDays", "unusedForDays: 731": "unusedForDays",
			"first: 101": "first", "last: -1": "last", "first: 1, last: 1": "last",
		} {
			c.as(admin).findings(arguments).refused("BAD_USER_INPUT").about(path)
		}
		c.as(admin).findings("endingWithinDays: 366, unusedForDays: 730").ok()
	})
}

func TestTheReportListsGrantsThatNobodyUses(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		boss.grant(customerA, "directory:read", true).ok()
		boss.grant(customerB, "directory:read", true).ok()
		boss.assign(customerA, c.roles["staff"]).ok()
		boss.assign(customerB, c.roles["staff"]).ok()
		none := map[string]string{"customer.a directory:read": "", "customer.a staff": ""}
		boss.findings(`first: 100, reasons: [UNUSED]`).wantFound(none) // given today
		c.advance(90*24*time.Hour + time.Second)
		// One came by each of the two.
		c.as(customerA).do(`{ users { totalCount } customers { totalCount } }`).ok()
		c.as(customerB).do(`{ products { totalCount } }`).ok() // which is public business
		boss = c.as(admin)
		got := boss.findings(`first: 100, reasons: [UNUSED]`).ok().found()
		if got["customer.b directory:read"] == "" || got["customer.a staff"] != "" {
			t.Errorf("%v", got)
		}
		boss.findings(`first: 100, reasons: [UNUSED], unusedForDays: 100`).wantFound(map[string]string{"customer.b directory:read": "", "customer.b staff": ""})
	})
}

func TestTheReportListsWhatRestsOnNobody(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		own := boss.createRole("helper", may("booking:read", "ANY")).ok().text("createRole.role.id")
		boss.assign(customerA, own).ok()
		c.as(otherAdmin).grant(customerB, "points:read", true, vars{"expiresAt": opening.AddDate(1, 0, 0)}).ok()
		orphans := func() *answer { return c.as(admin).findings(`first: 100, reasons: [ORPHANED]`) }
		orphans().wantFound(map[string]string{"customer.a helper": "", "customer.b points:read": ""})
		c.arrange(func(client *ent.Client) error {
			return client.Role.UpdateOneID(uuid.MustParse(own)).SetStatus(role.StatusInactive).Exec(c.system())
		})
		c.arrange(func(client *ent.Client) error {
			return client.User.UpdateOneID(uuid.MustParse(c.users[otherAdmin])).SetIsActive(false).Exec(c.system())
		})
		orphans().wantFound(map[string]string{"customer.a helper": "ORPHANED", "customer.b points:read": "ORPHANED", "admin.two admin": "ORPHANED RISKY HIGH_WITHOUT_END WILDCARD ESCALATION NO_SECOND_FACTOR", "manager.one manager": ""})
		c.arrange(func(client *ent.Client) error {
			return client.OrganizationalUnit.UpdateOneID(uuid.MustParse(c.south)).SetDeletedAt(opening).Exec(c.system())
		})
		orphans().wantFound(map[string]string{"staff.south staff": "ORPHANED", "staff.north staff": ""})
	})
}

func TestTheReportSaysWhatIsRisky(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		ends := vars{"expiresAt": opening.AddDate(1, 0, 0)}
		boss.grant(customerA, "points:read", true).ok()
		boss.grant(customerB, "points:read", true, ends).ok()
		boss.grant(staffNorth, "role:assign", true, ends).ok()
		boss.grant(staffSouth, "role:assign", true).ok()
		boss.grant(staffSouth, "permission:grant", true).ok()
		c.as(doctorSouth).phoneOf()
		boss.grant(doctorSouth, "user:delete", true, ends).ok()
		risky := func() *answer { return c.as(admin).findings(`first: 100, reasons: [RISKY]`) }
		risky().wantFound(map[string]string{
			"customer.a points:read": "RISKY DIRECT_WITHOUT_END", "customer.b points:read": "",
			"staff.north role:assign":      "RISKY NO_SECOND_FACTOR",
			"staff.south role:assign":      "RISKY HIGH_WITHOUT_END ESCALATION DIRECT_WITHOUT_END NO_SECOND_FACTOR",
			"staff.south permission:grant": "RISKY HIGH_WITHOUT_END ESCALATION DIRECT_WITHOUT_END NO_SECOND_FACTOR",
			"doctor.south user:delete":     "", "staff.north staff": "",
			"manager.one manager": "RISKY HIGH_WITHOUT_END ESCALATION NO_SECOND_FACTOR",
			"admin.two admin":     "RISKY HIGH_WITHOUT_END WILDCARD ESCALATION NO_SECOND_FACTOR",
		})
	})
}

func TestTheReportHasPagesAndKeepsToWhatIsTheCallersToSee(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		for _, login := range []string{customerA, customerB, staffNorth, staffSouth, doctorNorth} {
			boss.grant(login, "points:read", true).ok()
		}
		all := boss.findings(`first: 100`).ok()
		n := len(all.list("accessFindings.edges"))
		if n < 8 || all.number("accessFindings.totalCount") != n {
			t.Fatalf("%d of %d", n, all.number("accessFindings.totalCount"))
		}
		walk := func(page, cursor, more, end string) (cursors []string) {
			for next := ""; ; {
				a := boss.findings(page + next).ok()
				part := texts(nil)
				for i := range a.list("accessFindings.edges") {
					part = append(part, fmt.Sprint(a.found())+a.text(fmt.Sprintf("accessFindings.edges.%d.cursor", i))[:0])
				}
				cursors = append(cursors, part...)
				if a.at("accessFindings.pageInfo."+more) != true {
					return cursors
				}
				next = fmt.Sprintf(`, %s: %q`, cursor, a.text("accessFindings.pageInfo."+end))
			}
		}
		if forward, backward := walk("first: 1", "after", "hasNextPage", "endCursor"), walk("last: 1", "before", "hasPreviousPage", "startCursor"); len(forward) != n || len(backward) != n {
			t.Errorf("%d forward, %d backward, want %d", len(forward), len(backward), n)
		} else if slices.Reverse(backward); !slices.Equal(forward, backward) {
			t.Errorf("forward %v\nbackward %v", forward, backward)
		}
		boss.findings(fmt.Sprintf(`after: %q`, boss.do(`{ users(first: 1) { edges { cursor } } }`).ok().text("users.edges.0.cursor"))).refused("BAD_USER_INPUT").about("after")
		c.as(staffNorth).findings("").refused("FORBIDDEN")
		// Of one's own unit, and only what the rows show.
		for _, p := range []string{"access_review:read", "permission:read", "role:read"} {
			boss.grant(staffNorth, p, true, vars{"scope": "UNIT"}).ok()
		}
		c.as(staffNorth).findings(`first: 100, reasons: [RISKY]`).wantFound(map[string]string{
			"doctor.north points:read": "RISKY DIRECT_WITHOUT_END", "staff.south points:read": "", "customer.a points:read": "", "manager.one manager": "",
		})
		if got := c.as(doctorNorth).findings(`first: 100`).ok(); got.number("accessFindings.totalCount") != 0 {
			t.Errorf("a doctor, who sees no assignments, is told of some: %s", got.body)
		}
	})
}

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

func TestAnOverdueReviewIsReportedOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		id := c.as(admin).startReview(vars{"roleIds": []string{c.roles["staff"]}, "reviewerId": c.users[manager], "dueAt": opening.Add(time.Hour)}).ok().text("startAccessReview.accessReview.id")
		report := func(want int) {
			t.Helper()
			if n, err := c.app.Accounts.ReportOverdue(t.Context()); err != nil || n != want {
				t.Errorf("%d, %v, want %d", n, err, want)
			}
		}
		c.advance(time.Hour - time.Microsecond)
		report(0)
		c.advance(time.Microsecond)
		report(1)
		report(0)
		for login, n := range map[string]string{admin: `1`, manager: `1`, otherAdmin: `0`} {
			c.as(login).do(`{ notifications(where: {kind: ACCESS_REVIEW_OVERDUE}) { totalCount } }`).ok().want("notifications.totalCount", n)
		}
		c.as(manager).do(`{ accessReviews(where: {status: OVERDUE}) { edges { node { id } } } }`).ok().want("accessReviews.edges", `[{"node":{"id":"`+id+`"}}]`)
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
