package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicgraph/ent"
)

// TestTheTrailTellsTheStory: what docs/audit.md shows is what the timelines of an
// order, its booking and its patient say.
func TestTheTrailTellsTheStory(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me, profile := c.as(customerA), c.profiles[customerA]
		desk := c.as(staffNorth)
		booked := me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0), vars{"notes": "Secret"}).ok()
		booking, order := booked.text("bookAppointment.booking.id"), booked.text("bookAppointment.order.id")
		c.advance(time.Minute)
		me.pay(order, 8000, "TEST").ok()
		c.advance(time.Minute)
		(&client{c: c, token: desk.token, header: "X-Purpose-Of-Use", value: "HOPERAT"}).do(personalOf, vars{"id": profile}).ok()
		c.advance(time.Minute)
		desk.do(`mutation($id: ID!) { cancelBooking(input: {id: $id, reason: "The patient called."}) { booking { status } } }`, vars{"id": booking}).ok()

		var lines []string
		for _, object := range []struct{ entity, id string }{{ent.TypeBooking, booking}, {ent.TypeOrder, order}, {ent.TypeCustomer, profile}} {
			a := c.as(admin).do(`query($type: String!, $id: ID!) { timeline(entityType: $type, entityId: $id, first: 100) { edges { node { __typename createdAt actor
				... on OperationLog { action oldValues newValues } ... on AuditLog { event purpose fieldsShown } ... on OrderEvent { type toStatus } } } } }`, vars{"type": object.entity, "id": object.id}).ok()
			for i := range a.list("timeline.edges") {
				if line := a.told(fmt.Sprintf("timeline.edges.%d.node.", i), object.entity); line != "" {
					lines = append(lines, line)
				}
			}
		}
		slices.Sort(lines)
		story := "| when | who | object | what |\n|---|---|---|---|\n" + strings.Join(lines, "\n") + "\n"
		doc, err := os.ReadFile("../../docs/audit.md")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(doc), story) {
			t.Errorf("docs/audit.md does not have:\n%s", story)
		}
	})
}

// told is one entry as a line of a table; "" for what was there before the story.
func (a *answer) told(node, entity string) string {
	a.t.Helper()
	when, err := time.Parse(time.RFC3339, a.text(node+"createdAt"))
	if err != nil {
		a.t.Fatal(err)
	}
	what := ""
	switch a.text(node + "__typename") {
	case "OrderEvent":
		what = fmt.Sprintf("event %s, then %s", a.at(node+"type"), a.at(node+"toStatus"))
	case "AuditLog":
		what = fmt.Sprintf("%s for %v: %v", a.at(node+"event"), a.at(node+"purpose"), a.at(node+"fieldsShown"))
	case "OperationLog":
		what = strings.ToLower(a.text(node + "action"))
		for _, column := range []string{"status", "charge_status", "captured_amount"} {
			if value := a.look(node + "newValues." + column); value != nil {
				if before := a.look(node + "oldValues." + column); before != nil {
					what += fmt.Sprintf(", %s from %v to %v", column, before, value)
				} else {
					what += fmt.Sprintf(", %s %v", column, value)
				}
			}
		}
		if entity == ent.TypeCustomer {
			return "" // the profile was made before
		}
	}
	return fmt.Sprintf("| %s | %s | %s | %s |", when.Format("15:04"), a.at(node+"actor"), entity, what)
}
