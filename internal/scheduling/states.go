package scheduling

import "clinicgraph/internal/fsm"

// BookingStatus is where a customer's reservation stands.
type BookingStatus string

// The states of a booking.
const (
	BookingHeld       BookingStatus = "HELD"
	BookingPending    BookingStatus = "PENDING"
	BookingConfirmed  BookingStatus = "CONFIRMED"
	BookingInProgress BookingStatus = "IN_PROGRESS"
	BookingCompleted  BookingStatus = "COMPLETED"
	BookingExpired    BookingStatus = "EXPIRED"
	BookingRejected   BookingStatus = "REJECTED"
	BookingCancelled  BookingStatus = "CANCELLED"
	BookingNoShow     BookingStatus = "NO_SHOW"
)

// AppointmentStatus is where one visit stands.
type AppointmentStatus string

// The states of an appointment.
const (
	AppointmentTentative      AppointmentStatus = "TENTATIVE"
	AppointmentScheduled      AppointmentStatus = "SCHEDULED"
	AppointmentArrived        AppointmentStatus = "ARRIVED"
	AppointmentInProgress     AppointmentStatus = "IN_PROGRESS"
	AppointmentCompleted      AppointmentStatus = "COMPLETED"
	AppointmentExpired        AppointmentStatus = "EXPIRED"
	AppointmentCancelled      AppointmentStatus = "CANCELLED"
	AppointmentDeclined       AppointmentStatus = "DECLINED"
	AppointmentLeft           AppointmentStatus = "LEFT" // went before being seen to
	AppointmentNoShow         AppointmentStatus = "NO_SHOW"
	AppointmentEnteredInError AppointmentStatus = "ENTERED_IN_ERROR"
)

// Blocks says whether an appointment in this state keeps its time from others:
// whether it has claims. A completed one does, so that the past stays true.
func (s AppointmentStatus) Blocks() bool {
	switch s {
	case AppointmentTentative, AppointmentScheduled, AppointmentArrived, AppointmentInProgress, AppointmentCompleted:
		return true
	}
	return false
}

// Bookings is the state machine of bookings.
var Bookings = fsm.New("booking",
	bookingMove{To: BookingHeld, Verb: "holdSlot"},
	bookingMove{To: BookingPending, Verb: "requestBooking"},
	bookingMove{To: BookingPending, Verb: "bookAppointment"},
	bookingMove{To: BookingConfirmed, Verb: "bookAppointment"},

	bookingMove{From: BookingHeld, To: BookingPending, Verb: "requestBooking"},
	bookingMove{From: BookingHeld, To: BookingPending, Verb: "bookAppointment"},
	bookingMove{From: BookingHeld, To: BookingConfirmed, Verb: "bookAppointment"},
	bookingMove{From: BookingHeld, To: BookingConfirmed, Verb: "confirmBooking"},
	bookingMove{From: BookingHeld, To: BookingConfirmed, Verb: "capturePayment"},
	bookingMove{From: BookingHeld, To: BookingExpired, Verb: "expireBookings"},
	bookingMove{From: BookingHeld, To: BookingCancelled, Verb: "cancelBooking"},

	bookingMove{From: BookingPending, To: BookingConfirmed, Verb: "confirmBooking"},
	bookingMove{From: BookingPending, To: BookingConfirmed, Verb: "capturePayment"},
	bookingMove{From: BookingPending, To: BookingExpired, Verb: "expireBookings"},
	bookingMove{From: BookingPending, To: BookingRejected, Verb: "rejectBooking"},
	bookingMove{From: BookingPending, To: BookingCancelled, Verb: "cancelBooking"},

	bookingMove{From: BookingConfirmed, To: BookingInProgress, Verb: "checkInAppointment"},
	bookingMove{From: BookingConfirmed, To: BookingCancelled, Verb: "cancelBooking"},
	bookingMove{From: BookingConfirmed, To: BookingNoShow, Verb: "markNoShow"},

	bookingMove{From: BookingInProgress, To: BookingCompleted, Verb: "completeAppointment"},
)

// Appointments is the state machine of appointments.
var Appointments = fsm.New("appointment",
	appointmentMove{To: AppointmentTentative, Verb: "holdSlot"},
	appointmentMove{To: AppointmentTentative, Verb: "bookAppointment"},
	appointmentMove{To: AppointmentScheduled, Verb: "bookAppointment"},
	appointmentMove{To: AppointmentArrived, Verb: "walkIn"},

	appointmentMove{From: AppointmentTentative, To: AppointmentTentative, Verb: "rescheduleAppointment"},
	appointmentMove{From: AppointmentTentative, To: AppointmentScheduled, Verb: "confirmBooking"},
	appointmentMove{From: AppointmentTentative, To: AppointmentScheduled, Verb: "capturePayment"},
	appointmentMove{From: AppointmentTentative, To: AppointmentExpired, Verb: "expireBookings"},
	appointmentMove{From: AppointmentTentative, To: AppointmentCancelled, Verb: "cancelBooking"},
	appointmentMove{From: AppointmentTentative, To: AppointmentDeclined, Verb: "declineAppointment"},

	appointmentMove{From: AppointmentScheduled, To: AppointmentScheduled, Verb: "rescheduleAppointment"},
	appointmentMove{From: AppointmentScheduled, To: AppointmentArrived, Verb: "checkInAppointment"},
	appointmentMove{From: AppointmentScheduled, To: AppointmentCancelled, Verb: "cancelBooking"},
	appointmentMove{From: AppointmentScheduled, To: AppointmentNoShow, Verb: "markNoShow"},

	appointmentMove{From: AppointmentArrived, To: AppointmentInProgress, Verb: "startAppointment"},
	appointmentMove{From: AppointmentArrived, To: AppointmentLeft, Verb: "markLeft"},
	appointmentMove{From: AppointmentArrived, To: AppointmentCancelled, Verb: "cancelBooking"},

	appointmentMove{From: AppointmentInProgress, To: AppointmentCompleted, Verb: "completeAppointment"},
	appointmentMove{From: AppointmentInProgress, To: AppointmentLeft, Verb: "markLeft"},

	// Corrections: a permission and a reason of their own. Which of the previous
	// states an undo leads to is in the appointment's history; these are the ones
	// that it can be, and the time must still be free.
	correction(AppointmentNoShow, AppointmentArrived, "correctAppointment"),
	correction(AppointmentNoShow, AppointmentScheduled, "undoLastTransition"),
	correction(AppointmentCompleted, AppointmentInProgress, "undoLastTransition"),
	correction(AppointmentLeft, AppointmentArrived, "undoLastTransition"),
	correction(AppointmentLeft, AppointmentInProgress, "undoLastTransition"),
	correction(AppointmentCancelled, AppointmentTentative, "undoLastTransition"),
	correction(AppointmentCancelled, AppointmentScheduled, "undoLastTransition"),
	correction(AppointmentCancelled, AppointmentArrived, "undoLastTransition"),
	correction(AppointmentTentative, AppointmentEnteredInError, "markError"),
	correction(AppointmentScheduled, AppointmentEnteredInError, "markError"),
	correction(AppointmentArrived, AppointmentEnteredInError, "markError"),
	correction(AppointmentInProgress, AppointmentEnteredInError, "markError"),
	correction(AppointmentCompleted, AppointmentEnteredInError, "markError"),
	correction(AppointmentExpired, AppointmentEnteredInError, "markError"),
	correction(AppointmentCancelled, AppointmentEnteredInError, "markError"),
	correction(AppointmentDeclined, AppointmentEnteredInError, "markError"),
	correction(AppointmentLeft, AppointmentEnteredInError, "markError"),
	correction(AppointmentNoShow, AppointmentEnteredInError, "markError"),
)

type (
	bookingMove     = fsm.Move[BookingStatus]
	appointmentMove = fsm.Move[AppointmentStatus]
)

func correction(from, to AppointmentStatus, verb string) appointmentMove {
	return appointmentMove{From: from, To: to, Verb: verb, Correction: true}
}
