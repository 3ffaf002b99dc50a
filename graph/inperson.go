package graph

import (
	"context"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// agents says of a mutation who but the owner of the account may call it: who
// acts in the owner's name, and a program with a personal token of the owner's.
type agents struct{ impersonator, program bool }

// delegable are the mutations that are not the owner's alone. One that is not
// listed is: signing in, passwords, addresses, factors, tokens, accounts and
// access are nobody else's business. What is public asks nobody who they are.
var delegable = map[string]agents{
	"bookAppointment":      {true, true},
	"cancelBooking":        {true, true},
	"capturePayment":       {true, true},
	"createCustomer":       {false, true},
	"updateCustomer":       {false, true},
	"redeemReward":         {true, true},
	"markNotificationRead": {true, false},
	"updateProfile":        {true, false},
	"stopImpersonating":    {true, false},
}

// inPerson refuses a mutation to those who are not the owner of the account.
func inPerson(ctx context.Context, mutation string, d door) error {
	v := access.FromContext(ctx)
	if d.kind == "public" || v == nil || v.InPerson() {
		return nil
	}
	allowed := delegable[mutation]
	switch {
	case v.Impersonator != nil && !allowed.impersonator:
		return fault.Forbidden("Nobody does this in somebody else's name.")
	case v.TokenID != [16]byte{} && !allowed.program:
		return fault.Forbidden("This is not for programs: sign in to do it.")
	}
	return nil
}
