package seed

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// How many people the demo clinic knows.
const (
	customerCount = 120
	loginCount    = 60 // accounts; the other customers walk in
	families      = 5  // accounts with two profiles, beside the first one with three
)

// The first accounts sign in: a parent with two children, and somebody else
// whose home is another unit.
const (
	parent   = 0
	stranger = 1
)

// login is a customer's account.
type login struct {
	given, surname, sex string
	username            string
	unit                int
	joined              time.Time
	signsIn             bool // has a demo account
}

func (l login) email() string { return l.username + "@example.org" }

// profile is a customer of the demo clinic.
type profile struct {
	given, surname, sex string
	login               int // number of the account; none: walks in
	unit                int
	birthDate           string // YYYY-MM-DD
	email, phone        string
	address, notes      string // may be empty
	joined              time.Time
}

const none = -1

// crowd draws people, no two of one name.
type crowd struct {
	rng   *rand.Rand
	today time.Time // midnight
	taken map[string]bool
	made  int
}

func newCrowd(rng *rand.Rand, today time.Time) *crowd {
	c := &crowd{rng: rng, today: today, taken: map[string]bool{}}
	for _, e := range staff {
		c.taken[e.given+" "+e.surname] = true
	}
	return c
}

// draw gives somebody new: of the family when surname is not empty, and born
// between two ages ago.
func (c *crowd) draw(surname string, youngest, oldest int) profile {
	for {
		p := profile{sex: "Female", surname: surname, login: none}
		names := femaleNames
		switch n := c.rng.IntN(50); {
		case n == 0:
			p.sex = "Other"
		case n < 24:
			p.sex, names = "Male", maleNames
		}
		p.given = names[c.rng.IntN(len(names))]
		if surname == "" {
			p.surname = surnames[c.rng.IntN(len(surnames))]
		}
		if c.taken[p.given+" "+p.surname] {
			continue
		}
		c.taken[p.given+" "+p.surname] = true
		age := youngest + c.rng.IntN(oldest-youngest+1)
		p.birthDate = c.today.AddDate(-age, 0, -c.rng.IntN(365)).Format(time.DateOnly)
		// Numbers that the regulator keeps for film and radio: they reach nobody.
		p.phone = fmt.Sprintf("+493023125%03d", c.made)
		c.made++
		if c.rng.IntN(3) > 0 {
			p.address = c.address()
		}
		if c.rng.IntN(6) == 0 {
			p.notes = notes[c.rng.IntN(len(notes))]
		}
		return p
	}
}

var notes = []string{
	"Prefers appointments in the morning.", "Needs the lift.", "Please call, does not read e-mail.",
	"Comes with an interpreter.", "Is often ten minutes late.", "Afraid of needles.",
}

// address gives one in the town of all examples.
func (c *crowd) address() string {
	streets := []string{"Musterstraße", "Beispielweg", "Musterallee", "Beispielplatz"}
	return fmt.Sprintf("%s %d, 12345 Musterstadt", streets[c.rng.IntN(len(streets))], 1+c.rng.IntN(90))
}

// joined is when somebody became a customer: well before the first visits, or,
// for the newcomers, in the last days.
func (c *crowd) joined(newcomer bool) time.Time {
	day := c.today.AddDate(0, 0, -pastDays-17+c.rng.IntN(10))
	if newcomer {
		day = c.today.AddDate(0, 0, -12+c.rng.IntN(9))
	}
	return clockAt(day, 8*60+c.rng.IntN(9*60))
}

// people draws the accounts and the profiles.
func (c *crowd) people() (logins []login, profiles []profile) {
	for n := range loginCount {
		p := c.draw("", 18, 88)
		p.login, p.unit, p.joined = n, c.rng.IntN(len(units)), c.joined(n >= loginCount-6)
		if n == parent || n == stranger {
			p.unit = n // Rehabilitation and Physiotherapy
		}
		l := login{
			given: p.given, surname: p.surname, sex: p.sex, unit: p.unit, joined: p.joined,
			username: plain(p.given + "." + p.surname), signsIn: n == parent || n == stranger,
		}
		p.email = l.email()
		logins, profiles = append(logins, l), append(profiles, p)

		children := 0
		switch {
		case n == parent:
			children = 2
		case n > stranger && n <= stranger+families:
			children = 1
		}
		for i := range children {
			child := c.draw(p.surname, 4, 16)
			child.login, child.unit, child.email, child.phone, child.address = n, p.unit, p.email, p.phone, p.address
			child.joined = p.joined.Add(time.Duration(i+1) * time.Minute)
			profiles = append(profiles, child)
		}
	}
	for len(profiles) < customerCount {
		p := c.draw("", 3, 92)
		p.unit, p.joined = c.rng.IntN(len(units)), c.joined(customerCount-len(profiles) <= 6)
		if c.rng.IntN(2) == 0 {
			p.email = plain(p.given+"."+p.surname) + "@example.org"
		}
		profiles = append(profiles, p)
	}
	return logins, profiles
}

// profilesOf gives the numbers of an account's profiles.
func profilesOf(profiles []profile, account int) (numbers []int) {
	for i, p := range profiles {
		if p.login == account {
			numbers = append(numbers, i)
		}
	}
	return slices.Clip(numbers)
}

// clockAt is the moment at which the local clock shows the minute of the day,
// whatever the clocks do on that day.
func clockAt(day time.Time, minute int) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, minute, 0, 0, day.Location())
}
