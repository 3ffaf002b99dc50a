package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
)

// The verbs about profiles as the stories use them.

func (cl *client) admit(more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation createCustomer($in: CreateCustomerInput!) { createCustomer(input: $in) { customer { id number version } } }`,
		input(vars{"givenName": "New", "surname": "Patient"}, more))
}

func (cl *client) amend(profile string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation updateCustomer($in: UpdateCustomerInput!) { updateCustomer(input: $in) { customer { id number version } } }`,
		input(vars{"id": profile}, more))
}

// customerVerbs make and change profiles: each sort of field, of each sort of
// profile.
func (d *diary) customerVerbs() (questions []question) {
	fields := []struct {
		about string
		value vars
	}{
		{"the name", vars{"surname": "Patient"}}, {"telephone", vars{"phone": "+49302312500"}},
		{"document", vars{"documentNumber": "AB 1234"}}, {"notes", vars{"notes": "Notes about customer.a"}},
	}
	for _, f := range fields {
		questions = append(questions, question{"createCustomer", f.about, func(c caller) string {
			return outcome(c.admit(f.value), "done")
		}})
		for _, about := range []string{"near", "far", "next", "missing", "deleted"} {
			questions = append(questions, question{"updateCustomer", about + ", " + f.about, func(c caller) string {
				return outcome(c.amend(d.which(ent.TypeCustomer, about, c), f.value), "done")
			}})
		}
	}
	return questions
}

// TestTheDeskMakesAndChangesProfiles: with everything in them, on record without a
// value of them, and shown to nobody who must not see it.
func TestTheDeskMakesAndChangesProfiles(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk, doctor := c.as(staffNorth), c.as(doctorNorth)
		made := desk.admit(vars{
			"unitId": c.north, "birthDate": "1961-07-04", "email": "patient@example.org", "phone": "+49302312599",
			"address": "Long Street 1\n12345 Town", "documentNumber": "AB 1234-567/8",
		}).ok()
		id := made.text("createCustomer.customer.id")
		const all = `query($id: ID!) { customer(id: $id) { givenName { firstName } surname { surname } unit { name } sex { id } birthDate email phone address documentNumber
			account { id } pointsAccount { balance } version } }`
		desk.do(all, vars{"id": id}).ok().want("customer", `{"account":null,"address":"Long Street 1\n12345 Town","birthDate":"1961-07-04","documentNumber":"AB 1234-567/8","email":"patient@example.org","givenName":{"firstName":"New"},"phone":"+49302312599","pointsAccount":{"balance":0},"sex":null,"surname":{"surname":"Patient"},"unit":{"name":"North"},"version":`+
			fmt.Sprint(made.at("createCustomer.customer.version"))+`}`)

		changed := desk.amend(id, vars{"givenName": "Renamed", "phone": nil, "email": "other@example.org", "documentNumber": nil, "unitId": c.south, "birthDate": "1962-07-04"}).ok()
		desk.do(all, vars{"id": id}).ok().want("customer.phone", "null").want("customer.email", `"other@example.org"`).want("customer.documentNumber", "null").
			want("customer.unit.name", `"South"`).want("customer.birthDate", `"1962-07-04"`).want("customer.givenName.firstName", `"Renamed"`).want("customer.surname.surname", `"Patient"`).
			want("customer.address", `"Long Street 1\n12345 Town"`)
		if changed.text("updateCustomer.customer.number") != made.text("createCustomer.customer.number") {
			t.Error("the number has changed")
		}

		log := c.as(manager).do(`query($id: ID!) { operationLogs(where: {entityType: "Customer", entityId: $id}) { edges { node { actor operation } } } }`, vars{"id": id}).ok()
		if n := len(log.list("operationLogs.edges")); n < 2 {
			t.Errorf("%d entries on record: %s", n, log.body)
		}
		var kept string
		if err := c.app.Store.DB.Read.QueryRow(`SELECT COALESCE(CAST(MAX(CAST(new_values AS TEXT)) AS TEXT), '') FROM operation_logs WHERE entity_id = '` + id + `'`).Scan(&kept); err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{"1961-07-04", "1962-07-04", "example.org", "2312599", "Long Street", "1234-567"} {
			if strings.Contains(kept, value) {
				t.Errorf("%s is in the log: %s", value, kept)
			}
		}

		// A doctor writes about the own patients, and makes none.
		doctor.amend(c.profiles[customerA], vars{"notes": "Seen."}).refused("NOT_FOUND")
		withDiary(t, c)
		doctor.amend(c.profiles[customerA], vars{"notes": "Seen.\nTwice.", "phone": "+49302312501"}).ok()
		doctor.do(`query($id: ID!) { customer(id: $id) { notes phone } }`, vars{"id": c.profiles[customerA]}).ok().want("customer", `{"notes":"Seen.\nTwice.","phone":"+49302312501"}`)
		doctor.amend(c.profiles[customerB], vars{"notes": "Seen."}).refused("NOT_FOUND")
		doctor.admit().refused("FORBIDDEN")
	})
}

// TestNobodyWritesWhatTheyMayNotRead: each sensitive field asks for the permission
// that reads it, at the door and as far as that reaches.
func TestNobodyWritesWhatTheyMayNotRead(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		withDiary(t, c)
		boss, desk, profile := c.as(admin), c.as(staffNorth), c.profiles[customerA]
		for permission, fields := range map[string][]vars{
			"customer:read_personal": {{"birthDate": "1990-05-17"}, {"email": nil}, {"phone": "+49302312500"}, {"address": "Street"}},
			"customer:read_document": {{"documentNumber": "AB 1234"}, {"documentNumber": nil}},
		} {
			boss.grant(staffNorth, permission, false).ok()
			for _, field := range fields {
				desk.amend(profile, field).refused("FORBIDDEN")
				desk.admit(field, vars{"unitId": c.north}).refused("FORBIDDEN")
			}
			desk.amend(profile, vars{"surname": "Patient"}).ok()
			boss.ungrant(staffNorth, permission).ok()
			desk.amend(profile, fields[0]).ok()
		}
		desk.amend(profile, vars{"notes": "x"}).refused("FORBIDDEN")
		c.as(manager).amend(profile, vars{"notes": nil}).refused("FORBIDDEN")
		boss.grant(staffNorth, "customer:update_notes", true).ok()
		desk.amend(profile, vars{"notes": "x"}).refused("FORBIDDEN") // may write, and not read
		boss.do(`query($id: ID!) { customer(id: $id) { notes } }`, vars{"id": profile}).ok().want("customer.notes", `"Notes about customer.a"`)

		// Somebody who sees all customers and writes about those of the own unit.
		south := c.profiles[customerB]
		desk.amend(south, vars{"phone": "+49302312502"}).ok()
		narrow := boss.createRole("narrow desk", may("unit:read", "ANY"), may("customer:read", "ANY"), may("customer:create", "UNIT"), may("customer:update", "UNIT"), may("customer:read_personal", "UNIT")).ok().text("createRole.role.id")
		boss.revoke(staffNorth, c.roles["staff"]).ok()
		boss.assign(staffNorth, narrow).ok()
		desk.amend(south, vars{"surname": "Patient"}).refused("FORBIDDEN")
		desk.amend(profile, vars{"phone": "+49302312500"}).ok()
		desk.amend(profile, vars{"unitId": c.south}).refused("FORBIDDEN")
		desk.amend(profile, vars{"unitId": nil}).refused("FORBIDDEN")
		desk.admit().refused("FORBIDDEN")
		desk.admit(vars{"unitId": c.south}).refused("FORBIDDEN")
		desk.admit(vars{"unitId": c.north, "phone": "+49302312500"}).ok()

		// The owner of a profile does not change what the clinic keeps.
		c.as(customerA).amend(profile, vars{"phone": "+49302312500"}).refused("FORBIDDEN")
		c.as(customerA).admit().refused("FORBIDDEN")
		c.anyone().admit().refused("UNAUTHENTICATED")
	})
}

// TestAProfileTakesNoValueThatIsNone: at each limit and one past it, by the name of
// the field.
func TestAProfileTakesNoValueThatIsNone(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		id := boss.admit(vars{"unitId": c.north}).ok().text("createCustomer.customer.id")
		today, tomorrow := opening.Format("2006-01-02"), opening.AddDate(0, 0, 1).Format("2006-01-02")
		for field, values := range map[string]struct{ good, bad []any }{
			"givenName":      {[]any{"A"}, []any{nil, "", " "}},
			"surname":        {[]any{"A"}, []any{nil, ""}},
			"birthDate":      {[]any{"1900-01-01", today}, []any{"1899-12-31", tomorrow, "2001-02-29", ""}},
			"email":          {[]any{"a@example.org"}, []any{"a", ""}},
			"phone":          {[]any{"+4930231"}, []any{"030231", ""}},
			"address":        {[]any{strings.Repeat("ä", 500), "a\n\tb"}, []any{strings.Repeat("ä", 501), "", " \n", "a\u0000b"}},
			"notes":          {[]any{strings.Repeat("ä", 10_000)}, []any{strings.Repeat("ä", 10_001), "", "\u0007"}},
			"documentNumber": {[]any{"AB12", strings.Repeat("1", 40)}, []any{"AB1", strings.Repeat("1", 41), "AB\n12"}},
		} {
			for _, good := range values.good {
				boss.amend(id, vars{field: good}).ok()
			}
			for _, bad := range values.bad {
				boss.amend(id, vars{field: bad}).refused("BAD_USER_INPUT").about("input." + field)
				if bad != nil {
					boss.admit(vars{field: bad}).refused("BAD_USER_INPUT").about("input." + field)
				}
			}
		}
		boss.amend(id, vars{"unitId": missing(ent.TypeOrganizationalUnit)}).refused("NOT_FOUND")
		boss.amend(id, vars{"sexId": missing(ent.TypeSex)}).refused("NOT_FOUND")
		boss.amend(missing(ent.TypeCustomer), vars{"surname": "A"}).refused("NOT_FOUND")
		c.arrange(func(client *ent.Client) error {
			return client.Customer.UpdateOneID(uuid.MustParse(id)).SetAnonymizedAt(opening).Exec(c.system())
		})
		boss.amend(id, vars{"surname": "A"}).refused("CONFLICT")
	})
}

// TestOfTwoChangesOfAProfileOneIsTold: of many at once who have read the same
// version one is carried out.
func TestOfTwoChangesOfAProfileOneIsTold(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk := c.as(staffNorth)
		made := desk.admit(vars{"unitId": c.north}).ok()
		id, read := made.text("createCustomer.customer.id"), vars{"expectedVersion": made.at("createCustomer.customer.version")}
		codes := make([]string, 4)
		var all sync.WaitGroup
		for i := range codes {
			all.Go(func() {
				codes[i] = desk.amend(id, read, vars{"phone": "+493023125" + string(rune('0'+i)) + "0"}).code()
			})
		}
		all.Wait()
		slices.Sort(codes)
		if want := []string{"", "CONFLICT", "CONFLICT", "CONFLICT"}; !slices.Equal(codes, want) {
			t.Errorf("%v", codes)
		}
		desk.amend(id, read, vars{"phone": nil}).refused("CONFLICT")
	})
}

// TestAProgramOfTheDeskMakesProfiles: with a token that says so, and nobody does it
// in somebody else's name.
func TestAProgramOfTheDeskMakesProfiles(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		desk := c.as(staffNorth)
		program := c.program(desk.apiToken("the import", "customer:create", "customer:update", "customer:read", "customer:read_personal", "unit:read"))
		id := program.admit(vars{"unitId": c.north, "phone": "+49302312500"}).ok().text("createCustomer.customer.id")
		program.amend(id, vars{"phone": nil}).ok()
		program.amend(id, vars{"documentNumber": "AB 1234"}).refused("FORBIDDEN")
		acting := c.signIn(admin, password).actingFor(staffNorth)
		acting.admit(vars{"unitId": c.north}).refused("FORBIDDEN")
		acting.amend(c.profiles[customerA], vars{"surname": "Patient"}).refused("FORBIDDEN")
	})
}
