package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clinicgraph/ent"
)

const (
	timelineOf = `query($type: String!, $id: ID!, $first: Int, $after: Cursor, $last: Int, $before: Cursor) {
		timeline(entityType: $type, entityId: $id, first: $first, after: $after, last: $last, before: $before) {
			totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
			edges { cursor node { __typename id createdAt actor
				... on OperationLog { action newValues user { username } } ... on AuditLog { event success resource user { username } }
				... on SessionLog { event_: event user { username } } ... on OrderEvent { type toStatus order { number } } } } } }`
	asOf      = `query($type: String!, $id: ID!, $from: Time!, $to: Time!) { asOf(entityType: $type, entityId: $id, at: $to) { at exists complete values } changes(entityType: $type, entityId: $id, from: $from, to: $to) { entries } }`
	changesOf = `query($type: String!, $id: ID!, $from: Time!, $to: Time!) { changes(entityType: $type, entityId: $id, from: $from, to: $to) { entries before after } }`
)

// timeline asks for what is on record about an object.
func (cl *client) timeline(entity, id string, page ...vars) *answer {
	cl.c.t.Helper()
	v := vars{"type": entity, "id": id}
	if len(page) > 0 {
		for name, value := range page[0] {
			v[name] = value
		}
	}
	return cl.do(timelineOf, v)
}

// story is the timeline in words, the newest first.
func (a *answer) story() (lines []string) {
	a.t.Helper()
	for i := range a.list("timeline.edges") {
		n := fmt.Sprintf("timeline.edges.%d.node.", i)
		what := ""
		for _, name := range []string{"action", "event", "event_", "type"} {
			if text, ok := a.look(n + name).(string); ok {
				what = text
			}
		}
		lines = append(lines, fmt.Sprint(a.at(n+"__typename"), " ", what, " ", a.at(n+"actor")))
	}
	return lines
}

// look is at for what may not be there.
func (a *answer) look(path string) any {
	at := any(a.data)
	for _, step := range strings.Split(path, ".") {
		switch t := at.(type) {
		case map[string]any:
			at = t[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil {
				return nil
			}
			at = t[i]
		default:
			return nil
		}
	}
	return at
}

// TestAnOrderHasOneTimeline: what was done to it and what it went through, newest
// first, in pages that are cut anywhere.
func TestAnOrderHasOneTimeline(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		all := c.as(admin).timeline(ent.TypeOrder, d.near.order).ok()
		story := all.story()
		if story[len(story)-1] != "OperationLog CREATE "+customerA && story[len(story)-1] != "OrderEvent PLACED "+customerA {
			t.Errorf("it does not begin at the beginning: %v", story)
		}
		for _, want := range []string{"OrderEvent PLACED " + customerA, "OrderEvent PAYMENT_CAPTURED " + customerA, "OperationLog CREATE " + customerA, "OperationLog UPDATE " + customerA} {
			if !slices.Contains(story, want) {
				t.Errorf("%q is missing: %v", want, story)
			}
		}
		all.want("timeline.totalCount", fmt.Sprint(len(story))).want("timeline.pageInfo.hasNextPage", "false").want("timeline.edges.0.node.createdAt", `"2030-01-07T08:00:00Z"`)

		// One at a time, from both ends.
		var forward, backward []string
		for after := any(nil); ; {
			a := c.as(admin).timeline(ent.TypeOrder, d.near.order, vars{"first": 1, "after": after}).ok()
			forward, after = append(forward, a.text("timeline.edges.0.node.id")), a.text("timeline.pageInfo.endCursor")
			if a.at("timeline.pageInfo.hasNextPage") == false {
				break
			}
		}
		for before := any(nil); ; {
			a := c.as(admin).timeline(ent.TypeOrder, d.near.order, vars{"last": 1, "before": before}).ok()
			backward, before = append(backward, a.text("timeline.edges.0.node.id")), a.text("timeline.pageInfo.startCursor")
			if a.at("timeline.pageInfo.hasPreviousPage") == false {
				break
			}
		}
		slices.Reverse(backward)
		if got := all.ids("timeline"); !slices.Equal(forward, got) || !slices.Equal(backward, got) {
			t.Errorf("pages: %v and %v, want %v", forward, backward, got)
		}
		c.as(admin).timeline(ent.TypeOrder, d.near.order, vars{"first": 101}).refused("BAD_USER_INPUT").about("first")
		c.as(admin).timeline(ent.TypeOrder, d.near.order, vars{"first": 1, "last": 1}).refused("BAD_USER_INPUT")
		other := c.as(admin).do(`{ bookings { edges { cursor } } }`).ok().text("bookings.edges.0.cursor")
		c.as(admin).timeline(ent.TypeOrder, d.near.order, vars{"after": other}).refused("BAD_USER_INPUT").about("after")

		// A log is one statement, whatever the page shows of it.
		for _, table := range []string{"operation_logs", "audit_logs", "order_events"} {
			heard := c.statements(table, func() {
				c.as(admin).do(`query($id: ID!) { timeline(entityType: "Order", entityId: $id) { edges { node { actor ... on OperationLog { user { username } } } } } }`, vars{"id": d.near.order}).ok()
			})
			if len(heard) != 1 || !strings.Contains(heard[0], "LIMIT 21") {
				t.Errorf("%s: %d statements: %v", table, len(heard), heard)
			}
		}
	})
}

// TestATimelineShowsTheLogsThatTheCallerReads, with their rows, and none of an
// object that they do not see.
func TestATimelineShowsTheLogsThatTheCallerReads(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		for _, line := range c.as(customerA).timeline(ent.TypeOrder, d.near.order).ok().story() {
			if !strings.HasPrefix(line, "OrderEvent ") {
				t.Errorf("a customer sees %s", line)
			}
		}
		c.as(customerA).timeline(ent.TypeOrder, d.far.order).refused("NOT_FOUND")
		c.as(admin).timeline(ent.TypeOrder, missing(ent.TypeOrder)).refused("NOT_FOUND")
		c.as(admin).timeline(ent.TypeOrder, d.near.booking).refused("NOT_FOUND")
		c.as(customerA).timeline(ent.TypeBooking, d.near.booking).refused("FORBIDDEN")
		c.as(admin).do(`{ auditLogs(where: {event: "ACCESS_DENIED", permissionChecked: "operation_log:read"}) { edges { node { actor resource } } } }`).ok().
			want("auditLogs.edges.0.node", `{"actor":"`+customerA+`","resource":"Query.timeline"}`)
		c.anyone().timeline(ent.TypeOrder, d.near.order).refused("UNAUTHENTICATED")
		for _, entity := range []string{"", "order", "AuditLog", "ResourceClaim", "Nothing"} {
			a := c.as(admin).timeline(entity, d.near.order).refused("BAD_USER_INPUT").about("entityType")
			if !strings.Contains(string(a.body), "Appointment, ") || strings.Contains(string(a.body), "SigningKey") {
				t.Errorf("%q: %s", entity, a.body)
			}
		}

		// A user: what was done to the account, by it to nobody else, and its sessions.
		c.anyone().login(staffNorth, "wrong").refused("INVALID_CREDENTIALS")
		story := c.as(admin).timeline(ent.TypeUser, c.users[staffNorth], vars{"first": 100}).ok().story()
		for _, want := range []string{"SessionLog LOGIN " + staffNorth, "AuditLog LOGIN " + staffNorth, "AuditLog USER_PERMISSION_SET " + admin} {
			if !slices.Contains(story, want) {
				t.Errorf("%q is missing: %v", want, story)
			}
		}
		session := c.as(customerA).do(`{ viewer { sessions { id } } }`).ok().text("viewer.sessions.0.id")
		if story := c.as(customerA).timeline(ent.TypeUserSession, session).ok().story(); !slices.Contains(story, "SessionLog LOGIN "+customerA) {
			t.Errorf("the own session: %v", story)
		}
	})
}

// TestTheLogsAreSearched by who, what, when and which request.
func TestTheLogsAreSearched(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		count := func(list, where string) int {
			t.Helper()
			return c.as(admin).do(`{ ` + list + `(where: ` + where + `) { totalCount } }`).ok().number(list + ".totalCount")
		}
		for _, list := range []string{"operationLogs", "auditLogs", "sessionLogs"} {
			whole := count(list, `{createdAtGTE: "2030-01-07T08:00:00Z"}`)
			if none := count(list, `{createdAtLT: "2030-01-07T08:00:00Z"}`) + count(list, `{createdAtGT: "2030-01-07T09:00:00Z"}`); none != 0 && list != "operationLogs" || whole == 0 {
				t.Errorf("%s: %d from the opening on, %d outside", list, whole, none)
			}
			mine := count(list, `{hasUserWith: [{username: "`+customerA+`"}]}`)
			if mine == 0 || mine >= whole {
				t.Errorf("%s: %d of %d by the user", list, mine, whole)
			}
			request := c.as(admin).do(`{ x: ` + list + `(first: 1) { edges { node { requestId } } } }`).ok().text("x.edges.0.node.requestId")
			if n := count(list, `{requestId: "`+request+`"}`); n == 0 {
				t.Errorf("%s: nothing of the request %s", list, request)
			}
		}
		if n := count("operationLogs", `{entityType: "Booking", entityId: "`+d.near.booking+`", action: "CREATE"}`); n != 1 {
			t.Errorf("%d entries say that the booking was made", n)
		}
		if n := count("auditLogs", `{success: false}`); n != count("auditLogs", `{not: {success: true}}`) {
			t.Errorf("%d events failed", n)
		}
		c.as(customerA).do(`{ sessionLogs(where: {hasUserWith: [{username: "`+admin+`"}]}) { totalCount } }`).ok().want("sessionLogs.totalCount", "0")
		c.as(admin).do(`{ auditLogs(where: {createdAtGTE: "yesterday"}) { totalCount } }`).refused("BAD_USER_INPUT").about("where.createdAtGTE")
	})
}

// TestValuesAtATime are put together from the log; personal ones are for who may
// read them.
func TestValuesAtATime(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		order := vars{"type": ent.TypeOrder, "id": d.near.order, "from": at(0, 0).AddDate(0, 0, -2), "to": at(23, 0)}
		a := c.as(admin).do(asOf, order).ok().want("asOf.exists", "true").want("asOf.complete", "true").want("asOf.values.charge_status", `"FULL"`)
		if n := a.number("changes.entries"); n < 2 {
			t.Errorf("%d entries", n)
		}
		c.as(admin).do(asOf, vars{"type": ent.TypeOrder, "id": d.near.order, "from": at(0, 0).AddDate(-1, 0, 0), "to": at(0, 0).AddDate(0, 0, -2)}).ok().
			want("asOf.exists", "false").want("asOf.complete", "true").want("asOf.values", "{}").want("changes.entries", "0")
		appointment := c.visitOf(d.near.booking)
		c.as(admin).do(asOf, vars{"type": ent.TypeAppointment, "id": appointment, "from": at(0, 0), "to": at(23, 0)}).ok().want("asOf.values.notes", `"Secret of customer.a"`)
		a = c.as(manager).do(asOf, vars{"type": ent.TypeAppointment, "id": appointment, "from": at(0, 0), "to": at(23, 0)}).ok().want("asOf.values.notes", `"[personal]"`)
		if strings.Contains(string(a.body), "Secret of") {
			t.Errorf("what is personal shows: %s", a.body)
		}

		day := c.clock.now()
		c.advance(3600e9)
		c.as(admin).do(`mutation($id: ID!) { updateUser(input: {id: $id, locale: "de"}) { user { locale } } }`, vars{"id": c.users[staffNorth]}).ok()
		c.as(admin).do(changesOf, vars{"type": ent.TypeUser, "id": c.users[staffNorth], "from": c.clock.now(), "to": c.clock.now().Add(1e9)}).ok().
			want("changes.entries", "1").want("changes.after.locale", `"de"`).want("changes.before.locale", `"en"`)
		c.as(admin).do(changesOf, vars{"type": ent.TypeUser, "id": c.users[staffNorth], "from": c.clock.now().Add(-1e9), "to": c.clock.now()}).ok().want("changes.entries", "0")

		c.as(admin).do(changesOf, vars{"type": ent.TypeUser, "id": c.users[staffNorth], "from": day, "to": day}).refused("BAD_USER_INPUT").about("to")
		c.as(admin).do(changesOf, vars{"type": "Nothing", "id": d.near.order, "from": day, "to": day.Add(1)}).refused("BAD_USER_INPUT").about("entityType")
		c.as(admin).do(changesOf, vars{"type": ent.TypeOrder, "id": missing(ent.TypeOrder), "from": day, "to": day.Add(1e9)}).refused("NOT_FOUND")
		c.as(admin).grant(staffNorth, "operation_log:read", true, vars{"scope": "UNIT"}).ok()
		c.as(staffNorth).do(changesOf, order).refused("FORBIDDEN")
		c.as(customerA).do(changesOf, order).refused("FORBIDDEN")
	})
}
