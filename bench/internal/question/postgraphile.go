package question

// PostGraphile has the documents in the terms of the schema that PostGraphile makes
// of the tables, and of the function that books.
var PostGraphile = Documents{
	"Q1": `query Q1($id: UUID!) { booking: bookingByRowId(rowId: $id) {
	id: rowId number status startsAt endsAt totalAmount currency
	customer: customerByCustomerId { id: rowId email givenName: givenNameByGivenNameId { firstName } surname: surnameBySurnameId { surname } }
	appointments: appointmentsByBookingId { nodes { id: rowId practitioner: practitionerProfileByPractitionerId { id: rowId displayName specialty } service: productByServiceId { id: rowId name } } }
} }`,

	"Q2": `query Q2($from: Datetime!, $to: Datetime!) { bookings: allBookings(first: 50, orderBy: [STARTS_AT_ASC], filter: {startsAt: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
	edges { node {
		id: rowId startsAt status
		customer: customerByCustomerId { givenName: givenNameByGivenNameId { firstName } surname: surnameBySurnameId { surname } }
		appointments: appointmentsByBookingId { nodes { practitioner: practitionerProfileByPractitionerId { displayName } service: productByServiceId { name } } }
	} }
} }`,

	"Q3": `query Q3($id: UUID!) { customer: customerByRowId(rowId: $id) {
	id: rowId number givenName: givenNameByGivenNameId { firstName } surname: surnameBySurnameId { surname }
	bookings: bookingsByCustomerId(first: 10, orderBy: [STARTS_AT_DESC]) { edges { node {
		id: rowId startsAt status
		payments: paymentTransactionsByBookingId { nodes { id: rowId status createdAt amountMinor currency } }
		orders: ordersByBookingId { nodes { events: orderEventsByOrderId { nodes { id: rowId type createdAt } } } }
	} } }
} }`,

	"Q4": `query Q4($from: Datetime!, $to: Datetime!, $after: Cursor) { bookings: allBookings(first: 25, after: $after, orderBy: [STARTS_AT_ASC], filter: {status: {equalTo: "COMPLETED"}, startsAt: {greaterThanOrEqualTo: $from, lessThan: $to}}) {
	totalCount
	pageInfo { hasNextPage endCursor }
	edges { node { id: rowId startsAt status totalAmount currency customer: customerByCustomerId { givenName: givenNameByGivenNameId { firstName } surname: surnameBySurnameId { surname } } } }
} }`,

	"Q5": `query Q5($id: UUID!) { user: userByRowId(rowId: $id) { id: rowId username email } }`,

	"M1": `mutation M1($input: PeersBookAppointmentInput!) { bookAppointment: peersBookAppointment(input: $input) { booking: result {
	id: rowId status startsAt appointment: appointmentsByBookingId { nodes { id: rowId } } order: ordersByBookingId { nodes { id: rowId } }
} } }`,
}
