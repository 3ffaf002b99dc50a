package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/archive"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/customers"
)

const erasedFields = `id number birthDate email phone address notes documentNumber anonymizedAt
	givenName { firstName } surname { surname } sex { id } account { id }`

// erase asks for the erasure of a customer.
func (cl *client) erase(id string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation($in: EraseCustomerInput!) { eraseCustomer(input: $in) { customer { `+erasedFields+` } } }`,
		input(vars{"id": id, "reason": "asked on the telephone"}, more))
}

// patient is somebody of whom everything that the clinic may know has a canary in it.
func (c *clinic) patient() string {
	c.t.Helper()
	birth, email, phone := "1971-03-04", "canary-mail@example.net", "+15550canary"
	address, notes, document := "7 Canary-Street", "canary-notes of the clinic", "CANARY 4711"
	account := uuid.MustParse(c.users[customerA])
	made, err := c.app.Seed.Customers.Create(c.system(), customers.Profile{
		Account: &account, GivenName: "Canarygiven", Surname: "Canaryname",
		BirthDate: &birth, Email: &email, Phone: &phone, Address: &address, Notes: &notes, Document: &document,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return made.ID.String()
}

// canaries says where in the database one is, in whatever case. Of SQLite the bytes of
// the files are looked at, so also what is free in them.
func (c *clinic) canaries() (places []string) {
	c.t.Helper()
	for _, table := range c.tables() {
		for _, row := range c.texts(c.rowsAsText(table)) {
			if strings.Contains(strings.ToLower(row), "canary") {
				places = append(places, fmt.Sprintf("%s: %.300s", table, row))
			}
		}
	}
	if c.dialect == dialect.SQLite {
		for _, file := range c.texts(`SELECT file FROM pragma_database_list WHERE name = 'main'`) {
			for _, path := range []string{file, file + "-wal"} {
				if text, err := os.ReadFile(path); err == nil && bytes.Contains(bytes.ToLower(text), []byte("canary")) {
					places = append(places, "the bytes of "+filepath.Base(path))
				}
			}
		}
	}
	return places
}

// exec changes the database behind the server's back.
func (c *clinic) exec(statement string) {
	c.t.Helper()
	if _, err := c.app.Store.DB.Write.Exec(statement); err != nil {
		c.t.Fatal(err)
	}
}

// rowsAsText selects each row of a table as one text.
func (c *clinic) rowsAsText(table string) string {
	if c.dialect == dialect.Postgres {
		return `SELECT t::text FROM "` + table + `" t`
	}
	columns := c.texts(`SELECT name FROM pragma_table_info('` + table + `')`)
	for i, name := range columns {
		columns[i] = `COALESCE(CAST("` + name + `" AS text), '')`
	}
	return `SELECT ` + strings.Join(columns, ` || ' ' || `) + ` FROM "` + table + `"`
}

// TestAnErasedCustomerIsNowhere: not in their rows, not in the files, and not in the
// record, of which every entry is still there and in the chain.
func TestAnErasedCustomerIsNowhere(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		id := c.patient()
		desk := c.as(staffNorth)
		booked := desk.book(c.consultation, c.practitioners[doctorNorth], at(9, 0), vars{"customerId": id, "idempotencyKey": "erase", "notes": "canary-notes of the visit"}).ok()
		booking, order := booked.text("bookAppointment.booking.id"), booked.text("bookAppointment.order.id")
		visit := c.visitOf(booking)
		boss := c.as(admin)
		for _, who := range []string{staffNorth, manager, customerA, doctorNorth} {
			c.as(who).erase(id).refused("FORBIDDEN")
		}
		c.anyone().erase(id).refused("UNAUTHENTICATED")
		boss.erase(missing(ent.TypeCustomer)).refused("NOT_FOUND")
		boss.grant(staffNorth, "customer:erase", true, vars{"scope": "UNIT"}).ok()
		desk.erase(id).refused("FORBIDDEN") // whom they see, and who is not of their unit
		boss.erase(booking).refused("NOT_FOUND")
		for _, reason := range []string{"", "no", strings.Repeat("é", 501), "a\nb"} {
			boss.erase(id, vars{"reason": reason}).refused("BAD_USER_INPUT").about("input.reason")
		}
		boss.erase(id).refused("CONFLICT") // a visit is to come
		desk.cancel(booking, vars{"reason": "canary-reason of the patient"}).ok()
		if problem := c.sealedAll(); problem != "" {
			t.Fatal(problem)
		}
		if boss.logged(ent.TypeCustomer)[id]["phone"] != "+15550canary" || boss.logged(ent.TypeAppointment)[visit]["notes"] != "canary-notes of the visit" {
			t.Fatal("the history is not there")
		}
		for column, value := range map[string]string{"legal_hold": "TRUE", "retention_until": "'2031-01-01 00:00:00+00:00'"} {
			c.exec(`UPDATE customers SET ` + column + ` = ` + value + ` WHERE id = '` + id + `'`)
			boss.erase(id).refused("CONFLICT")
			c.exec(`UPDATE customers SET legal_hold = FALSE, retention_until = NULL WHERE id = '` + id + `'`)
		}
		c.clock.move(6 * time.Minute)
		boss.erase(id).refused("STEP_UP_REQUIRED")
		c.advance(0) // everybody signs in anew

		boss = c.as(admin)
		gone := boss.erase(id).ok().want("eraseCustomer.customer.anonymizedAt", `"2030-01-07T08:06:00Z"`)
		for _, field := range []string{"birthDate", "email", "phone", "address", "notes", "documentNumber", "givenName", "surname", "sex", "account"} {
			gone.want("eraseCustomer.customer."+field, "null")
		}
		if places := c.canaries(); len(places) > 0 {
			t.Errorf("they are still in %q", places)
		}
		if n := c.count(`SELECT count(*) FROM appointments WHERE notes IS NOT NULL AND customer_id = $1`, id); n != 0 {
			t.Errorf("%d visits still have notes", n)
		}
		for entity, columns := range map[string]map[string][]string{
			ent.TypeCustomer:    {id: {"phone", "email", "address", "birth_date", "notes", "given_name_id", "surname_id", "account_id"}},
			ent.TypeAppointment: {visit: {"notes"}},
		} {
			for of, names := range columns {
				for _, name := range names {
					if got := boss.logged(entity)[of][name]; got != "[erased]" {
						t.Errorf("the record says of %s.%s %v", entity, name, got)
					}
				}
			}
		}
		c.recorded(func() {
			boss.do(asOf, vars{"type": ent.TypeCustomer, "id": id, "from": at(0, 0).AddDate(0, 0, -2), "to": c.clock.now().Add(-time.Minute)}).ok().
				want("asOf.values.phone", `"[erased]"`).want("asOf.complete", "true")
		})
		if got := boss.logged(ent.TypeCustomer)[c.profiles[customerB]]["phone"]; got != "+49302312500" {
			t.Errorf("of somebody else the record says %v", got)
		}
		if problem := c.sealedAll(); problem != "" {
			t.Errorf("the record: %s", problem)
		}

		// What must be kept is there, and nothing is done with who is gone.
		boss.do(`query($b: ID!, $o: ID!) { booking(id: $b) { status cancelReason customer { id } } order(id: $o) { status customer { id } } }`, vars{"b": booking, "o": order}).ok().
			want("booking", `{"cancelReason":null,"customer":{"id":"`+id+`"},"status":"CANCELLED"}`).want("order.customer.id", `"`+id+`"`)
		boss.erase(id).refused("CONFLICT")
		c.as(staffNorth).book(c.consultation, c.practitioners[doctorNorth], at(10, 0), vars{"customerId": id, "idempotencyKey": "again"}).refused("CONFLICT")
		c.as(customerA).do(`query($id: ID!) { customer(id: $id) { id } }`, vars{"id": id}).refused("NOT_FOUND")
		for event, want := range map[string]int{"CUSTOMER_ERASE": 1, "CUSTOMER_ERASE_ERROR": 11} {
			if n := c.count(`SELECT count(*) FROM audit_logs WHERE event = '` + event + `'`); n != want {
				t.Errorf("%d events %s", n, event)
			}
		}
		boss.do(`{ auditLogs(where: {event: "CUSTOMER_ERASE"}) { edges { node { actor subjectId success permissionChecked decision details } } } }`).ok().
			want("auditLogs.edges.0.node", `{"actor":"`+admin+`","decision":"ALLOW","details":"asked on the telephone","permissionChecked":"customer:erase","subjectId":"`+id+`","success":true}`)
	})
}

// TestAnArchiveOutlivesAPerson: a file of the record holds what was sealed, verifies
// after an erasure as before, and nobody reads the person in it.
func TestAnArchiveOutlivesAPerson(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			c := open(t, d)
			id := c.patient()
			c.as(admin).erase(id).ok()
			if problem := c.sealedAll(); problem != "" {
				t.Fatal(problem)
			}
			c.advance(32 * 24 * time.Hour)
			dir := t.TempDir()
			a := &archive.Archive{DB: c.app.Store.DB, Keys: c.app.Sealer.Keys, Dir: dir, Now: c.clock.now}
			done, err := a.Before(t.Context(), archive.Month(c.clock.now()))
			if err != nil || len(done) != 1 {
				t.Fatalf("%d archives, %v", len(done), err)
			}
			entries, erasedValues := 0, 0
			files, err := filepath.Glob(filepath.Join(dir, "*.jsonl.gz"))
			if err != nil || len(files) == 0 {
				t.Fatal(files, err)
			}
			if _, err := archive.Verify(files[0], c.app.Sealer.Keys.Public(), c.app.Sealer.Keys, func(s *chain.Sealed) error {
				entries++
				text := fmt.Sprintf("%s", s.Row)
				if strings.Contains(strings.ToLower(text), "canary") {
					t.Errorf("the archive holds %s", text)
				}
				if strings.Contains(text, id) && strings.Contains(text, "sealed:") {
					erasedValues++
				}
				return nil
			}); err != nil {
				t.Errorf("it does not verify: %v", err)
			}
			if entries < 100 || erasedValues == 0 {
				t.Errorf("%d entries, %d of the patient with sealed values", entries, erasedValues)
			}
		})
	}
}
