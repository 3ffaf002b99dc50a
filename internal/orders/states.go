package orders

import "clinicgraph/internal/fsm"

// Status is where an order stands. It says nothing about money: that is
// ChargeStatus.
type Status string

// The states of an order.
const (
	Draft             Status = "DRAFT"
	Placed            Status = "PLACED"
	Processing        Status = "PROCESSING"
	Completed         Status = "COMPLETED"
	Cancelled         Status = "CANCELLED"
	Expired           Status = "EXPIRED" // not paid in time
	Returned          Status = "RETURNED"
	PartiallyReturned Status = "PARTIALLY_RETURNED"
)

// States is the state machine of orders. An order in processing is cancelled
// only while nothing of it was handed out; afterwards it is completed and
// returned. The table cannot see that, the verb does.
var States = fsm.New("order",
	move{To: Draft, Verb: "createOrder"},
	move{To: Placed, Verb: "bookAppointment"},

	move{From: Draft, To: Placed, Verb: "placeOrder"},
	move{From: Draft, To: Cancelled, Verb: "cancelOrder"},

	move{From: Placed, To: Processing, Verb: "processOrder"},
	move{From: Placed, To: Completed, Verb: "completeOrder"},
	move{From: Placed, To: Cancelled, Verb: "cancelOrder"},
	move{From: Placed, To: Cancelled, Verb: "cancelBooking"},
	move{From: Placed, To: Expired, Verb: "expireBookings"},

	move{From: Processing, To: Completed, Verb: "completeOrder"},
	move{From: Processing, To: Cancelled, Verb: "cancelOrder"},
	move{From: Processing, To: Cancelled, Verb: "cancelBooking"},

	move{From: Completed, To: Returned, Verb: "returnOrder"},
	move{From: Completed, To: PartiallyReturned, Verb: "returnOrder"},
)

type move = fsm.Move[Status]
