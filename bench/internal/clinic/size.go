package clinic

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Size says how large a clinic is.
type Size struct {
	Bookings      int
	Customers     int
	Units         int
	Practitioners int
	Services      int
}

// SizeFor is the size of a clinic with that many bookings: ten to a customer,
// and otherwise as the large one has it.
func SizeFor(bookings int) Size {
	return Size{Bookings: bookings, Customers: max(bookings/500*50, 500), Units: 5, Practitioners: 50, Services: 200}
}

// The day of every practitioner: a visit each half hour from 08:00 to 20:00,
// Monday to Saturday, in UTC.
const (
	opens       = 8 * time.Hour
	closes      = 20 * time.Hour
	slotLength  = 30 * time.Minute
	slotsPerDay = int((closes - opens) / slotLength)
)

const (
	// futureShare of the days are still to come: nine of a hundred.
	futureShare = 9
	// notice is how long ahead of the first day people began to book.
	notice = 14 * 24 * time.Hour
	// horizonDays is how far ahead the services can be booked.
	horizonDays = 730
)

// Clinic is a clinic of a size, as seen from a day. Its visits fill every slot of
// its calendar; a customer comes to the practitioners of one unit. What is left
// to book lies after its last day.
type Clinic struct {
	size  Size
	today time.Time   // midnight
	days  []time.Time // midnights, without today
	past  int         // days before today
	block int         // visits that are booked in another order than they take place in
	// blockStep is from one booking to the next inside of a block, restStep in
	// the last block, which may be smaller.
	blockStep, restStep int

	perUnit   int // practitioners of a unit
	customers int // customers of a unit
	stride    int // from one customer to the next
	services  []service
}

// New makes a clinic of the given size as of today, which is cut to its day in
// UTC.
func New(size Size, today time.Time) (*Clinic, error) {
	c := &Clinic{size: size, today: today.UTC().Truncate(24 * time.Hour)}
	switch {
	case size.Units < 1, size.Bookings < 1:
		return nil, errors.New("a clinic has a unit and a booking at least")
	case size.Practitioners < size.Units || size.Practitioners%size.Units != 0:
		return nil, fmt.Errorf("%d practitioners cannot be spread evenly over %d units", size.Practitioners, size.Units)
	case size.Services < specialties || size.Services%specialties != 0:
		return nil, fmt.Errorf("%d services cannot be spread evenly over %d specialties", size.Services, specialties)
	}
	c.perUnit = size.Practitioners / size.Units
	c.customers = size.Customers / size.Units
	if size.Customers%size.Units != 0 || c.customers%c.perUnit != 0 || c.customers == 0 {
		return nil, fmt.Errorf("%d customers cannot be spread evenly over %d practitioners", size.Customers, size.Practitioners)
	}
	c.stride = coprime(c.customers)
	for n := range size.Services {
		c.services = append(c.services, newService(n))
	}
	c.setDays()
	return c, nil
}

// setDays lays the calendar around today: as many days as the bookings fill.
func (c *Clinic) setDays() {
	perDay := slotsPerDay * c.size.Practitioners
	days := (c.size.Bookings + perDay - 1) / perDay
	future := max(days*futureShare/100, min(2, days))
	c.past = days - future
	c.days = make([]time.Time, days)
	day := c.today
	for i := c.past - 1; i >= 0; i-- {
		day = workingDay(day, -1)
		c.days[i] = day
	}
	day = c.today
	for i := c.past; i < days; i++ {
		day = workingDay(day, 1)
		c.days[i] = day
	}
	c.block = perDay * min(max(future/2, 1), 6)
	c.blockStep, c.restStep = coprime(c.block), coprime(max(c.size.Bookings%c.block, 1))
}

// workingDay is the next day of work after day, or the one before it.
func workingDay(day time.Time, step int) time.Time {
	for {
		if day = day.AddDate(0, 0, step); day.Weekday() != time.Sunday {
			return day
		}
	}
}

// coprime gives a step by which all of n are reached before one comes again.
func coprime(n int) int {
	for step := int(float64(n)*0.618) | 1; ; step += 2 {
		if gcd(step, n) == 1 {
			return step
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

// begin and end bound when the bookings were made.
func (c *Clinic) begin() time.Time { return c.days[0].Add(opens - notice) }
func (c *Clinic) end() time.Time   { return c.today.Add(-time.Hour) }

// made is when the n-th booking was made: evenly from the beginning to now.
func (c *Clinic) made(n int) time.Time {
	share := float64(n) / float64(c.size.Bookings)
	span := c.end().Sub(c.begin())
	return c.begin().Add(time.Duration(math.Floor(share * float64(span)))).Truncate(time.Millisecond)
}
