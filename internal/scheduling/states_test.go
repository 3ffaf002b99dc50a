package scheduling_test

import (
	"slices"
	"testing"

	"clinicgraph/internal/fsm/fsmtest"
	"clinicgraph/internal/scheduling"
)

func TestBookings(t *testing.T) {
	fsmtest.Check(t, scheduling.Bookings, `
		new: HELD PENDING CONFIRMED
		HELD: PENDING CONFIRMED EXPIRED CANCELLED
		PENDING: CONFIRMED EXPIRED REJECTED CANCELLED
		CONFIRMED: IN_PROGRESS CANCELLED NO_SHOW
		IN_PROGRESS: COMPLETED`)
	fsmtest.Corrections(t, scheduling.Bookings, ``)
}

func TestAppointments(t *testing.T) {
	fsmtest.Check(t, scheduling.Appointments, `
		new: TENTATIVE SCHEDULED ARRIVED
		TENTATIVE: TENTATIVE SCHEDULED EXPIRED CANCELLED DECLINED
		SCHEDULED: SCHEDULED ARRIVED CANCELLED NO_SHOW
		ARRIVED: IN_PROGRESS LEFT CANCELLED
		IN_PROGRESS: COMPLETED LEFT`)
	fsmtest.Corrections(t, scheduling.Appointments, `
		TENTATIVE: ENTERED_IN_ERROR
		SCHEDULED: ENTERED_IN_ERROR
		ARRIVED: ENTERED_IN_ERROR
		IN_PROGRESS: ENTERED_IN_ERROR
		COMPLETED: IN_PROGRESS ENTERED_IN_ERROR
		EXPIRED: ENTERED_IN_ERROR
		CANCELLED: TENTATIVE SCHEDULED ARRIVED ENTERED_IN_ERROR
		DECLINED: ENTERED_IN_ERROR
		LEFT: ARRIVED IN_PROGRESS ENTERED_IN_ERROR
		NO_SHOW: SCHEDULED ARRIVED ENTERED_IN_ERROR`)
}

func TestAnAppointmentBlocksItsTimeUntilItComesToNothing(t *testing.T) {
	free := []scheduling.AppointmentStatus{"EXPIRED", "CANCELLED", "DECLINED", "LEFT", "NO_SHOW", "ENTERED_IN_ERROR"}
	for _, s := range scheduling.Appointments.States() {
		if got, want := s.Blocks(), !slices.Contains(free, s); got != want {
			t.Errorf("%s.Blocks() = %v, want %v", s, got, want)
		}
		// What frees its time is over; only a completed visit is over and blocks.
		if !s.Blocks() && !scheduling.Appointments.Terminal(s) {
			t.Errorf("%s frees its time and is not final", s)
		}
	}
}
