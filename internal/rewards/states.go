package rewards

import "clinicgraph/internal/fsm"

// RedemptionStatus is where a redeemed reward stands.
type RedemptionStatus string

// The states of a redemption.
const (
	RedemptionPending    RedemptionStatus = "PENDING" // points reserved
	RedemptionIssued     RedemptionStatus = "ISSUED"
	RedemptionFailed     RedemptionStatus = "FAILED" // points released
	RedemptionApplied    RedemptionStatus = "APPLIED"
	RedemptionCancelled  RedemptionStatus = "CANCELLED"
	RedemptionExpired    RedemptionStatus = "EXPIRED"
	RedemptionRolledBack RedemptionStatus = "ROLLED_BACK"
)

// Redemptions is the state machine of redemptions. One that takes points and
// code in a single transaction begins as ISSUED.
var Redemptions = fsm.New("redemption",
	move{To: RedemptionPending, Verb: "redeemReward"},
	move{To: RedemptionIssued, Verb: "redeemReward"},

	move{From: RedemptionPending, To: RedemptionIssued, Verb: "redeemReward"},
	move{From: RedemptionPending, To: RedemptionFailed, Verb: "redeemReward"},

	move{From: RedemptionIssued, To: RedemptionApplied, Verb: "applyRedemption"},
	move{From: RedemptionIssued, To: RedemptionCancelled, Verb: "cancelRedemption"},
	move{From: RedemptionIssued, To: RedemptionExpired, Verb: "expireRedemptions"},

	move{From: RedemptionApplied, To: RedemptionRolledBack, Verb: "rollBackRedemption"},
)

type move = fsm.Move[RedemptionStatus]
