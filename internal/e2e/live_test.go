package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

const watchBookings = `subscription($where: BookingWhereInput) { bookingChanged(where: $where) { id number status version customer { id } } }`

func TestABookingIsSeenAtOnceByThoseItConcernsAndByNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		mine, doctors, others := c.as(customerA).socket(), c.as(doctorNorth).socket(), c.as(customerB).socket()
		desk := c.as(staffNorth).socket()
		a, b, o := mine.subscribe(watchBookings), doctors.subscribe(watchBookings), others.subscribe(watchBookings)
		d := desk.subscribe(`subscription { appointmentChanged { id status booking { id } } }`)

		booked := c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		id := booked.text("bookAppointment.booking.id")
		mine.data(a).ok().want("bookingChanged.id", `"`+id+`"`).want("bookingChanged.status", `"CONFIRMED"`).want("bookingChanged.version", "1")
		doctors.data(b).ok().want("bookingChanged.id", `"`+id+`"`)
		desk.data(d).ok().want("appointmentChanged.booking.id", `"`+id+`"`)

		// What customer B hears first is their own: the other one was not for them.
		own := c.as(customerB).book(c.chat, c.practitioners[doctorSouth], at(9, 0)).ok().text("bookAppointment.booking.id")
		others.data(o).ok().want("bookingChanged.id", `"`+own+`"`)

		c.as(customerA).cancel(id).ok()
		mine.data(a).ok().want("bookingChanged.id", `"`+id+`"`).want("bookingChanged.status", `"CANCELLED"`).want("bookingChanged.version", "2")
		doctors.data(b).ok().want("bookingChanged.status", `"CANCELLED"`)
		desk.data(d).ok().want("appointmentChanged.status", `"CANCELLED"`)
	})
}

func TestASubscriptionTellsOfWhatItAsksFor(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		first := me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
		s := me.socket()
		cancelled := s.subscribe(watchBookings, vars{"where": vars{"status": "CANCELLED"}})
		missing := s.begin(`subscription($id: ID!) { bookingChanged(id: $id) { id } }`, vars{"id": missing(ent.TypeBooking)})
		if code := s.refused(missing); code != "NOT_FOUND" {
			t.Errorf("a booking that there is not: %s", code)
		}
		second := me.book(c.chat, c.practitioners[doctorNorth], at(10, 0)).ok().text("bookAppointment.booking.id")
		me.cancel(second).ok()
		s.data(cancelled).ok().want("bookingChanged.id", `"`+second+`"`)

		s.say(vars{"type": "complete", "id": cancelled})
		only := s.begin(`subscription($id: ID!) { bookingChanged(id: $id) { id status } }`, vars{"id": first})
		s.sync(cancelled) // that the second was booked may be told by what it is now, too
		me.book(c.chat, c.practitioners[doctorNorth], at(11, 0)).ok()
		me.cancel(first).ok()
		s.data(only).ok().want("bookingChanged.id", `"`+first+`"`)
	})
}

func TestATakenRightEndsASubscriptionAndAnEndedSessionItsSocket(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		s := c.as(customerA).socket()
		bookings := s.subscribe(watchBookings)
		told := s.subscribe(`subscription { notificationReceived { id } }`)
		c.as(admin).grant(customerA, "booking:read", false).ok()
		if code := s.refused(bookings); code != "FORBIDDEN" {
			t.Errorf("a taken permission: %s", code)
		}
		again := s.begin(watchBookings)
		if code := s.refused(again); code != "FORBIDDEN" {
			t.Errorf("once more: %s", code)
		}
		c.as(admin).ungrant(customerA, "booking:read").ok()
		bookings = s.subscribe(watchBookings)
		c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		for range 2 { // the booking, and that it is confirmed; nobody is told what they did themselves
			if m := s.hear(); m.Type == "next" && m.ID == told {
				t.Errorf("told of what one did oneself: %s", m.text)
			} else if m.ID == bookings {
				break
			}
		}
		c.as(customerA).do(`mutation { logout { loggedOut } }`).ok()
		if code := s.closed(); code != 4403 {
			t.Errorf("after signing out: %d", code)
		}
	})
}

func TestASocketIsOfNoUseAfterItsToken(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		s := c.as(customerA).socket()
		s.subscribe(watchBookings)
		c.advance(10 * time.Minute) // the life of a token
		c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(12, 0)).ok()
		if code := s.closed(); code != 4403 {
			t.Errorf("closed with %d", code)
		}
	})
}

func TestASocketAnswersNothingButSubscriptions(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		s := c.as(customerA).socket()
		for query, code := range map[string]string{
			`{ viewer { user { id } } }`:        "BAD_USER_INPUT",
			`mutation { logout { loggedOut } }`: "BAD_USER_INPUT",
			`subscription {`:                    "GRAPHQL_PARSE_FAILED",
			`subscription { nothing }`:          "GRAPHQL_VALIDATION_FAILED",
			`subscription { a: bookingChanged { id } notificationReceived { id } }`:                     "GRAPHQL_VALIDATION_FAILED",
			`subscription { slotReleased(serviceId: "` + missing(ent.TypeProduct) + `") { startsAt } }`: "NOT_FOUND",
		} {
			if got := s.refused(s.begin(query)); got != code {
				t.Errorf("%s: %s, want %s", query, got, code)
			}
		}
		c.as(customerA).do(`{ viewer { user { id } } }`).ok() // nobody was signed out
		if a := c.as(customerA).do(`subscription { notificationReceived { id } }`); a.code() != "BAD_USER_INPUT" {
			t.Errorf("by POST: %s", a.body)
		}
	})
}

func TestReleasedTimeIsToldToThoseWhoWait(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		id := c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
		elsewhere := c.as(customerA).book(c.chat, c.practitioners[doctorSouth], at(13, 0)).ok().text("bookAppointment.booking.id")
		s := c.as(customerB).socket()
		free := s.subscribe(`subscription($service: ID!, $who: [ID!]) { slotReleased(serviceId: $service, practitionerIds: $who) { startsAt endsAt practitioner { id } } }`,
			vars{"service": c.consultation, "who": []string{c.practitioners[doctorNorth]}})
		c.as(customerA).cancel(elsewhere).ok()
		c.as(customerA).cancel(id).ok()
		s.data(free).ok().want("slotReleased",
			`[{"endsAt":"2030-01-08T09:30:00Z","practitioner":{"id":"`+c.practitioners[doctorNorth]+`"},"startsAt":"2030-01-08T09:00:00Z"}]`)
	})
}

func TestPeopleAreToldWhatConcernsThem(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		doctor, customer := c.as(doctorNorth).socket(), c.as(customerA).socket()
		const watch = `subscription { notificationReceived { id kind subjectId readAt } }`
		d, k := doctor.subscribe(watch), customer.subscribe(watch)
		booked := c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		n := doctor.data(d).ok().want("notificationReceived.kind", `"APPOINTMENT_BOOKED"`).
			want("notificationReceived.subjectId", `"`+booked.text("bookAppointment.appointment.id")+`"`).text("notificationReceived.id")
		c.as(doctorNorth).do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { notification { readAt } } }`, vars{"id": n}).ok()
		c.as(doctorNorth).cancel(booked.text("bookAppointment.booking.id")).ok()
		customer.data(k).ok().want("notificationReceived.kind", `"BOOKING_CANCELLED"`)

		// Both lists are their owner's alone, and reading has told nobody anything.
		c.as(doctorNorth).do(`{ notifications { totalCount edges { node { kind } } } }`).ok().
			want("notifications", `{"edges":[{"node":{"kind":"APPOINTMENT_BOOKED"}}],"totalCount":1}`)
		c.as(customerA).do(`{ notifications(where: {readAtIsNil: true}) { edges { node { kind } } } }`).ok().
			want("notifications.edges", `[{"node":{"kind":"BOOKING_CANCELLED"}}]`)
		c.as(admin).do(`{ notifications { totalCount } }`).ok().want("notifications.totalCount", "0")
		c.as(customerA).do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { notification { id } } }`, vars{"id": n}).refused("NOT_FOUND")
		doctor.sync()
	})
}

func TestServerSentEventsTellTheSame(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		line := c.as(customerA).events(`subscription { bookingChanged { status } }`)
		c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		if got := line(); got != "event: next" {
			t.Errorf("first line: %q", got)
		}
		if got := line(); got != `data: {"data":{"bookingChanged":{"status":"CONFIRMED"}}}` {
			t.Errorf("second line: %q", got)
		}
		c.as(admin).grant(customerA, "booking:read", false).ok()
		for got := line(); got != "event: complete"; got = line() {
			if got == "" {
				t.Fatal("the stream ends without its end")
			}
			if strings.Contains(got, "errors") && !strings.Contains(got, "FORBIDDEN") {
				t.Errorf("ended with %s", got)
			}
		}
	})
}

// twin is a second server of the same PostgreSQL, with the same secret and clock.
func (c *clinic) twin() *clinic {
	t := c.t
	t.Helper()
	var name string
	if err := c.app.Store.DB.Write.QueryRowContext(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	there, err := url.Parse(testdb.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	there.Path = "/" + name
	db, err := store.OpenPostgres(t.Context(), store.Options{URL: there.String()})
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, &clinic{world: c.world, t: t, dialect: c.dialect, log: &journal{}, clock: c.clock, secrets: c.secrets, clients: map[string]*client{}}, db, func(*config.Config, *app.Options) {})
}

func TestTwoServersOfOneDatabaseTellOfEachOthersChanges(t *testing.T) {
	t.Parallel()
	here := open(t, dialect.Postgres)
	there := here.twin()
	s := there.as(customerA).socket()
	bookings := s.subscribe(watchBookings)
	number := 0
	// book books here and waits until the other server tells of it.
	book := func() {
		t.Helper()
		id := here.as(customerA).book(here.chat, here.practitioners[doctorNorth], at(9, 0).Add(time.Duration(number)*30*time.Minute)).ok().text("bookAppointment.booking.id")
		number++
		for s.data(bookings).ok().text("bookingChanged.id") != id { // an earlier one, once more
		}
	}
	book()
	book()
	var ended int
	err := here.app.Store.DB.Write.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'clinicgraph-events'`).Scan(&ended)
	if err != nil || ended == 0 {
		t.Fatalf("%d connections that listen ended, %v", ended, err)
	}
	// What happens in the outage is told after it, perhaps together with what was
	// told before it.
	id := here.as(customerA).book(here.chat, here.practitioners[doctorNorth], at(15, 0)).ok().text("bookAppointment.booking.id")
	for s.data(bookings).ok().text("bookingChanged.id") != id {
	}
	// A session that ends here ends its sockets there.
	moved := &client{c: here, token: there.as(customerA).token}
	moved.do(`mutation { logout { loggedOut } }`).ok()
	if code := s.closed(); code != 4403 {
		t.Errorf("closed with %d", code)
	}
}
