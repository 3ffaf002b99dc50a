package access

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestEveryPermissionHasANumber(t *testing.T) {
	if len(registry) > maxRegistry {
		t.Errorf("%d permissions, and numbers for %d", len(registry), maxRegistry)
	}
	for i, p := range registry {
		if NumberOf(p.Name) != Number(i+1) {
			t.Errorf("%s has the number %d", p.Name, NumberOf(p.Name))
		}
	}
	v := administrator()
	if NumberOf("nobody:knows") != 0 || v.Can("nobody:knows") || v.Pass("nobody:knows") {
		t.Error("somebody holds what the registry does not have")
	}
	v.Uses = &Uses{Tell: func(uuid.UUID, string, Day) bool { t.Error("that is told of"); return true }}
	if v.Pass("nobody:knows") {
		t.Error("the door lets somebody through by it")
	}
}

// TestADoorTellsOfTheFirstUseOfADay: from many goroutines at once, and of nothing
// that it has refused.
func TestADoorTellsOfTheFirstUseOfADay(t *testing.T) {
	type told struct {
		permission string
		day        Day
	}
	var mu sync.Mutex
	heard, room := map[told]int{}, true
	now := time.Date(2030, 1, 7, 23, 59, 59, 0, time.UTC)
	v := administrator()
	v.Now = func() time.Time { return now }
	v.Uses = &Uses{User: v.UserID, Tell: func(user uuid.UUID, permission string, day Day) bool {
		mu.Lock()
		defer mu.Unlock()
		if user != v.UserID {
			t.Errorf("told of %s", user)
		}
		if room {
			heard[told{permission, day}]++
		}
		return room
	}}
	pass := func(permission string, want bool) {
		if got := v.Pass(permission); got != want {
			t.Errorf("%s: %t", permission, got)
		}
	}
	at := func(permission string) int { return heard[told{permission, DayOf(now)}] }

	room = false
	pass(BookingRead, true)
	room = true
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				pass(BookingRead, true)
				pass(AuditLogRead, true) // the last of the registry
				pass(AppointmentReadNotes, false)
				v.Can(OrderRead) // asking is no use
			}
		})
	}
	all.Wait()
	if at(BookingRead) != 1 || at(AuditLogRead) != 1 || len(heard) != 2 {
		t.Errorf("told of %v", heard)
	}
	now = now.Add(time.Second)
	next := administrator() // the next request is of another viewer
	next.UserID, next.Now, next.Uses = v.UserID, v.Now, v.Uses
	v = next
	for range 8 {
		all.Go(func() { pass(BookingRead, true) })
	}
	all.Wait()
	if at(BookingRead) != 1 || len(heard) != 3 {
		t.Errorf("on the next day: %v", heard)
	}

	v.Impersonator = &Impersonator{}
	pass(OrderRead, true)
	v.Impersonator, v.MustChangePassword = nil, true
	pass(OrderRead, false)
	if at(OrderRead) != 0 {
		t.Errorf("told of %v", heard)
	}
}

func TestDaysBeginAtMidnight(t *testing.T) {
	for text, want := range map[string]Day{
		"1970-01-01T00:00:00Z": 0, "1969-12-31T23:59:59Z": -1, "2030-01-07T23:59:59Z": 21921, "2030-01-08T00:00:00Z": 21922, "2030-01-08T01:00:00+02:00": 21921,
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := DayOf(at); got != want || got.Start().After(at) || !(got + 1).Start().After(at) {
			t.Errorf("%s: %d", text, got)
		}
	}
}
