package access

import (
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Day counts the days since 1970, in UTC.
type Day int32

// DayOf gives the day of an instant.
func DayOf(t time.Time) Day { return Day(floor(t.Unix(), 24*60*60)) }

func floor(n, by int64) int64 {
	if n < 0 {
		n -= by - 1
	}
	return n / by
}

// Start is the instant at which the day begins.
func (d Day) Start() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

// Uses remembers which permissions a user has come through the door by on the
// latest day, so that each is told of once. It is shared by all viewers of the
// user and may be used at once from everywhere.
type Uses struct {
	User uuid.UUID
	// Tell is told of the first use on a day; false says that it has no room, and
	// is told again with the next use.
	Tell func(user uuid.UUID, permission string, day Day) bool

	latest atomic.Pointer[dayUses]
}

// dayUses has a bit for each permission of the registry.
type dayUses struct {
	day  Day
	seen [maxRegistry/64 + 1]atomic.Uint64
}

// note says that the door has let the user through by the permission with that
// number in the registry. It takes no memory but for the first use of a day.
func (u *Uses) note(number Number, day Day) {
	d := u.latest.Load()
	if d == nil || d.day != day {
		fresh := &dayUses{day: day}
		if u.latest.CompareAndSwap(d, fresh) {
			d = fresh
		} else {
			d = u.latest.Load() // the one that another request has just begun
		}
	}
	word, bit := &d.seen[number/64], uint64(1)<<(number%64)
	if word.Load()&bit != 0 || word.Or(bit)&bit != 0 {
		return
	}
	if !u.Tell(u.User, registry[number-1].Name, d.day) {
		word.And(^bit)
	}
}
