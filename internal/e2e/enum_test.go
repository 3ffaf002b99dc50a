package e2e

import (
	"strings"
	"testing"
)

// TestTheValueOfAnEnumIsWrittenExactly: the library's coercion takes a value in a
// variable in any letters, and nothing behind it expects that.
func TestTheValueOfAnEnumIsWrittenExactly(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
		for query, values := range map[string][2]any{ // right, and wrong
			`query($x: BookingStatus!) { bookings(where: {status: $x}) { totalCount } }`:                         {"CONFIRMED", "confirmed"},
			`query($x: [BookingStatus!]) { bookings(where: {statusIn: $x}) { totalCount } }`:                     {[]string{"CONFIRMED"}, []string{"PENDING", "Confirmed"}},
			`query($x: BookingWhereInput) { bookings(where: $x) { totalCount } }`:                                {vars{"status": "CONFIRMED"}, vars{"status": "cONFIRMED"}},
			`query($x: [BookingWhereInput!]) { bookings(where: {or: $x}) { totalCount } }`:                       {[]vars{{"status": "CONFIRMED"}}, []vars{{"not": vars{"statusIn": []string{"confirmed"}}}}},
			`query($x: OrderDirection!) { bookings(orderBy: {field: STARTS_AT, direction: $x}) { totalCount } }`: {"DESC", "desc"},
		} {
			me.do(query, vars{"x": values[0]}).ok()
			refused := me.do(query, vars{"x": values[1]})
			if refused.refused("GRAPHQL_VALIDATION_FAILED"); !strings.Contains(string(refused.body), "capital letters") {
				t.Errorf("%s with %v: %s", query, values[1], refused.body)
			}
		}
	})
}
