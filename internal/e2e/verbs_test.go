package e2e

// The verbs of the graph as the stories use them. More is one more line of the
// input, such as an idempotency key.

func (cl *client) book(service, practitioner string, startsAt any, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation bookAppointment($in: BookAppointmentInput!) { bookAppointment(input: $in) {
		booking { id number status source version startsAt endsAt holdExpiresAt }
		appointment { id status }
		order { id status chargeStatus total { amount currency } }
	} }`, input(vars{"serviceId": service, "practitionerId": practitioner, "startsAt": startsAt}, more))
}

func (cl *client) pay(order string, amount int, method string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation capturePayment($in: CapturePaymentInput!) { capturePayment(input: $in) {
		transaction { id status } order { id status chargeStatus captured { amount } } booking { id status holdExpiresAt }
	} }`, input(vars{"orderId": order, "amount": amount, "method": method}, more))
}

func (cl *client) redeem(reward string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation redeemReward($in: RedeemRewardInput!) { redeemReward(input: $in) {
		redemption { id status costPoints code } pointsAccount { balance }
	} }`, input(vars{"rewardId": reward}, more))
}

func (cl *client) cancel(booking string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation cancelBooking($in: CancelBookingInput!) { cancelBooking(input: $in) {
		booking { id status version cancelReason cancelledAt }
	} }`, input(vars{"id": booking}, more))
}

// input joins the lines of an input into the variable $in.
func input(lines vars, more []vars) vars {
	for _, m := range more {
		for name, value := range m {
			lines[name] = value
		}
	}
	return vars{"in": lines}
}
