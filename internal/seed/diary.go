package seed

import (
	"fmt"
	"math/rand/v2"
	"time"

	"clinicgraph/internal/scheduling"
)

// diary plans visits, each at a time that is free by the rules of scheduling.
type diary struct {
	*plan
	rng      *rand.Rand
	busy     map[workday][]scheduling.Interval // what is cancelled stays in
	seen     map[appearance]bool
	regulars map[int][]int // by doctor: profiles who came before
}

// workday is a doctor on a day, counted from today.
type workday struct{ doctor, day int }

// appearance is a customer on a day: nobody comes twice on one.
type appearance struct {
	day     string
	profile int
}

// fate is what a visit is wanted to come to.
type fate int

const (
	asItComes fate = iota
	attended       // paid: in advance, or at the desk
	waiting        // neither paid nor lapsed
)

// known plans the visits that somebody who tries the demo accounts should find:
// paid ones, one to come and one that waits to be paid.
func (d *diary) known() error {
	for account := parent; account <= stranger; account++ {
		profiles := profilesOf(d.profiles, account)
		for i, v := range []struct {
			day  int
			fate fate
		}{{-21, attended}, {-13, attended}, {-6, attended}, {2, attended}, {5, waiting}} {
			if err := d.somewhere(v.day+account, profiles[i%len(profiles)], 3*account+i, v.fate); err != nil {
				return err
			}
		}
	}
	return nil
}

// duty plans a visit in every unit today, whatever becomes of the others.
func (d *diary) duty() error {
	busy := map[int]bool{}
	for _, doctor := range doctors() {
		unit, s := staff[doctor].unit, offeredBy(doctor)[0]
		free, err := d.free(doctor, s, 0)
		if err != nil {
			return err
		}
		if busy[unit] || len(free) == 0 {
			continue
		}
		slot := free[d.rng.IntN(len(free))]
		if who := d.somebody(doctor, slot.Start); who != none {
			d.add(workday{doctor, 0}, s, who, slot, false, attended)
			busy[unit] = true
		}
	}
	return nil
}

// somewhere plans an online visit with the first doctor, from the given one on,
// who has time on that day.
func (d *diary) somewhere(day, who, from int, f fate) error {
	all := doctors()
	for i := range all {
		doctor := all[(from+i)%len(all)]
		s := offeredBy(doctor)[0]
		free, err := d.free(doctor, s, day)
		if err != nil {
			return err
		}
		if len(free) > 0 {
			d.add(workday{doctor, day}, s, who, free[d.rng.IntN(len(free))], true, f)
			return nil
		}
	}
	return fmt.Errorf("plan the demo clinic: nobody works on day %+d", day)
}

// fill plans the days of every doctor.
func (d *diary) fill() error {
	for day := -pastDays; day <= comingDays; day++ {
		for _, doctor := range doctors() {
			for range d.wanted(day) {
				offered := offeredBy(doctor)
				s := offered[d.rng.IntN(len(offered))]
				free, err := d.free(doctor, s, day)
				if err != nil {
					return err
				}
				if len(free) == 0 { // not a working day, or a full one
					continue
				}
				slot := free[d.rng.IntN(len(free))]
				if who := d.somebody(doctor, slot.Start); who != none {
					online := d.profiles[who].login != none && d.rng.IntN(100) < 55
					d.add(workday{doctor, day}, s, who, slot, online, asItComes)
				}
			}
		}
	}
	return nil
}

// wanted is how many visits a doctor has on a day: fewer at weekends, and fewer
// the farther ahead the day is.
func (d *diary) wanted(day int) int {
	weekend := false
	switch d.today.AddDate(0, 0, day).Weekday() {
	case time.Saturday, time.Sunday:
		weekend = true
	}
	switch {
	case weekend:
		return 1 + d.rng.IntN(3)
	case day > 7:
		return 1 + d.rng.IntN(3)
	default:
		return 2 + d.rng.IntN(4)
	}
}

// free lists the times of a local day at which the doctor can be booked.
func (d *diary) free(doctor, s, day int) ([]scheduling.Interval, error) {
	rule := services[s].rule(d.zone)
	from, to := d.today.AddDate(0, 0, day), d.today.AddDate(0, 0, day+1)
	open := scheduling.Expand(staff[doctor].hours, d.zone, rule.Reach(from, to))
	free, err := scheduling.Slots(rule, open, d.busy[workday{doctor, day}], from, to, from)
	if err != nil {
		return nil, fmt.Errorf("plan the demo clinic: %s: %w", services[s].sku, err)
	}
	return free, nil
}

// somebody draws a customer for a visit: every second time one who has been to
// the doctor before. The accounts to try out have their visits already.
func (d *diary) somebody(doctor int, start time.Time) int {
	before := start
	if d.today.Before(before) {
		before = d.today
	}
	for range 20 {
		who := d.rng.IntN(len(d.profiles))
		if regulars := d.regulars[doctor]; len(regulars) > 0 && d.rng.IntN(2) == 0 {
			who = regulars[d.rng.IntN(len(regulars))]
		}
		p := d.profiles[who]
		if p.login != none && d.logins[p.login].signsIn || d.seen[d.appears(who, start)] {
			continue
		}
		if p.joined.Add(36 * time.Hour).Before(before) {
			return who
		}
	}
	return none
}

func (d *diary) appears(who int, start time.Time) appearance {
	return appearance{start.In(d.zone).Format(time.DateOnly), who}
}

func (d *diary) add(at workday, s, who int, slot scheduling.Interval, online bool, f fate) {
	doctor := at.doctor
	d.busy[at] = append(d.busy[at], services[s].rule(d.zone).Claim(slot.Start))
	d.seen[d.appears(who, slot.Start)] = true
	d.regulars[doctor] = append(d.regulars[doctor], who)
	v := visit{doctor: doctor, service: s, profile: who, start: slot.Start, end: slot.End, online: online}
	v.booked = d.bookedAt(who, slot.Start, f)
	d.decide(&v, f)
	d.visits = append(d.visits, v)
}

// bookedAt is when a visit is booked: in the two weeks before, and before today.
// One that waits is booked yesterday, so that it still waits today.
func (d *diary) bookedAt(who int, start time.Time, f fate) time.Time {
	y, m, day := start.In(d.zone).Date()
	on := time.Date(y, m, day-1-d.rng.IntN(12), 0, 0, 0, 0, d.zone)
	if !on.Before(d.today) {
		on = d.today.AddDate(0, 0, -1-d.rng.IntN(8))
	}
	if f == waiting {
		on = d.today.AddDate(0, 0, -1)
	}
	at := clockAt(on, 8*60+d.rng.IntN(11*60))
	if first := d.profiles[who].joined.Add(time.Hour); at.Before(first) {
		return first
	}
	return at
}

// chance is true in so many of a hundred cases.
func (d *diary) chance(percent int) bool { return d.rng.IntN(100) < percent }

// decide says what becomes of a visit until today.
func (d *diary) decide(v *visit, f fate) {
	s := services[v.service]
	tomorrow := d.today.AddDate(0, 0, 1)
	if v.online || s.confirm { // it waits for the money
		held := v.booked.Add(s.hold())
		if v.start.Before(held) {
			held = v.start
		}
		switch {
		case f == waiting, f == asItComes && held.After(tomorrow) && d.chance(60):
			return
		case f == asItComes && held.Before(d.today.Add(-time.Hour)) && d.chance(8):
			v.lapses = held.Add(5 * time.Minute)
			return
		}
		v.payments = []payment{{at: v.booked.Add(d.minutes(2, 30)), cash: !v.online && d.chance(40)}}
		if f == asItComes && d.chance(4) {
			d.cancel(v)
		}
		return
	}
	if f == asItComes && d.chance(10) {
		d.cancel(v)
	}
	if v.cancelled.IsZero() {
		d.atTheDesk(v)
	}
}

// cancel cancels a visit some time between a day after its booking and three
// hours before its start, where there is such a time.
func (d *diary) cancel(v *visit) {
	last := v.start.Add(-3 * time.Hour)
	if last.After(d.today) {
		last = d.today.Add(-5 * time.Hour)
	}
	first := v.booked.Add(24 * time.Hour)
	if span := int(last.Sub(first) / time.Minute); span > 0 {
		v.cancelled = first.Add(time.Duration(d.rng.IntN(span)) * time.Minute)
		reasons := []string{"Ill.", "Cannot come.", "Feels better already.", "Found another time."}
		v.reason = reasons[d.rng.IntN(len(reasons))]
	}
}

// atTheDesk has a visit paid after it has taken place: most at once, some in two
// parts, some not yet.
func (d *diary) atTheDesk(v *visit) {
	if v.end.After(d.today) || d.chance(7) {
		return
	}
	first := payment{at: v.end.Add(d.minutes(2, 20)), cash: d.chance(45)}
	if d.chance(12) {
		first.share = half
		if rest := first.at.AddDate(0, 0, 4); rest.Before(d.today) {
			v.payments = []payment{first, {at: rest, cash: first.cash}}
			return
		}
	}
	v.payments = []payment{first}
}

func (d *diary) minutes(from, to int) time.Duration {
	return time.Duration(from+d.rng.IntN(to-from)) * time.Minute
}
