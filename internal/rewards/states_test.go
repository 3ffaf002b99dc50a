package rewards_test

import (
	"testing"

	"clinicgraph/internal/fsm/fsmtest"
	"clinicgraph/internal/rewards"
)

func TestRedemptions(t *testing.T) {
	fsmtest.Check(t, rewards.Redemptions, `
		new: PENDING ISSUED
		PENDING: ISSUED FAILED
		ISSUED: APPLIED CANCELLED EXPIRED
		APPLIED: ROLLED_BACK`)
	fsmtest.Corrections(t, rewards.Redemptions, ``)
}
