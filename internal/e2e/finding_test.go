package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
)

// findings asks the report about grants.
func (cl *client) findings(arguments string) *answer {
	cl.c.t.Helper()
	if arguments != "" {
		arguments = "(" + arguments + ")"
	}
	return cl.do(`{ accessFindings` + arguments + ` { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { reasons risks lastUsedOn
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

		// Each says when it was used last, whatever it is listed for.
		day := c.clock.now().UTC().Format(time.DateOnly)
		c.advance(2 * 24 * time.Hour)
		last := map[string]string{}
		a := c.as(admin).findings(`first: 100, reasons: [UNUSED], unusedForDays: 1`).ok()
		for i := range a.list("accessFindings.edges") {
			at := fmt.Sprintf("accessFindings.edges.%d.node.", i)
			if a.at(at+"userRole") != nil {
				last[a.text(at+"userRole.user.username")+" "+a.text(at+"userRole.role.name")] = fmt.Sprint(a.at(at + "lastUsedOn"))
			} else {
				last[a.text(at+"userPermission.user.username")+" "+a.text(at+"userPermission.permission")] = fmt.Sprint(a.at(at + "lastUsedOn"))
			}
		}
		if last["customer.a staff"] != day || last["customer.b directory:read"] != "<nil>" {
			t.Errorf("last used on: %v, and it was %s", last, day)
		}
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
		boss.grant(staffNorth, "permission:read", true).ok() // sees everybody's, and reports on the own unit's
		c.as(staffNorth).findings(`first: 100, reasons: [RISKY]`).wantFound(map[string]string{
			"doctor.north points:read": "RISKY DIRECT_WITHOUT_END", "staff.south points:read": "", "customer.a points:read": "",
		})
		if got := c.as(doctorNorth).findings(`first: 100`).ok(); got.number("accessFindings.totalCount") != 0 {
			t.Errorf("a doctor, who sees no assignments, is told of some: %s", got.body)
		}
	})
}
