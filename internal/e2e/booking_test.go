package e2e

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// statementsOf gives the statements that an operation of this name makes, whether or not in a
// transaction; without those that begin and end one.
func (c *clinic) statementsOf(operation string, ask func()) (all []string) {
	c.t.Helper()
	var mu sync.Mutex
	c.app.Store.DB.Watch(func(ctx context.Context, s store.Statement) {
		if access.RequestOf(ctx).Operation == operation {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, s.Query)
		}
	})
	ask()
	c.app.Store.DB.Watch(nil)
	mu.Lock()
	defer mu.Unlock()
	return all
}

// TestABookingIsFewStatements bounds them: on PostgreSQL one that finds and locks, one
// that reads hours and claims, one that writes all rows and their record; one more for
// a key. SQLite has no round trips, and writes row by row.
func TestABookingIsFewStatements(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, doctor := c.as(staffNorth), c.practitioners[doctorNorth]
		book := func(minute int, more ...vars) func() {
			return func() {
				desk.book(c.consultation, doctor, at(9, minute), append(more, vars{"customerId": c.profiles[customerA]})...).ok()
			}
		}
		book(0)() // whose rights have been read
		most := map[string]int{dialect.Postgres: 3, dialect.SQLite: 14}[c.dialect]
		if all := c.statementsOf("bookAppointment", book(30)); len(all) > most || len(all) < 3 {
			t.Errorf("%d statements, at most %d: %q", len(all), most, all)
		}
		if all := c.statementsOf("bookAppointment", func() {
			desk.book(c.consultation, doctor, at(10, 0), vars{"customerId": c.profiles[customerA], "idempotencyKey": "once"}).ok()
		}); len(all) > most+1 {
			t.Errorf("with a key %d statements, at most %d: %q", len(all), most+1, all)
		}
	})
}

// TestWhatIsBookedIsFoundThroughTheCallersRows: each of the named is looked for like
// everything else that a caller names, and what is missing decides in the order of the
// input.
func TestWhatIsBookedIsFoundThroughTheCallersRows(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, doctor, whom := c.as(staffNorth), c.practitioners[doctorNorth], c.profiles[customerA]
		book := func(cl *client, service, practitioner, customer string) *answer {
			return cl.book(service, practitioner, at(9, 0), vars{"customerId": customer})
		}
		book(desk, missing(ent.TypeProduct), doctor, whom).refused("NOT_FOUND")
		book(desk, c.consultation, missing(ent.TypePractitionerProfile), whom).refused("NOT_FOUND")
		book(desk, c.consultation, doctor, missing(ent.TypeCustomer)).refused("NOT_FOUND")
		book(c.as(customerB), c.consultation, doctor, whom).refused("NOT_FOUND")
		desk.book(c.consultation, doctor, at(9, 0)).refused("BAD_USER_INPUT").about("input.customerId") // who has no profile

		for table, id := range map[string]string{"products": c.consultation, "practitioner_profiles": doctor, "customers": whom} {
			c.exec(`UPDATE ` + table + ` SET deleted_at = created_at WHERE id = '` + id + `'`)
			book(desk, c.consultation, doctor, whom).refused("NOT_FOUND")
			c.exec(`UPDATE ` + table + ` SET deleted_at = NULL WHERE id = '` + id + `'`)
		}
		for statement, undo := range map[string][3]string{
			`UPDATE service_settings SET deleted_at = created_at`:                       {`UPDATE service_settings SET deleted_at = NULL`, "BAD_USER_INPUT", "input.serviceId"},
			`UPDATE products SET is_available = FALSE`:                                  {`UPDATE products SET is_available = TRUE`, "BAD_USER_INPUT", "input.serviceId"},
			`UPDATE practitioner_profiles SET is_accepting = FALSE`:                     {`UPDATE practitioner_profiles SET is_accepting = TRUE`, "BAD_USER_INPUT", "input.practitionerId"},
			`UPDATE customers SET anonymized_at = created_at WHERE id = '` + whom + `'`: {`UPDATE customers SET anonymized_at = NULL WHERE id = '` + whom + `'`, "CONFLICT", ""},
			`UPDATE working_hours SET deleted_at = created_at`:                          {`UPDATE working_hours SET deleted_at = NULL`, "BAD_USER_INPUT", "input.startsAt"},
		} {
			c.exec(statement)
			a := book(desk, c.consultation, doctor, whom).refused(undo[1])
			if undo[2] != "" {
				a.about(undo[2])
			}
			c.exec(undo[0])
		}
		book(desk, c.consultation, doctor, whom).ok()
		c.exec(`UPDATE practitioner_services SET service_id = '` + c.bandage + `' WHERE practitioner_id = '` + doctor + `' AND service_id = '` + c.consultation + `'`)
		book(desk, c.consultation, doctor, whom).refused("BAD_USER_INPUT").about("input.practitionerId")
	})
}

// TestWhoseAccountIsClosedIsNotBooked: neither found nor booked while it is, whatever the
// profile says.
func TestWhoseAccountIsClosedIsNotBooked(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, desk, doctor := c.as(admin), c.as(staffNorth), c.practitioners[doctorNorth]
		open := func(hour int) *answer {
			found := desk.do(`query($s: ID!, $p: [ID!], $from: Time!, $to: Time!) { availableSlots(serviceId: $s, practitionerIds: $p, from: $from, to: $to) { startsAt } }`,
				vars{"s": c.consultation, "p": []string{doctor}, "from": at(hour, 0), "to": at(hour+1, 0)}).ok()
			booked := desk.book(c.consultation, doctor, at(hour, 0), vars{"customerId": c.profiles[customerA]})
			if free := len(found.list("availableSlots")) > 0; free != (booked.code() == "") {
				t.Errorf("free %t: %s", free, booked.body)
			}
			return booked
		}
		open(9).ok()
		boss.state("deactivateUser", doctorNorth).ok()
		open(10).refused("BAD_USER_INPUT").about("input.practitionerId")
		boss.state("reactivateUser", doctorNorth).ok()
		open(10).ok()
		boss.state("deleteUser", doctorNorth).ok()
		open(11).refused("BAD_USER_INPUT").about("input.practitionerId")
	})
}

// TestLongListsAreCountedByDays, whichever way a query is answered: the numbers of the
// days are asked, and the total is that of the bookings.
func TestLongListsAreCountedByDays(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.manyBookings(25, 0)
		boss := c.as(manager)
		for name, selection := range map[string]string{"page": `totalCount edges { node { id } }`, "count": `totalCount`} {
			query := `query ` + name + `($from: Time!, $to: Time!) { bookings(first: 5, where: {startsAtGTE: $from, startsAtLT: $to}) { ` + selection + ` } }`
			between := vars{"from": at(0, 0).AddDate(0, 0, -40).Add(time.Hour), "to": at(0, 0).AddDate(0, 0, 400).Add(time.Hour)}
			var a *answer
			all := c.statementsOf(name, func() { a = boss.do(query, between).ok() })
			if !strings.Contains(strings.Join(all, "\n"), "booking_counts") {
				t.Errorf("%s is not counted by days: %q", name, all)
			}
			if got, want := a.number("bookings.totalCount"), c.count(`SELECT count(*) FROM bookings`); got != want || want < 25 {
				t.Errorf("%s: %d of %d bookings", name, got, want)
			}
		}
	})
}
