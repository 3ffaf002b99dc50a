package orders_test

import (
	"testing"

	"clinicgraph/internal/fsm/fsmtest"
	"clinicgraph/internal/orders"
)

func TestStates(t *testing.T) {
	fsmtest.Check(t, orders.States, `
		new: DRAFT PLACED
		DRAFT: PLACED CANCELLED
		PLACED: PROCESSING COMPLETED CANCELLED EXPIRED
		PROCESSING: COMPLETED CANCELLED
		COMPLETED: RETURNED PARTIALLY_RETURNED`)
	fsmtest.Corrections(t, orders.States, ``)
}
