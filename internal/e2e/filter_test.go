package e2e

import (
	"slices"
	"strings"
	"testing"

	"clinicgraph/ent"
)

// TestFiltersOverEdgesTellNothingOfHiddenRows guesses ids through every filter
// over an edge, one and two edges deep: a right guess about a hidden row is
// answered like a wrong one.
func TestFiltersOverEdgesTellNothingOfHiddenRows(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		// Customer A goes to the doctor in the south, too: the one in the north
		// sees the customer, and not that booking.
		crossed := c.as(customerA).book(c.chat, c.practitioners[doctorSouth], at(15, 0)).ok()
		guesses := map[string][]string{
			ent.TypeBooking:     {crossed.text("bookAppointment.booking.id"), d.far.booking},
			ent.TypeAppointment: {crossed.text("bookAppointment.appointment.id"), d.object(ent.TypeAppointment, d.far, "")},
			ent.TypeUser:        {c.users[customerA], c.users[customerB], c.users[doctorSouth]},
			ent.TypeCustomer:    {c.profiles[customerB], c.profiles[""]},
		}
		asked := 0
		for _, caller := range d.callers() {
			if !slices.Contains([]string{"customer", "doctor", "staff"}, caller.name) {
				continue
			}
			for field, entity := range listFields() {
				if caller.do(`{ `+field+` { totalCount } }`).code() != "" {
					continue
				}
				for _, path := range edgePaths(entity, 2) {
					for _, id := range guesses[path.target] {
						if caller.do(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).code() == "" {
							continue
						}
						for _, not := range []bool{false, true} {
							ask := func(id string) *answer {
								where := path.where(vars{"id": id})
								if not {
									where = vars{"not": where}
								}
								return caller.do(`query($w: `+entity+`WhereInput) { `+field+`(first: 100, where: $w) { totalCount edges { node { id } } pageInfo { hasNextPage } } }`, vars{"w": where})
							}
							right, wrong := ask(id), ask(missing(path.target))
							if right.ok(); right.bytes() != wrong.bytes() {
								t.Errorf("%s(where: %v) tells %s of a hidden %s:\n%s\n%s", field, path.steps, caller.name, path.target, right.body, wrong.body)
							}
							asked++
						}
					}
				}
			}
		}
		if asked < 100 {
			t.Errorf("only %d guesses", asked)
		}
	})
}

// edgePath is a way through filters over edges, such as hasBookingsWith,
// hasAppointmentsWith.
type edgePath struct {
	steps  []string
	target string // the entity at its end
}

func (p edgePath) where(inner vars) vars {
	for _, step := range slices.Backward(p.steps) {
		inner = vars{step: []vars{inner}}
	}
	return inner
}

// edgePaths are all ways of at most depth edges.
func edgePaths(entity string, depth int) (paths []edgePath) {
	input := schema.Types[entity+"WhereInput"]
	if depth == 0 || input == nil {
		return nil
	}
	for _, f := range input.Fields {
		if !strings.HasPrefix(f.Name, "has") || !strings.HasSuffix(f.Name, "With") {
			continue
		}
		target := strings.TrimSuffix(f.Type.Name(), "WhereInput")
		paths = append(paths, edgePath{[]string{f.Name}, target})
		for _, deeper := range edgePaths(target, depth-1) {
			paths = append(paths, edgePath{append([]string{f.Name}, deeper.steps...), deeper.target})
		}
	}
	return paths
}

func TestFiltersSeeTheRowsThatTheCallerSees(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		north := c.as(staffNorth) // sees all customers, and the bookings of the north
		for where, want := range map[string][]string{
			`{hasBookings: true}`:                                    {d.near.profile, d.next.profile},
			`{not: {hasBookings: true}}`:                             {d.far.profile},
			`{hasBookings: false}`:                                   {d.far.profile},
			`{hasBookingsWith: [{status: CONFIRMED}]}`:               {d.near.profile, d.next.profile},
			`{hasBookingsWith: [{number: "` + d.far.number + `"}]}`:  {},
			`{hasBookingsWith: [{number: "` + d.near.number + `"}]}`: {d.near.profile},
			`{hasAccount: true}`:                                     {},
			`{hasAccountWith: [{username: "` + customerA + `"}]}`:    {},
			`{or: [{hasAccount: true}, {and: [{hasAppointments: true}, {hasUnitWith: [{name: "North"}]}]}]}`: {d.near.profile},
		} {
			a := north.do(`{ customers(where: ` + where + `) { totalCount edges { node { id } } } }`).ok()
			got := a.ids("customers")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || a.number("customers.totalCount") != len(want) {
				t.Errorf("%s: %s, want %v", where, a.body, want)
			}
		}
	})
}

func TestAFilterAsksForThePermissionOfWhatItLooksAt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(staffNorth)
		for where := range hasCustomer() {
			me.do(`{ bookings(where: ` + where + `) { totalCount } }`).ok()
		}
		c.as(admin).grant(staffNorth, "customer:read", false).ok()
		for where, variables := range hasCustomer() {
			me.do(`{ bookings(where: ` + where + `) { totalCount } }`).refused("FORBIDDEN")
			me.do(`query($w: BookingWhereInput) { bookings(where: $w) { totalCount } }`, vars{"w": variables}).refused("FORBIDDEN")
		}
		me.do(`{ bookings(where: {status: CONFIRMED}) { totalCount } }`).ok()
	})
}

// hasCustomer are filters that look at customers, as text and as variables.
func hasCustomer() map[string]vars {
	plain := vars{"hasCustomer": true}
	return map[string]vars{
		`{hasCustomer: true}`:                              plain,
		`{hasCustomerWith: [{number: "C-1"}]}`:             {"hasCustomerWith": []vars{{"number": "C-1"}}},
		`{not: {hasCustomer: true}}`:                       {"not": plain},
		`{or: [{status: CONFIRMED}, {hasCustomer: true}]}`: {"or": []vars{{"status": "CONFIRMED"}, plain}},
		`{hasAppointmentsWith: [{hasCustomer: true}]}`:     {"hasAppointmentsWith": []vars{plain}},
	}
}
