package question

import (
	"fmt"
	"maps"
	"strings"

	"clinicgraph/internal/access"
)

// Documents are those of the operations in the terms of one schema, by their names.
// The names of answers are the same in all of them.
type Documents map[string]string

// Ours are in the terms of the project's schema.
var Ours = Documents{
	"Q1": bookingByID, "Q2": bookingsOfADay, "Q3": historyOfACustomer, "Q4": secondPage, "Q5": userByID, "M1": bookAppointment,
	Uncounted: strings.Replace(secondPage, "totalCount\n", "", 1),
}

// as gives the documents that a role asks: a practitioner is shown no payments, and a
// customer's few bookings are paged by two.
func (d Documents) as(role string) Documents {
	d = maps.Clone(d)
	switch role {
	case access.RoleDoctor:
		d["Q3"] = strings.Replace(d["Q3"], payments, "", 1)
	case access.RoleCustomer:
		for _, name := range []string{"Q4", Uncounted} {
			d[name] = strings.Replace(d[name], "first: 25", fmt.Sprintf("first: %d", pageOf(role)), 1)
		}
	}
	return d
}

// pageOf is how many bookings a page of Q4 has.
func pageOf(role string) int {
	if role == access.RoleCustomer {
		return 2
	}
	return 25
}

// payments are the part of Q3 that not everybody may ask for.
const payments = "paymentTransactions { id status createdAt amount { amount currency } }"

// The documents. A customer's name is two edges in this schema, a practitioner's
// and a service's one field.
const (
	bookingByID = `query Q1($id: ID!) { booking(id: $id) {
	id number status startsAt endsAt total { amount currency }
	customer { id email givenName { firstName } surname { surname } }
	appointments { id practitioner { id displayName specialty } service { id name } }
} }`

	bookingsOfADay = `query Q2($from: Time!, $to: Time!) { bookings(first: 50, orderBy: {field: STARTS_AT, direction: ASC}, where: {startsAtGTE: $from, startsAtLT: $to}) {
	edges { node {
		id startsAt status
		customer { givenName { firstName } surname { surname } }
		appointments { practitioner { displayName } service { name } }
	} }
} }`

	historyOfACustomer = `query Q3($id: ID!) { customer(id: $id) {
	id number givenName { firstName } surname { surname }
	bookings(first: 10, orderBy: {field: STARTS_AT, direction: DESC}) { edges { node {
		id startsAt status
		paymentTransactions { id status createdAt amount { amount currency } }
		order { events { id type createdAt } }
	} } }
} }`

	secondPage = `query Q4($from: Time!, $to: Time!, $after: Cursor) { bookings(first: 25, after: $after, orderBy: {field: STARTS_AT, direction: ASC}, where: {status: COMPLETED, startsAtGTE: $from, startsAtLT: $to}) {
	totalCount
	pageInfo { hasNextPage endCursor }
	edges { node { id startsAt status total { amount currency } customer { givenName { firstName } surname { surname } } } }
} }`

	userByID = `query Q5($id: ID!) { user(id: $id) { id username email } }`

	bookAppointment = `mutation M1($input: BookAppointmentInput!) { bookAppointment(input: $input) {
	booking { id status startsAt } appointment { id } order { id }
} }`
)

// Nothing is a question that reads nothing: what a request costs before it asks
// for anything.
const nothing = `query Nothing { __typename }`
