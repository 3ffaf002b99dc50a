package seed

import (
	"math/rand/v2"
	"slices"
	"time"

	"clinicgraph/internal/scheduling"
)

// How far the demo clinic's diary reaches, in days from today.
const (
	pastDays   = 21
	comingDays = 21
	openedDays = 60 // the clinic opened so long ago
	wishCount  = 30 // how often somebody would like to redeem points
)

// plan is what happens in the demo clinic, before any of it has. It depends on
// the local day and on nothing else.
type plan struct {
	zone     *time.Location
	today    time.Time // local midnight: everything in the plan is done before it
	logins   []login
	profiles []profile
	visits   []visit
	wishes   []wish
}

// visit is one booking and what becomes of it.
type visit struct {
	doctor, service, profile int // numbers in staff, services and the plan's profiles
	start, end               time.Time
	booked                   time.Time
	online                   bool // booked and paid by the customer, else at the desk
	payments                 []payment
	cancelled                time.Time // zero: it was not
	reason                   string
	lapses                   time.Time // when it is noticed that nobody has paid; zero: somebody has
}

// payment is money for a visit.
type payment struct {
	at    time.Time
	share share
	cash  bool
}

// share is how much of what is open is paid.
type share int

const (
	all share = iota
	half
)

// wish is a customer who redeems points for the best reward that they buy, if
// they buy any.
type wish struct {
	at      time.Time
	profile int
}

// newPlan plans the clinic for the local day of now.
func newPlan(now time.Time, zone *time.Location) (plan, error) {
	y, m, d := now.In(zone).Date()
	today := time.Date(y, m, d, 0, 0, 0, 0, zone)
	// The day alone, so that a day's demo is the same wherever it is made.
	days := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
	rng := rand.New(rand.NewPCG(0x5eed, uint64(days)))

	p := plan{zone: zone, today: today}
	p.logins, p.profiles = newCrowd(rng, today).people()
	diary := &diary{plan: &p, rng: rng, busy: map[workday][]scheduling.Interval{}, seen: map[appearance]bool{}, regulars: map[int][]int{}}
	for _, part := range []func() error{diary.known, diary.duty, diary.fill} {
		if err := part(); err != nil {
			return plan{}, err
		}
	}
	for range wishCount {
		w := wish{
			at:      clockAt(today.AddDate(0, 0, -1-rng.IntN(14)), 9*60+rng.IntN(9*60)),
			profile: rng.IntN(len(p.profiles)),
		}
		// The demo accounts keep their points for whoever tries them out.
		if by := p.profiles[w.profile]; by.joined.Before(w.at) && (by.login == none || !p.logins[by.login].signsIn) {
			p.wishes = append(p.wishes, w)
		}
	}
	return p, nil
}

// opened is when the clinic opened: everybody who works there has an account
// from then on.
func (p plan) opened() time.Time { return clockAt(p.today.AddDate(0, 0, -openedDays), 8*60) }

// offeredBy gives the numbers of the services that a doctor offers.
func offeredBy(doctor int) (numbers []int) {
	for i, s := range services {
		if slices.Contains(staff[doctor].services, s.sku) {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// doctors gives the numbers of the doctors in staff.
func doctors() (numbers []int) {
	for i, e := range staff {
		if len(e.hours) > 0 {
			numbers = append(numbers, i)
		}
	}
	return numbers
}
