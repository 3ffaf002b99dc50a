package e2e

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/internal/customers"
)

// TestACustomerIsTheDoctorsWhileAnAppointmentStands: one that was called off, or
// deleted, is no way to a patient's notes.
func TestACustomerIsTheDoctorsWhileAnAppointmentStands(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		me, visit := c.as(doctorNorth), c.object(t, d)
		sees := func() (kinds []string) {
			for kind, query := range map[string]string{
				"customer":    `query($id: ID!) { customer(id: $id) { notes } }`,
				"booking":     `query($id: ID!) { booking(id: $id) { id } }`,
				"appointment": `query($id: ID!) { appointment(id: $id) { id } }`,
				"order":       `query($id: ID!) { order(id: $id) { id } }`,
			} {
				id := map[string]string{"customer": d.near.profile, "booking": d.near.booking, "appointment": visit.String(), "order": d.near.order}[kind]
				if me.do(query, vars{"id": id}).code() == "" {
					kinds = append(kinds, kind)
				}
			}
			slices.Sort(kinds)
			return kinds
		}
		all := "appointment booking customer order"
		for status, want := range map[appointment.Status]string{
			appointment.StatusTentative: all, appointment.StatusScheduled: all, appointment.StatusInProgress: all, appointment.StatusCompleted: all, appointment.StatusNoShow: all,
			appointment.StatusCancelled: "appointment booking order", appointment.StatusDeclined: "appointment booking order", appointment.StatusExpired: "appointment booking order",
		} {
			c.arrange(func(client *ent.Client) error {
				return client.Appointment.UpdateOneID(visit).SetStatus(status).Exec(c.system())
			})
			if got := strings.Join(sees(), " "); got != want {
				t.Errorf("%s: sees %q, want %q", status, got, want)
			}
		}
		c.arrange(func(client *ent.Client) error {
			return client.Appointment.UpdateOneID(visit).SetStatus(appointment.StatusScheduled).SetDeletedAt(opening).Exec(c.system())
		})
		if got := sees(); len(got) > 0 {
			t.Errorf("deleted: sees %v", got)
		}
	})
}

func (c *clinic) object(t *testing.T, d *diary) uuid.UUID {
	t.Helper()
	visit, err := c.app.Store.Client.Appointment.Query().Where(appointment.BookingID(uuid.MustParse(d.near.booking))).OnlyID(c.system())
	if err != nil {
		t.Fatal(err)
	}
	return visit
}

// TestACustomerIsTheUnitsWhileABookingIsThere: for who sees customers by unit.
func TestACustomerIsTheUnitsWhileABookingIsThere(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		boss := c.as(admin)
		role := boss.createRole("unit desk", may("customer:read", "UNIT"), may("points:read", "UNIT")).ok().text("createRole.role.id")
		boss.revoke(staffNorth, c.roles["staff"]).ok()
		boss.assign(staffNorth, role).ok()
		desk := c.as(staffNorth)
		list := func() string {
			return string(desk.do(`{ customers { totalCount edges { node { id } } } }`).ok().body)
		}
		if got := list(); !strings.Contains(got, d.near.profile) || strings.Contains(got, d.far.profile) {
			t.Error(got)
		}
		c.arrange(func(client *ent.Client) error { // the home goes, the booking stays
			return client.Customer.UpdateOneID(uuid.MustParse(d.near.profile)).ClearUnit().Exec(c.system())
		})
		if got := list(); !strings.Contains(got, d.near.profile) {
			t.Error(got)
		}
		c.arrange(func(client *ent.Client) error {
			return client.Booking.UpdateOneID(uuid.MustParse(d.near.booking)).SetDeletedAt(opening).Exec(c.system())
		})
		if got := list(); strings.Contains(got, d.near.profile) {
			t.Error(got)
		}
	})
}

// TestAProfileThatMovesTakesItsRowsWithIt: the account that had it sees nothing more.
func TestAProfileThatMovesTakesItsRowsWithIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		from, to := c.as(customerA), c.as(customerB)
		const query = `query($c: ID!, $b: ID!, $o: ID!) { c: node(id: $c) { id } b: node(id: $b) { id } o: node(id: $o) { id } }`
		ids := vars{"c": d.near.profile, "b": d.near.booking, "o": d.near.order}
		from.do(query, ids).ok()
		c.arrange(func(client *ent.Client) error {
			return client.Customer.UpdateOneID(uuid.MustParse(d.near.profile)).SetAccountID(uuid.MustParse(c.users[customerB])).Exec(c.system())
		})
		to.do(query, ids).ok()
		for _, f := range from.do(query, ids).errs {
			if f.Extensions["code"] != "NOT_FOUND" {
				t.Error(f)
			}
		}
		from.do(`{ bookings { totalCount } orders { totalCount } appointments { totalCount } }`).ok().
			want("bookings.totalCount", `0`).want("orders.totalCount", `0`).want("appointments.totalCount", `0`)
	})
}

// TestAFieldsPermissionReachesNoFurtherThanItSays: who is a doctor and works at the
// desk sees all customers, and the notes about their own; in one statement more.
func TestAFieldsPermissionReachesNoFurtherThanItSays(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		c.as(admin).assign(doctorNorth, c.roles["staff"]).ok()
		me := c.as(doctorNorth)
		const query = `{ customers(first: 100) { edges { node { id notes } } } }`
		a := me.do(query)
		for i := range a.list("customers.edges") {
			node := a.at("customers.edges." + string(rune('0'+i)) + ".node").(map[string]any)
			want := any(nil)
			if node["id"] == d.near.profile {
				want = "Notes about customer.a"
			}
			if node["notes"] != want {
				t.Errorf("%v", node)
			}
		}
		if len(a.errs) != 2 || a.errs[0].Extensions["code"] != "FORBIDDEN" || a.errs[1].Extensions["code"] != "FORBIDDEN" {
			t.Errorf("%s", a.body)
		}
		if n := len(c.statements("customers", func() { me.do(query) })); n != 2 {
			t.Errorf("%d statements about customers, want the page and one for its notes", n)
		}
		me.do(`query($id: ID!) { customer(id: $id) { notes } }`, vars{"id": d.far.profile}).refused("FORBIDDEN")
	})
}

// TestAPhoneNumberIsItsOwnersAndOfWhoMayReadIt: and so is the number of a document,
// which the database does not know.
func TestPhonesAndDocumentsHaveTheirOwnPermissions(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		boss.change(doctorNorth, vars{"phone": "+49302312501"}).ok()
		boss.grant(staffNorth, "user:read_personal", false).ok()
		const phone = `query($id: ID!) { user(id: $id) { username phone } }`
		c.as(staffNorth).do(phone, vars{"id": c.users[doctorNorth]}).refused("FORBIDDEN")
		c.as(manager).do(phone, vars{"id": c.users[doctorNorth]}).ok().want("user.phone", `"+49302312501"`)
		boss.revoke(doctorNorth, c.roles["doctor"]).ok()
		c.as(doctorNorth).do(`{ viewer { user { phone } } }`).ok().want("viewer.user.phone", `"+49302312501"`)

		account, number := uuid.MustParse(c.users[customerB]), "AB 1234-567/8"
		made, err := c.app.Seed.Customers.Create(c.system(), customers.Profile{Account: &account, GivenName: "Given", Surname: "Person", Document: &number})
		if err != nil {
			t.Fatal(err)
		}
		const document = `query($id: ID!) { customer(id: $id) { number documentNumber } }`
		for _, login := range []string{manager, staffNorth, customerB, admin} {
			c.as(login).do(document, vars{"id": made.ID.String()}).ok().want("customer.documentNumber", `"`+number+`"`)
		}
		c.as(staffNorth).do(document, vars{"id": c.profiles[customerA]}).ok().want("customer.documentNumber", `null`)
		boss.grant(staffNorth, "customer:read_document", false).ok()
		c.as(staffNorth).do(document, vars{"id": made.ID.String()}).refused("FORBIDDEN")
		if row := c.app.Store.Client.Customer.GetX(c.system(), made.ID); len(row.DocumentSealed) == 0 || bytes.Contains(row.DocumentSealed, []byte("1234")) {
			t.Error("the number is not sealed")
		}
		c.as(admin).do(`query($id: ID!) { operationLogs(where: {entityId: $id}) { edges { node { newValues } } } }`, vars{"id": made.ID.String()}).ok()
		bad := "x"
		if _, err := c.app.Seed.Customers.Create(c.system(), customers.Profile{GivenName: "Given", Surname: "Person", Document: &bad}); err == nil {
			t.Error("a number of one letter")
		}
	})
}

// TestActionsOfAPageOfUsersCostABoundedNumberOfStatements: what each of them holds
// is read together, and so are the owners of sessions.
func TestActionsOfAPageOfUsersCostABoundedNumberOfStatements(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for _, login := range []string{customerA, customerB, staffNorth, staffSouth, doctorNorth} {
			c.signIn(login, password)
		}
		boss := c.as(manager)
		for list, most := range map[string]int{
			`users(first: 100) { edges { node { id allowedActions { name allowed } } } }`:                                     2,
			`sessionLogs(first: 100) { edges { node { session { id allowedActions { name allowed } } } } }`:                   4,
			`roles(first: 10) { edges { node { users(first: 10) { edges { node { allowedActions { name allowed } } } } } } }`: 3,
		} {
			boss.do(`{ viewer { mustChangePassword } }`).ok() // finds out who asks
			if asked := c.statements("", func() { boss.do(`{ ` + list + ` }`).ok() }); len(asked) > most {
				t.Errorf("%s: %d statements", list, len(asked))
			}
		}
	})
}
