package payments

import "clinicgraph/internal/fsm"

// Status is where a transaction stands. Charges and refunds are rows of one
// table and share the names, but each kind has moves of its own.
type Status string

// The states of a transaction.
const (
	Pending           Status = "PENDING" // written before the provider is asked
	Authorized        Status = "AUTHORIZED"
	Captured          Status = "CAPTURED"
	ActionRequired    Status = "ACTION_REQUIRED" // the payer has to do something
	Failed            Status = "FAILED"
	Cancelled         Status = "CANCELLED"
	Expired           Status = "EXPIRED"
	Voided            Status = "VOIDED"
	PartiallyRefunded Status = "PARTIALLY_REFUNDED"
	Refunded          Status = "REFUNDED"
	ChargedBack       Status = "CHARGED_BACK"
	Succeeded         Status = "SUCCEEDED" // of refunds only
)

// Charges is the state machine of transactions that bring money in. The verb
// "provider" is the provider's answer or later message.
var Charges = fsm.New("payment",
	move{To: Pending, Verb: "capturePayment"},
	move{To: Pending, Verb: "authorizePayment"},

	move{From: Pending, To: Authorized, Verb: "authorizePayment"},
	move{From: Pending, To: Captured, Verb: "capturePayment"},
	move{From: Pending, To: ActionRequired, Verb: "provider"},
	move{From: Pending, To: Failed, Verb: "provider"},
	move{From: Pending, To: Cancelled, Verb: "cancelPayment"},
	move{From: Pending, To: Expired, Verb: "expirePayments"},

	move{From: ActionRequired, To: Authorized, Verb: "provider"},
	move{From: ActionRequired, To: Captured, Verb: "provider"},
	move{From: ActionRequired, To: Failed, Verb: "provider"},
	move{From: ActionRequired, To: Cancelled, Verb: "cancelPayment"},
	move{From: ActionRequired, To: Expired, Verb: "expirePayments"},

	move{From: Authorized, To: Captured, Verb: "capturePayment"},
	move{From: Authorized, To: Voided, Verb: "voidPayment"},
	move{From: Authorized, To: Expired, Verb: "expirePayments"},
	move{From: Authorized, To: Failed, Verb: "provider"},

	move{From: Captured, To: PartiallyRefunded, Verb: "refundPayment"},
	move{From: Captured, To: Refunded, Verb: "refundPayment"},
	move{From: Captured, To: ChargedBack, Verb: "provider"},

	move{From: PartiallyRefunded, To: PartiallyRefunded, Verb: "refundPayment"},
	move{From: PartiallyRefunded, To: Refunded, Verb: "refundPayment"},
	move{From: PartiallyRefunded, To: ChargedBack, Verb: "provider"},

	move{From: ChargedBack, To: Captured, Verb: "provider"}, // the dispute was won
)

// Refunds is the state machine of transactions that give money back.
var Refunds = fsm.New("refund",
	move{To: Pending, Verb: "refundPayment"},

	move{From: Pending, To: Succeeded, Verb: "provider"},
	move{From: Pending, To: Failed, Verb: "provider"},

	move{From: Failed, To: Pending, Verb: "refundPayment"}, // again, with the same key
)

type move = fsm.Move[Status]
