package e2e

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/coder/websocket"
)

// personalOf opens one customer, as a front desk does.
const personalOf = `query openPatient($id: ID!) { node(id: $id) { ... on Customer { number birthDate phone email again: phone } } }`

// shown are the reads of personal data on record, oldest first, as "who whose
// fields purpose operation", and times with the same of them.
func (c *clinic) shown() (all []string) {
	c.t.Helper()
	name := map[string]string{}
	for login, id := range c.profiles {
		name[id] = "of " + login
	}
	for login, id := range c.users {
		name[id] = "the account of " + login
	}
	rows, err := c.app.Store.DB.Read.Query(`SELECT actor, subject_id, fields_shown, COALESCE(purpose, '-'), operation, request_id,
		CASE WHEN acting_for IS NULL THEN '' ELSE ' for another' END FROM audit_logs WHERE event = 'PERSONAL_DATA_READ' ORDER BY id`)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var who, whose, fields, purpose, operation, request, acting string
		if err := rows.Scan(&who, &whose, &fields, &purpose, &operation, &request, &acting); err != nil {
			c.t.Fatal(err)
		}
		if request == "" {
			c.t.Error("a read without the id of its request")
		}
		all = append(all, strings.Join([]string{who + acting, name[whose], fields, purpose, operation}, " | "))
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
	return all
}

// record gives what do puts on record.
func (c *clinic) record(do func()) []string {
	c.t.Helper()
	before := len(c.shown())
	do()
	return c.shown()[before:]
}

func (c *clinic) recorded(do func(), want ...string) {
	c.t.Helper()
	got := c.record(do)
	slices.Sort(got) // within a millisecond ids have no order
	slices.Sort(want)
	if !slices.Equal(got, want) {
		c.t.Errorf("on record:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestOpeningAPatientIsOnRecordOnce is the audit control of the HIPAA Security
// Rule (45 CFR 164.312(b)) for who looks: whoever opens one patient leaves one
// entry, whoever lists n leaves n, and whoever reads names leaves none.
func TestOpeningAPatientIsOnRecordOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		desk, profile := c.as(staffNorth), vars{"id": c.profiles[customerA]}
		shown := "Customer.birthDate, Customer.email, Customer.phone"
		c.recorded(func() { desk.do(personalOf, profile).ok().want("node.phone", `"+49302312500"`) },
			"staff.north | of customer.a | "+shown+" | - | openPatient")
		treating := &client{c: c, token: desk.token, header: "X-Purpose-Of-Use", value: "TREAT"}
		c.recorded(func() { treating.do(personalOf, profile).ok() }, "staff.north | of customer.a | "+shown+" | TREAT | openPatient")
		c.recorded(func() {
			desk.do(`{ a: customers { edges { node { phone } } } b: customers { edges { node { phone } } } }`).ok()
		},
			"staff.north | of customer.a | Customer.phone | - | customers", "staff.north | of customer.b | Customer.phone | - | customers", "staff.north | of  | Customer.phone | - | customers")
		c.recorded(func() {
			desk.do(`{ customers { totalCount edges { node { number givenName { firstName } unit { name } anonymizedAt } } } }`).ok()
		})

		// Through any path, and with nothing else of the row.
		c.recorded(func() {
			desk.do(`{ bookings(where: {number: "` + d.near.number + `"}) { edges { node { customer { phone } } } } }`).ok()
		},
			"staff.north | of customer.a | Customer.phone | - | bookings")
		c.recorded(func() { c.as(doctorNorth).do(`{ appointments { edges { node { notes } } } }`).ok() },
			"doctor.north | of customer.a | Appointment.notes | - | appointments")
		c.recorded(func() {
			c.as(doctorNorth).do(`{ appointments { edges { node { notes customer { notes } } } } }`).ok()
		}, "doctor.north | of customer.a | Appointment.notes, Customer.notes | - | appointments")
		c.recorded(func() {
			desk.do(`mutation($in: BookAppointmentInput!) { bookAppointment(input: $in) { booking { customer { phone } } } }`,
				input(vars{"serviceId": c.chat, "practitionerId": c.practitioners[doctorNorth], "startsAt": d.free(), "customerId": d.near.profile}, nil)).ok()
		}, "staff.north | of customer.a | Customer.phone | - | bookAppointment")

		c.recorded(func() {
			c.as(admin).do(`query papers($id: ID!) { node(id: $id) { ... on Customer { documentNumber } } }`, profile).ok()
		}, "admin.one | of customer.a | Customer.documentNumber | - | papers")

		// What is refused is a refusal, and the own data are nobody else's.
		c.recorded(func() { desk.do(`{ customers { edges { node { notes } } } }`) })
		c.as(admin).do(`{ auditLogs(where: {event: "ACCESS_DENIED", permissionChecked: "customer:read_notes"}) { totalCount } }`).ok().want("auditLogs.totalCount", "1")
		c.recorded(func() {
			c.as(customerA).do(`{ viewer { customers { phone birthDate } } customers { edges { node { phone } } } }`).ok()
		})
		acting := c.signIn(admin, password).actingFor(customerA)
		c.recorded(func() { acting.do(personalOf, profile).ok() }, "admin.one for another | of customer.a | "+shown+" | - | openPatient")

		// The log says so to who reads it, and no value is in it.
		c.as(admin).do(`{ auditLogs(where: {event: "PERSONAL_DATA_READ", purpose: "TREAT"}) { edges { node { actor subjectId fieldsShown purpose success operation } } } }`).ok().
			want("auditLogs.edges", `[{"node":{"actor":"staff.north","fieldsShown":"`+shown+`","operation":"openPatient","purpose":"TREAT","subjectId":"`+c.profiles[customerA]+`","success":true}}]`)
		c.secrets = append(c.secrets, "+49302312500", "1990-05-17")
	})
}

// TestReadsOverLiveConnectionsAreOnRecord: one for each event of a subscription,
// with the purpose that the client gave when it connected.
func TestReadsOverLiveConnectionsAreOnRecord(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		const query = `subscription watch { bookingChanged { id customer { number phone } } }`
		desk := c.as(staffNorth)
		s := c.dial()
		s.say(vars{"type": "connection_init", "payload": vars{"Authorization": "Bearer " + desk.token, "x-purpose-of-use": "HOPERAT"}})
		if m := s.hear(); m.Type != "connection_ack" {
			t.Fatalf("not let in: %s", m.text)
		}
		a := s.subscribe(query)
		line := desk.events(query)
		var booked string
		c.recorded(func() {
			booked = c.as(customerA).book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
			s.data(a).ok().want("bookingChanged.customer.phone", `"+49302312500"`)
			for line() != "event: next" {
			}
			line()
		},
			"staff.north | of customer.a | Customer.phone | HOPERAT | watch", "staff.north | of customer.a | Customer.phone | - | watch")
		c.recorded(func() {
			c.as(customerA).cancel(booked).ok()
			s.data(a).ok()
			for line() != "event: next" {
			}
		},
			"staff.north | of customer.a | Customer.phone | HOPERAT | watch", "staff.north | of customer.a | Customer.phone | - | watch")

		bad := c.dial()
		bad.say(vars{"type": "connection_init", "payload": vars{"Authorization": "Bearer " + desk.token, "X-Purpose-Of-Use": "CURIOSITY"}})
		if code := bad.closed(); code != websocket.StatusCode(4400) {
			t.Errorf("closed with %d", code)
		}
	})
}

// TestManyReadersAreAllOnRecord: fields resolve at once, and so do operations.
func TestManyReadersAreAllOnRecord(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		readers := []*client{c.as(staffNorth), c.as(staffSouth), c.as(manager)}
		const rounds = 10
		query := `query($id: ID!) { a: node(id: $id) { ... on Customer { phone } } b: node(id: $id) { ... on Customer { email bookings { edges { node { customer { address } } } } } } customers { edges { node { birthDate appointments { edges { node { customer { phone } } } } } } } }`
		got := c.record(func() {
			var all sync.WaitGroup
			for _, reader := range readers {
				for range rounds {
					all.Go(func() { reader.do(query, vars{"id": d.near.profile}).ok() })
				}
			}
			all.Wait()
		})
		counts := map[string]int{}
		for _, read := range got {
			counts[read]++
		}
		for read, n := range counts {
			if n != rounds {
				t.Errorf("%d of %d: %s", n, rounds, read)
			}
		}
		if len(counts) != len(readers)*len(c.profiles) {
			t.Errorf("%d different reads: %v", len(counts), counts)
		}
	})
}

// TestWhatCannotBePutOnRecordIsNotShown takes the record away.
func TestWhatCannotBePutOnRecordIsNotShown(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, profile := c.as(staffNorth), vars{"id": c.profiles[customerA]}
		s := desk.socket()
		watching := s.subscribe(`subscription { bookingChanged { id customer { phone } } }`)
		c.broken = true
		c.refuseReads(true)
		hidden := func(a *answer, status int) {
			t.Helper()
			if a.refused("UNAVAILABLE"); a.status != status || a.data != nil || strings.Contains(string(a.body), "4930") {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
		hidden(desk.do(personalOf, profile), http.StatusServiceUnavailable)
		hidden(desk.do(`{ customers { edges { node { number phone } } } }`), http.StatusServiceUnavailable)
		// What a mutation has done stays done: the same key finds it later.
		booking := vars{"serviceId": c.chat, "practitionerId": c.practitioners[doctorNorth], "startsAt": at(9, 0), "customerId": c.profiles[customerA], "idempotencyKey": "once"}
		const book = `mutation($in: BookAppointmentInput!) { bookAppointment(input: $in) { booking { id customer { phone } } } }`
		hidden(desk.do(book, input(booking, nil)), http.StatusOK)
		if code := s.refused(watching); code != "UNAVAILABLE" {
			t.Errorf("the subscription: %s", code)
		}
		// Nobody is kept from what needs no record.
		desk.do(`{ customers { edges { node { number } } } }`).ok()
		c.as(customerA).do(personalOf, profile).ok().want("node.phone", `"+49302312500"`)

		c.refuseReads(false)
		if got := c.shown(); len(got) != 0 {
			t.Errorf("on record: %v", got)
		}
		id := desk.do(book, input(booking, nil)).ok().text("bookAppointment.booking.id")
		desk.do(`{ bookings { edges { node { id } } } }`).ok().want("bookings.edges", `[{"node":{"id":"`+id+`"}}]`)
	})
}

// TestAnswersWaitForTheirEntries: while the record cannot be written to, nobody who reads
// personal data has an answer; then each has theirs, with one entry.
func TestAnswersWaitForTheirEntries(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		readers, profile := []*client{c.as(staffNorth), c.as(manager), c.as(admin)}, vars{"id": c.profiles[customerA]}
		before := len(c.shown())
		tx, err := c.app.Store.DB.Write.BeginTx(t.Context(), nil) // on SQLite it has the database
		if err != nil {
			t.Fatal(err)
		}
		if c.dialect == dialect.Postgres {
			if _, err := tx.ExecContext(t.Context(), `LOCK TABLE audit_logs IN EXCLUSIVE MODE`); err != nil {
				t.Fatal(err)
			}
		}
		answers := make(chan *answer, len(readers))
		for _, reader := range readers {
			go func() { answers <- reader.do(personalOf, profile) }()
		}
		for ahead, behind := 0, 0; ahead+behind < len(readers) && len(answers) == 0; ahead, behind = c.app.Security.Waiting() {
			runtime.Gosched()
		}
		if len(answers) != 0 {
			t.Error("an answer before its entry")
		}
		if got := len(c.shown()); got != before {
			t.Errorf("%d entries come from nowhere", got-before)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		for range readers {
			(<-answers).ok().want("node.phone", `"+49302312500"`)
		}
		if got := len(c.shown()) - before; got != len(readers) {
			t.Errorf("%d entries of %d readers", got, len(readers))
		}
	})
}

// refuseReads has the database refuse reads of personal data on record.
func (c *clinic) refuseReads(yes bool) {
	c.t.Helper()
	statement := map[bool]string{
		true:  `CREATE TRIGGER no_reads BEFORE INSERT ON audit_logs WHEN NEW.event = 'PERSONAL_DATA_READ' BEGIN SELECT RAISE(ABORT, 'no'); END`,
		false: `DROP TRIGGER no_reads`,
	}[yes]
	if c.dialect == dialect.Postgres {
		statement = map[bool]string{
			true:  `ALTER TABLE audit_logs ADD CONSTRAINT no_reads CHECK (event <> 'PERSONAL_DATA_READ') NOT VALID`,
			false: `ALTER TABLE audit_logs DROP CONSTRAINT no_reads`,
		}[yes]
	}
	if _, err := c.app.Store.DB.Write.ExecContext(c.t.Context(), statement); err != nil {
		c.t.Fatal(err)
	}
}

func TestAPurposeIsOneOfTheStandards(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for _, value := range []string{"CURIOSITY", "treat", "TREAT, HPAYMT", " ", ""} {
			bad := &client{c: c, token: c.as(staffNorth).token, header: "X-Purpose-Of-Use", value: value}
			a := bad.do(`{ viewer { user { id } } }`).refused("BAD_USER_INPUT").about("X-Purpose-Of-Use")
			if a.status != http.StatusBadRequest {
				t.Errorf("%q: status %d", value, a.status)
			}
		}
		for _, value := range []string{"TREAT", "ETREAT", "HPAYMT", "HOPERAT", "COVERAGE", "PATRQT", "PUBHLTH", "HRESCH", "HMARKT"} {
			(&client{c: c, token: c.as(staffNorth).token, header: "X-Purpose-Of-Use", value: value}).do(`{ viewer { user { id } } }`).ok()
		}
	})
}

// TestReadingTheNumberOfAnAccountIsOnRecord: once for each operation and account,
// and not for the own.
func TestReadingTheNumberOfAnAccountIsOnRecord(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		c.recorded(func() {
			boss.do(`query call($id: ID!) { a: user(id: $id) { username email phone } b: user(id: $id) { phone } }`, vars{"id": c.users[doctorNorth]}).ok()
		}, "manager.one | the account of doctor.north | User.phone | - | call")
		c.recorded(func() {
			boss.do(`query call($id: ID!) { user(id: $id) { username email firstName { firstName } } }`, vars{"id": c.users[doctorNorth]}).ok()
			boss.do(`query own($id: ID!) { viewer { user { phone } } user(id: $id) { phone } }`, vars{"id": c.users[manager]}).ok()
		})
		acting := c.signIn(admin, password).actingFor(customerA)
		c.recorded(func() { acting.do(`query own { viewer { user { phone } } }`).ok() },
			"admin.one for another | the account of customer.a | User.phone | - | own")
		c.broken = true
		c.refuseReads(true)
		boss.do(`query call($id: ID!) { user(id: $id) { phone } }`, vars{"id": c.users[doctorNorth]}).refused("UNAVAILABLE")
		boss.do(`query call($id: ID!) { user(id: $id) { email } }`, vars{"id": c.users[doctorNorth]}).ok()
	})
}
