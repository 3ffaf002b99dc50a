package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"clinicgraph/ent"
)

// TestNoEventLeadsToWhatNodeDenies subscribes a customer, a doctor and the front
// desk to everything, over a socket and as server-sent events, and asks each event
// for all that lies within four steps. While others book and cancel, what node
// denies the caller is in no byte that they are told.
func TestNoEventLeadsToWhatNodeDenies(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		for _, name := range []string{"customer", "doctor", "staff"} {
			t.Run(d+"/"+name, func(t *testing.T) {
				t.Parallel()
				diary := withDiary(t, open(t, d, generous))
				callers := diary.callers()
				asking := callers[slices.IndexFunc(callers, func(c caller) bool { return c.name == name })]
				w := diary.walk(asking, diary.everything())
				w.shut()
				w.listen()
			})
		}
	}
}

// listen hears all that the caller is told of what goes on.
func (w *walk) listen() {
	t := w.diary.t
	s, documents := w.socket(), map[string]string{}
	for field, args := range map[string]string{
		"bookingChanged": "", "appointmentChanged": "", "notificationReceived": "",
		"slotReleased": fmt.Sprintf("(serviceId: %q)", w.consultation),
	} {
		f := schema.Subscription.Fields.ForName(field)
		if f == nil || len(schema.Subscription.Fields) != 4 {
			t.Fatal("the subscriptions of the schema are not those that are listened to")
		}
		// A message is at most 64 KiB: one subscription for each branch of the payload.
		at := schema.Types[f.Type.Name()]
		for _, b := range branches(at) {
			if !w.closed[b.edge] {
				document := `subscription { ` + field + args + ` { ` + w.selection(at, 0, 0) + ` ` + b.field + ` { ` + w.selection(b.to, hops-1, 1) + ` } } }`
				documents[s.subscribe(document)] = document
			}
		}
	}
	line := w.caller.events(`subscription { bookingChanged { ` + w.selection(schema.Types[ent.TypeBooking], hops-1, 2) + ` } }`)

	// The others first, then the one that the caller sees. What they are told in the
	// end is of that one, so that all before it has been heard by then.
	d := w.diary
	for _, v := range []visit{d.far, d.next, d.near} {
		login := v.login
		if login == "" {
			login = v.desk
		}
		who := d.as(login)
		doctor := d.practitioners[v.doctor]
		released := who.book(d.consultation, doctor, d.free(), vars{"customerId": v.profile}).ok().text("bookAppointment.booking.id")
		who.cancel(released).ok()
		made := who.book(d.chat, doctor, d.free(), vars{"customerId": v.profile}).ok()
		last := made.text("bookAppointment.booking.id")
		d.as(v.doctor).cancel(last).ok()
		if v.login == d.near.login {
			w.until(s, documents, last, made.text("bookAppointment.appointment.id"))
			for text := line(); !strings.Contains(text, last) || !strings.Contains(text, "CANCELLED"); text = line() {
				if text == "" {
					t.Fatal("the event stream has ended")
				}
				w.look("bookingChanged, as an event", "", text)
			}
		}
	}
}

// until looks at what is told until every subscription to objects has told of the
// end of the booking or of its appointment.
func (w *walk) until(s *socket, documents map[string]string, booking, appointment string) {
	told, left := map[string]int{}, map[string]bool{}
	for id, document := range documents {
		if strings.Contains(document, "{ bookingChanged") || strings.Contains(document, "{ appointmentChanged") {
			left[id] = true
		}
	}
	if len(left) < 6 {
		w.diary.t.Errorf("%s has only %d subscriptions", w.name, len(left))
	}
	for len(left) > 0 {
		m := s.hear()
		document := documents[m.ID]
		field := strings.FieldsFunc(document, func(r rune) bool { return r == ' ' || r == '(' || r == '{' })[1]
		if m.Type != "next" {
			w.diary.t.Fatalf("%s ends: %s", field, m.text)
		}
		told[field]++
		w.look(field, document, m.text)
		if (strings.Contains(m.text, booking) || strings.Contains(m.text, appointment)) && strings.Contains(m.text, "CANCELLED") {
			delete(left, m.ID)
		}
	}
	w.diary.t.Logf("%s was told %v; %d canaries", w.name, told, len(w.denied))
}

// TestAnEventTellsNothingOfWhatTheCallerCannotSee guesses ids of hidden rows in
// the filters of lists below an event, and in that of the subscription itself: of
// one event a right guess is told what a wrong one is.
func TestAnEventTellsNothingOfWhatTheCallerCannotSee(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		for _, name := range []string{"customer", "doctor", "staff"} {
			t.Run(d+"/"+name, func(t *testing.T) {
				t.Parallel()
				diary := withDiary(t, open(t, d, generous))
				i := slices.IndexFunc(diary.callers(), func(c caller) bool { return c.name == name })
				(&oracle{diary: diary, caller: diary.callers()[i]}).listen()
			})
		}
	}
}

func (o *oracle) listen() {
	t := o.diary.t
	o.look()
	var head, body strings.Builder
	right, wrong := vars{}, vars{}
	for _, parent := range []string{"customer", "unit"} {
		entity := schema.Types[ent.TypeBooking].Fields.ForName(parent).Type.Name()
		for _, f := range schema.Types[entity].Fields {
			target, ok := strings.CutSuffix(f.Type.Name(), "Connection")
			where := f.Arguments.ForName("where")
			if !ok || where == nil || o.shut(permissionOf(f.Directives)) != "" {
				continue
			}
			for _, g := range o.guesses(target, 1, -1) {
				if !g.id || o.shut(g.door) != "" {
					continue
				}
				name := fmt.Sprint("w", len(right))
				fmt.Fprintf(&head, "$%s: %s ", name, where.Type)
				fmt.Fprintf(&body, " a%s: %s { list: %s(first: 20, where: $%[1]s) %[4]s }", name, parent, f.Name, whole)
				right[name], wrong[name] = g.where, g.wrong
			}
		}
	}
	if len(right) < 10 {
		t.Fatalf("%s has only %d lists below an event", o.name, len(right))
	}
	document := `subscription(` + head.String() + `) { bookingChanged { id` + body.String() + ` } }`
	s, pairs, yes := o.socket(), map[string]string{}, []string{}
	pair := func(document string, right, wrong vars) {
		a, b := s.subscribe(document, right), s.subscribe(document, wrong)
		pairs[a], pairs[b], yes = b, a, append(yes, a)
	}
	pair(document, right, wrong)
	filters := map[string]int{}
	for field, entity := range map[string]string{"bookingChanged": ent.TypeBooking, "appointmentChanged": ent.TypeAppointment} {
		document := fmt.Sprintf(`subscription($w: %sWhereInput) { %s(where: $w) { id status } }`, entity, field)
		for _, g := range o.guesses(entity, 1, -1) {
			if g.id && o.shut(g.door) == "" {
				filters[field]++
				pair(document, vars{"w": vars{"not": g.where}}, vars{"w": vars{"not": g.wrong}})
			}
		}
	}
	d := o.diary
	d.as(customerA).book(d.chat, d.practitioners[doctorNorth], d.free()).ok()
	told := map[string]string{}
	for len(told) < len(pairs) { // each is told once: nothing filters the event away
		m := s.hear()
		if m.Type != "next" || told[m.ID] != "" {
			t.Fatalf("%s hears %s", o.name, m.text)
		}
		told[m.ID] = string(m.Payload)
	}
	for _, a := range yes {
		if told[a] != told[pairs[a]] {
			t.Errorf("%s is told of a right guess\n%s\nof a wrong one\n%s", o.name, told[a], told[pairs[a]])
		}
	}
	if filters["bookingChanged"] < 2 || filters["appointmentChanged"] < 1 {
		t.Errorf("%s filtered by ids %v times", o.name, filters)
	}
}
