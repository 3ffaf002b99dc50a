package payments_test

import (
	"testing"

	"clinicgraph/internal/fsm/fsmtest"
	"clinicgraph/internal/payments"
)

func TestCharges(t *testing.T) {
	fsmtest.Check(t, payments.Charges, `
		new: PENDING
		PENDING: AUTHORIZED CAPTURED ACTION_REQUIRED FAILED CANCELLED EXPIRED
		ACTION_REQUIRED: AUTHORIZED CAPTURED FAILED CANCELLED EXPIRED
		AUTHORIZED: CAPTURED VOIDED EXPIRED FAILED
		CAPTURED: PARTIALLY_REFUNDED REFUNDED CHARGED_BACK
		PARTIALLY_REFUNDED: PARTIALLY_REFUNDED REFUNDED CHARGED_BACK
		CHARGED_BACK: CAPTURED`)
	fsmtest.Corrections(t, payments.Charges, ``)
}

func TestRefunds(t *testing.T) {
	fsmtest.Check(t, payments.Refunds, `
		new: PENDING
		PENDING: SUCCEEDED FAILED
		FAILED: PENDING`)
	fsmtest.Corrections(t, payments.Refunds, ``)
}
