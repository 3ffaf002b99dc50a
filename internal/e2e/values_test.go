package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
)

// odd are values of each scalar that no client should send, as JSON.
var odd = map[string][]string{
	"ID":        {`""`, `"x"`, `1`, `-1`, `1.5`, `true`, `{}`, `"00000000-0000-0000-0000-000000000000"`, `"ffffffff-ffff-ffff-ffff-ffffffffffff"`, `"01A2016A-AB94-8001-A8A1-7C35CB8FF4F8"`, `"{01a2016a-ab94-8001-a8a1-7c35cb8ff4f8}"`, `"urn:uuid:01a2016a-ab94-8001-a8a1-7c35cb8ff4f8"`, `"01a2016a-ab94-80ff-a8a1-7c35cb8ff4f8"`, `"' OR 1=1 --"`, `"\u0000"`},
	"String":    {`"\u0000"`, `"%"`, `""`, `" "`, `"a\u0000b"`, `"\ud800"`, `"' OR 1=1 --"`, `"_"`, `"\\"`, `"😀"`, `"\u202egnirts"`, `1`, `true`, `[]`, `{}`, `"` + strings.Repeat("ä", 20_000) + `"`},
	"Int":       {`2147483647`, `-2147483648`, `2147483648`, `-2147483649`, `9223372036854775808`, `1.5`, `1e3`, `"1"`, `true`, `{}`},
	"Int64":     {`0`, `-1`, `9007199254740991`, `9007199254740992`, `-9007199254740992`, `9223372036854775807`, `9223372036854775808`, `1e30`, `1.5`, `"8000"`, `true`},
	"Boolean":   {`"true"`, `1`, `{}`},
	"Time":      {`""`, `"2030"`, `"2030-02-30T00:00:00Z"`, `"0000-01-01T00:00:00Z"`, `"0001-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999999Z"`, `"10000-01-01T00:00:00Z"`, `"2030-01-08T09:00:00.1234567891Z"`, `"2030-01-08T09:00:00+23:59"`, `"2030-01-08 09:00:00Z"`, `1893456000`, `-1`, `true`},
	"Date":      {`""`, `"2030-02-30"`, `"0000-00-00"`, `1`},
	"LocalTime": {`""`, `"25:00"`, `1`},
	"Cursor":    {`""`, `"x"`, `"AAAA"`, `1`, `"' OR 1=1 --"`, `{}`},
}

// slot is a place of a value below an argument: the path of names to it.
type slot struct {
	path []string
	kind *ast.Definition
	list bool
}

// slots are all places below an argument. Filters nest without end, so that each
// input is gone into once.
func slots(path []string, typ *ast.Type, seen []string) (found []slot) {
	def := schema.Types[typ.Name()]
	if def.Kind != ast.InputObject {
		return []slot{{path, def, typ.Elem != nil}}
	}
	if slices.Contains(seen, def.Name) {
		return nil
	}
	for _, f := range def.Fields {
		if len(seen) > 0 && strings.HasSuffix(def.Name, "WhereInput") {
			continue // one edge deep will do
		}
		found = append(found, slots(append(slices.Clone(path), f.Name), f.Type, append(slices.Clone(seen), def.Name))...)
	}
	return found
}

// TestNoValueBreaksTheServer puts odd values into every place of every argument
// of every root field. The client itself fails the test for INTERNAL, for a
// status of 5xx and for words of the database.
func TestNoValueBreaksTheServer(t *testing.T) {
	// A secret that is not good is no odd value.
	secrets := []string{"refreshSession", "beginPasskeySignIn", "completeLogin"}
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		me := c.as(admin)
		asked, met := 0, map[string]bool{}
		for root, kind := range map[*ast.Definition]string{schema.Query: "query", schema.Mutation: "mutation"} {
			for _, f := range root.Fields {
				if strings.HasPrefix(f.Name, "__") || f.Name == "logout" || f.Name == "changePassword" {
					continue
				}
				for _, argument := range f.Arguments {
					for _, s := range slots([]string{argument.Name}, argument.Type, nil) {
						values := oddFor(s)
						// Filters are generated: those of one type differ in the name alone.
						if kind := fmt.Sprint(s.kind.Name, s.list); argument.Name == "where" && met[kind] {
							values = values[:min(len(values), 2)]
						} else {
							met[kind] = true
						}
						for _, value := range values {
							body := d.request(kind, f, s.path, value)
							a := me.post("application/json", body)
							if a.code() == "UNAVAILABLE" || a.code() == "UNAUTHENTICATED" && !slices.Contains(secrets, f.Name) {
								t.Errorf("%.300s: %s", body, a.body)
							}
							asked++
						}
					}
				}
			}
		}
		if asked < 1500 {
			t.Errorf("only %d requests", asked)
		}
	})
}

func oddFor(s slot) []string {
	values := []string{`null`}
	if s.kind.Kind == ast.Enum {
		values = append(values, `"NONSENSE"`, `1`)
	}
	for _, v := range odd[s.kind.Name] {
		if s.list {
			v = "[" + v + "]"
		}
		values = append(values, v)
	}
	if s.list {
		values = append(values, `[]`, `[null]`, `"x"`)
	}
	return values
}

// request is a good request but for the value at the path.
func (d *diary) request(kind string, f *ast.FieldDefinition, path []string, value string) string {
	good := map[string]vars{
		"bookAppointment":      {"serviceId": d.chat, "practitionerId": d.practitioners[doctorNorth], "startsAt": at(9, 0), "customerId": d.near.profile},
		"cancelBooking":        {"id": missing(ent.TypeBooking)},
		"capturePayment":       {"orderId": d.near.order, "amount": 1, "method": "TEST"},
		"redeemReward":         {"rewardId": d.mug, "customerId": d.near.profile},
		"register":             {"username": "x", "email": "x@example.org", "password": newPassword, "givenName": "Some", "surname": "Body"},
		"login":                {"login": "x", "password": "x"},
		"verifyEmail":          {"token": "x"},
		"requestPasswordReset": {"login": "x"},
		"resetPassword":        {"token": "x", "newPassword": newPassword},
		"changeEmail":          {"newEmail": "x@example.org", "currentPassword": "x"},
		"refreshSession":       {"refreshToken": "x"},
		"createRole":           {"name": "x"},
		"setRolePermissions":   {"roleId": missing(ent.TypeRole), "permissions": []vars{}},
		"assignRole":           {"userId": d.users[customerB], "roleId": missing(ent.TypeRole)},
		"revokeRole":           {"userId": d.users[customerB], "roleId": missing(ent.TypeRole)},
		"setUserPermission":    {"userId": d.users[customerB], "permission": "booking:read", "allowed": true},
		"removeUserPermission": {"userId": d.users[customerB], "permission": "points:read"},
		"createUser":           {"username": "odd.one", "email": "odd.one@example.org", "givenName": "Some", "surname": "Body"},
		"updateUser":           {"id": d.users[customerB]},
		"updateProfile":        {},
		"lockUser":             {"id": missing(ent.TypeUser), "reason": "story"},
		"unlockUser":           {"id": missing(ent.TypeUser)}, "deactivateUser": {"id": missing(ent.TypeUser)}, "reactivateUser": {"id": missing(ent.TypeUser)},
		"deleteUser": {"id": missing(ent.TypeUser)}, "requirePasswordChange": {"id": missing(ent.TypeUser)},
		"impersonate":            {"userId": d.users[customerB], "reason": purpose},
		"createApiToken":         {"name": "odd", "scopes": []string{"product:read"}, "expiresAt": at(9, 0)},
		"revokeApiToken":         {"id": missing(ent.TypeApiToken)},
		"startAccessReview":      {"name": "odd", "dueAt": at(9, 0), "roleIds": []string{d.roles["manager"]}},
		"attestAccessReviewItem": {"id": missing(ent.TypeAccessReviewItem)},
		"revokeAccessReviewItem": {"id": missing(ent.TypeAccessReviewItem), "reason": "story"},
		"closeAccessReview":      {"id": missing(ent.TypeAccessReview)},
		"eraseCustomer":          {"id": missing(ent.TypeCustomer), "reason": "story"},
		"breakGlass":             {"reason": purpose}, "endBreakGlass": {},
	}
	arguments := vars{}
	if in, ok := good[f.Name]; ok {
		arguments["input"] = in
	}
	if f.Name == "availableSlots" {
		arguments = vars{"serviceId": d.chat, "from": at(9, 0), "to": at(17, 0)}
	}
	var where any = arguments
	for _, step := range path[:len(path)-1] {
		next, ok := where.(vars)[step].(vars)
		if !ok {
			next = vars{}
			where.(vars)[step] = next
		}
		where = next
	}
	where.(vars)[path[len(path)-1]] = json.RawMessage(value)
	if path[0] == "orderBy" && len(path) > 1 && path[1] == "direction" {
		where.(vars)["field"] = schema.Types[f.Arguments.ForName("orderBy").Type.Name()].Fields.ForName("field").Type.Name()
	}

	var declared, passed []string
	for _, a := range f.Arguments {
		if _, given := arguments[a.Name]; given {
			declared = append(declared, "$"+a.Name+": "+a.Type.String())
			passed = append(passed, a.Name+": $"+a.Name)
		}
	}
	query := fmt.Sprintf("%s(%s) { %s(%s) { __typename } }", kind, strings.Join(declared, ", "), f.Name, strings.Join(passed, ", "))
	text, err := json.Marshal(map[string]any{"query": query, "variables": arguments})
	if err != nil {
		d.t.Fatal(err)
	}
	return string(text)
}

func TestNumbersOutOfTheirRangeAreRefused(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		order := me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.order.id")
		for _, amount := range []string{`0`, `-1`, `8001`, `9007199254740991`} {
			me.do(`mutation { capturePayment(input: {orderId: "` + order + `", amount: ` + amount + `, method: TEST}) { order { id } } }`).refused("BAD_USER_INPUT").about("input.amount")
		}
		for _, amount := range []string{`9007199254740992`, `-9007199254740992`, `9223372036854775808`, `80.5`, `"8000"`} {
			if a := me.do(`mutation { capturePayment(input: {orderId: "` + order + `", amount: ` + amount + `, method: TEST}) { order { id } } }`); !slices.Contains([]string{"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}, a.code()) {
				t.Errorf("%s: %s", amount, a.body)
			}
		}
		for _, version := range []string{`2147483648`, `-2147483649`, `4294967297`, `1.5`} { // 4294967297 is 1 in 32 bits
			if a := me.do(`mutation { cancelBooking(input: {id: "` + missing(ent.TypeBooking) + `", expectedVersion: ` + version + `}) { booking { id } } }`); !slices.Contains([]string{"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}, a.code()) {
				t.Errorf("%s: %s", version, a.body)
			}
		}
		me.pay(order, 8000, "TEST").ok()
	})
}
