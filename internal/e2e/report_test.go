package e2e

import (
	"fmt"
	"testing"

	"clinicgraph/ent"
)

// report asks for the access report of a customer.
func (cl *client) report(profile string, page ...vars) *answer {
	cl.c.t.Helper()
	v := vars{"id": profile}
	if len(page) > 0 {
		for name, value := range page[0] {
			v[name] = value
		}
	}
	return cl.do(`query($id: ID!, $first: Int, $after: Cursor, $last: Int, $before: Cursor) { node(id: $id) { ... on Customer { accessReport(first: $first, after: $after, last: $last, before: $before) {
		edges { cursor node { at who actingForAnother fields purpose operation } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } } } }`, v)
}

func (a *answer) entry(i int) string {
	a.t.Helper()
	e := fmt.Sprintf("node.accessReport.edges.%d.node.", i)
	return fmt.Sprint(a.at(e+"who"), " ", a.at(e+"actingForAnother"), " ", a.at(e+"fields"), " ", a.at(e+"purpose"), " ", a.at(e+"operation"))
}

// TestAPatientSeesWhoHasSeenTheirData: the desk, the doctor, who acted in their
// name; not what they saw themselves, nor names, nor what others were shown.
func TestAPatientSeesWhoHasSeenTheirData(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		me, profile := c.as(customerA), c.profiles[customerA]
		me.report(profile).ok().want("node.accessReport", `{"edges":[],"pageInfo":{"endCursor":null,"hasNextPage":false,"hasPreviousPage":false,"startCursor":null},"totalCount":0}`)
		see := vars{"id": profile}
		(&client{c: c, token: c.as(staffNorth).token, header: "X-Purpose-Of-Use", value: "HOPERAT"}).do(personalOf, see).ok()
		c.as(doctorNorth).do(`query visit { appointments { edges { node { notes } } } }`).ok()
		c.signIn(admin, password).actingFor(customerA).do(`query help { viewer { customers { phone } } }`).ok()
		me.do(personalOf, see).ok()
		c.as(staffNorth).do(`{ customers { edges { node { number } } } }`).ok()
		c.as(staffSouth).do(personalOf, vars{"id": d.far.profile}).ok()

		a := me.report(profile).ok().want("node.accessReport.edges.0.node.at", `"2030-01-07T08:00:00Z"`)
		for i, want := range []string{
			"admin.one true [Customer.phone] <nil> help",
			"doctor.north false [Appointment.notes] <nil> visit",
			"staff.north false [Customer.birthDate Customer.email Customer.phone] HOPERAT openPatient",
		} {
			if got := a.entry(i); got != want {
				t.Errorf("%d: %s, want %s", i, got, want)
			}
		}
		if n := len(a.list("node.accessReport.edges")); n != 3 {
			t.Errorf("%d entries: %s", n, a.body)
		}

		// In pages, from both ends.
		one := me.report(profile, vars{"first": 2}).ok().want("node.accessReport.totalCount", "3").want("node.accessReport.pageInfo.hasNextPage", "true").want("node.accessReport.pageInfo.hasPreviousPage", "false")
		two := me.report(profile, vars{"first": 2, "after": one.text("node.accessReport.pageInfo.endCursor")}).ok().
			want("node.accessReport.pageInfo.hasNextPage", "false").want("node.accessReport.pageInfo.hasPreviousPage", "true")
		if two.entry(0) != a.entry(2) || len(two.list("node.accessReport.edges")) != 1 {
			t.Errorf("the second page: %s", two.body)
		}
		back := me.report(profile, vars{"last": 2, "before": two.text("node.accessReport.pageInfo.startCursor")}).ok().want("node.accessReport.pageInfo.hasPreviousPage", "false")
		if back.entry(0) != a.entry(0) || back.entry(1) != a.entry(1) {
			t.Errorf("the page before: %s", back.body)
		}
		me.report(profile, vars{"first": 101}).refused("BAD_USER_INPUT").about("first")
		me.report(profile, vars{"first": 1, "last": 1}).refused("BAD_USER_INPUT")
		other := me.do(`{ bookings { edges { cursor } } }`).ok().text("bookings.edges.0.cursor")
		me.report(profile, vars{"after": other}).refused("BAD_USER_INPUT").about("after")
	})
}

// TestAReportIsForTheOwnerAndForWhoReadsTheLog, and not for those who merely see
// the customer.
func TestAReportIsForTheOwnerAndForWhoReadsTheLog(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		withDiary(t, c)
		profile := c.profiles[customerA]
		c.as(staffNorth).do(personalOf, vars{"id": profile}).ok()
		c.as(staffSouth).do(personalOf, vars{"id": profile}).ok()
		entries := func(a *answer) int { return len(a.ok().list("node.accessReport.edges")) }

		c.as(customerB).report(profile).refused("NOT_FOUND")
		c.as(customerA).report(missing(ent.TypeCustomer)).refused("NOT_FOUND")
		c.anyone().report(profile).refused("UNAUTHENTICATED")
		for _, login := range []string{staffNorth, doctorNorth, manager} {
			c.as(login).report(profile).refused("FORBIDDEN").want("node.accessReport", "null")
		}
		if a := c.as(staffNorth).do(`{ customers { edges { node { number accessReport { edges { node { who } } } } } } }`); len(a.errs) != 3 || a.errs[2].Extensions["code"] != "FORBIDDEN" {
			t.Errorf("a list: %s", a.body)
		}
		c.as(admin).do(`{ auditLogs(where: {event: "ACCESS_DENIED", permissionChecked: "audit_log:read"}) { totalCount edges { node { actor resource } } } }`).ok().
			want("auditLogs.totalCount", "4").want("auditLogs.edges.0.node", `{"actor":"staff.north","resource":"Customer.accessReport"}`)

		if n := entries(c.as(admin).report(profile)); n != 2 {
			t.Errorf("who reads all of the log sees %d entries", n)
		}
		// Who reads the log of a unit, or the own, sees what that shows.
		for scope, want := range map[string]int{"UNIT": 1, "OWN": 0} {
			c.as(admin).grant(manager, "audit_log:read", true, vars{"scope": scope}).ok()
			if n := entries(c.as(manager).report(profile)); n > want {
				t.Errorf("%s: %d entries", scope, n)
			}
		}
		c.as(admin).grant(staffNorth, "audit_log:read", true, vars{"scope": "UNIT"}).ok()
		if n := entries(c.as(staffNorth).report(profile)); n != 1 {
			t.Errorf("in the unit: %d entries", n)
		}
		c.as(admin).grant(staffNorth, "audit_log:read", false).ok()
		c.as(staffNorth).report(profile).refused("FORBIDDEN")
		if n := entries(c.as(customerA).report(profile)); n != 2 {
			t.Errorf("the owner sees %d entries", n)
		}
	})
}

// TestTheDoorNotesWhatItLetsThrough: once a day, for the user whose right it is.
func TestTheDoorNotesWhatItLetsThrough(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		last := func(login, permission string) (day string) {
			t.Helper()
			if err := c.app.Uses.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows, err := c.app.Store.DB.Read.Query(`SELECT last_used_on FROM permission_uses WHERE user_id = '` + c.users[login] + `' AND permission = '` + permission + `'`)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			for rows.Next() {
				var n int
				if err := rows.Scan(&n); err != nil {
					t.Fatal(err)
				}
				day += fmt.Sprintf("%d ", n-21921) // since the opening
			}
			return day
		}
		want := func(login, permission, day string) {
			t.Helper()
			if got := last(login, permission); got != day {
				t.Errorf("%s %s: %q, want %q", login, permission, got, day)
			}
		}
		desk := c.as(staffNorth)
		want(staffNorth, "customer:read", "")
		desk.do(customersOf).ok()
		desk.do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
		want(staffNorth, "customer:read", "0 ")
		want(staffNorth, "customer:read_personal", "")
		want(staffNorth, "audit_log:read", "")
		c.signIn(admin, password).actingFor(customerA).do(customersOf).ok()
		want(customerA, "customer:read", "")
		want(admin, "user:impersonate", "0 ")
		s := desk.socket()
		s.subscribe(watchBookings)
		want(staffNorth, "booking:read", "0 ")
		c.advance(24 * 60 * 60 * 1e9)
		c.as(staffNorth).do(personalOf, vars{"id": c.profiles[customerA]}).ok()
		want(staffNorth, "customer:read", "1 ")
		want(staffNorth, "customer:read_personal", "1 ")
		want(staffNorth, "booking:read", "0 ")
	})
}
