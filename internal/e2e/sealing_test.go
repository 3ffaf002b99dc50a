package e2e

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"clinicgraph/ent"
)

const loggedOf = `query logged($type: String!) { operationLogs(first: 100, where: {entityType: $type, action: "CREATE"}) { edges { node { id entityId newValues oldValues } } } }`

// logged gives the new values of what was made, by the object.
func (cl *client) logged(entity string) map[string]map[string]any {
	cl.c.t.Helper()
	a, all := cl.do(loggedOf, vars{"type": entity}).ok(), map[string]map[string]any{}
	for i := range a.list("operationLogs.edges") {
		n := fmt.Sprintf("operationLogs.edges.%d.node.", i)
		all[a.text(n+"entityId")], _ = a.at(n + "newValues").(map[string]any)
	}
	return all
}

// visitOf is the appointment of a booking.
func (c *clinic) visitOf(booking string) string {
	c.t.Helper()
	return c.as(admin).do(`query($id: ID!) { booking(id: $id) { appointments { id } } }`, vars{"id": booking}).ok().text("booking.appointments.0.id")
}

// tamper runs statements on the database with the triggers of a table out of the way.
func (c *clinic) tamper(table string, statements ...string) {
	c.t.Helper()
	off := []string{"ALTER TABLE " + table + " DISABLE TRIGGER ALL"}
	if !c.app.Store.DB.LocksRows() {
		off = nil
		for _, name := range c.texts(`SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '` + table + `'`) {
			off = append(off, "DROP TRIGGER "+name)
		}
	}
	for _, statement := range append(off, statements...) {
		if _, err := c.app.Store.DB.Write.Exec(statement); err != nil {
			c.t.Fatal(err)
		}
	}
}

// texts reads one column.
func (c *clinic) texts(query string) (all []string) {
	c.t.Helper()
	rows, err := c.app.Store.DB.Read.Query(query)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var text sql.NullString
		if err := rows.Scan(&text); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, text.String)
	}
	return all
}

// sealedAll seals what waits, and says what is wrong with the record.
func (c *clinic) sealedAll() string {
	c.t.Helper()
	for n := 1; n > 0; {
		var err error
		if n, err = c.app.Sealer.Seal(c.t.Context()); err != nil {
			c.t.Fatal(err)
		}
	}
	last := c.as(admin).verifyChain(nil, nil).ok().number("auditChain.head.seq")
	problem, _ := c.as(admin).verifyChain(1, last).ok().look("auditChain.check.problem.kind").(string)
	return problem
}

// TestThePersonalValuesOfTheRecordAreForWhoReadsThemOnTheObject, on every way to
// them, and each who does is on record. The database has none of them in the clear.
func TestThePersonalValuesOfTheRecordAreForWhoReadsThemOnTheObject(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		near, far := c.visitOf(d.near.booking), c.visitOf(d.far.booking)
		const secret = "Secret of " + customerA
		span := vars{"type": ent.TypeAppointment, "id": near, "from": at(0, 0).AddDate(0, 0, -2), "to": at(23, 0)}
		ways := map[string]struct {
			path, operation string
			ask             func(cl *client) *answer
		}{
			"asOf":     {"asOf.values.notes", "asOf", func(cl *client) *answer { return cl.do(asOf, span) }},
			"changes":  {"changes.after.notes", "changes", func(cl *client) *answer { return cl.do(changesOf, span) }},
			"timeline": {"timeline.edges.0.node.newValues.notes", "timeline", func(cl *client) *answer { return cl.timeline(ent.TypeAppointment, near, vars{"last": 1}) }},
			"list": {"operationLogs.edges.0.node.newValues.notes", "operationLogs", func(cl *client) *answer {
				return cl.do(`query($id: ID!) { operationLogs(where: {entityId: $id, action: "CREATE"}) { edges { node { newValues } } } }`, vars{"id": near})
			}},
		}
		for name, way := range ways {
			var a *answer
			c.recorded(func() { a = way.ask(c.as(admin)).ok() }, admin+" | of "+customerA+" | Appointment.notes | - | "+way.operation)
			a.want(way.path, `"`+secret+`"`)
			c.recorded(func() { a = way.ask(c.as(manager)).ok() })
			a.want(way.path, `"[personal]"`)
			if strings.Contains(string(a.body), secret) || strings.Contains(string(a.body), "sealed:") {
				t.Errorf("%s: %s", name, a.body)
			}
		}

		// The permission of the field counts, and reaches as far as it says.
		c.as(admin).grant(staffNorth, "operation_log:read", true, vars{"scope": "ANY"}).ok()
		c.as(admin).grant(staffNorth, "appointment:read", true, vars{"scope": "ANY"}).ok()
		desk := c.as(staffNorth)
		if all := desk.logged(ent.TypeAppointment); all[near]["notes"] != "[personal]" || all[far]["notes"] != "[personal]" {
			t.Errorf("without the permission: %v, %v", all[near]["notes"], all[far]["notes"])
		}
		c.as(admin).grant(staffNorth, "appointment:read_notes", true, vars{"scope": "UNIT"}).ok()
		c.recorded(func() {
			if all := desk.logged(ent.TypeAppointment); all[near]["notes"] != secret || all[far]["notes"] != "[personal]" {
				t.Errorf("with it in the own unit: %v, %v", all[near]["notes"], all[far]["notes"])
			}
		}, staffNorth+" | of "+customerA+" | Appointment.notes | - | logged", staffNorth+" | of  | Appointment.notes | - | logged")
		if all := c.as(admin).logged(ent.TypeCustomer); all[d.near.profile]["given_name_id"] == "[personal]" || all[d.near.profile]["phone"] == "[personal]" {
			t.Errorf("an administrator does not see %v", all[d.near.profile])
		}
		if all := c.as(admin).logged(ent.TypeAppointment); all[d.gone[ent.TypeAppointment]]["notes"] != nil && all[d.gone[ent.TypeAppointment]]["notes"] != "[personal]" {
			t.Errorf("of what is deleted: %v", all[d.gone[ent.TypeAppointment]]["notes"])
		}

		// A page is one statement for the keys and one for the rows of a permission.
		for table, most := range map[string]int{"data_keys": 1, "appointments": 1} {
			if heard := c.statements(table, func() { c.as(admin).logged(ent.TypeAppointment) }); len(heard) != most {
				t.Errorf("%s: %d statements: %v", table, len(heard), heard)
			}
		}
		for _, text := range c.texts(`SELECT COALESCE(CAST(old_values AS text), '') || COALESCE(CAST(new_values AS text), '') FROM operation_logs`) {
			for _, canary := range []string{"Secret of", "@example.org"} {
				if strings.Contains(text, canary) {
					t.Errorf("the log holds %.200s", text)
				}
			}
		}
		if problem := c.sealedAll(); problem != "" {
			t.Errorf("the record: %s", problem)
		}
	})
}

// TestASealedValueThatIsMovedIsNotRead: to another entry, to another column and from
// before to after, and the chain names the entry.
func TestASealedValueThatIsMovedIsNotRead(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.broken = true
		d := withDiary(t, c)
		near, far := c.visitOf(d.near.booking), c.visitOf(d.far.booking)
		if problem := c.sealedAll(); problem != "" {
			t.Fatal(problem)
		}
		entry := func(id string) string {
			return ` WHERE action = 'CREATE' AND entity_id = '` + id + `'`
		}
		c.tamper("operation_logs", `UPDATE operation_logs SET new_values = (SELECT new_values FROM operation_logs`+entry(near)+`)`+entry(far))
		if all := c.as(admin).logged(ent.TypeAppointment); all[far]["notes"] != "[unreadable]" || all[near]["notes"] == "[unreadable]" {
			t.Errorf("a value of another entry reads %v", all[far]["notes"])
		}
		c.tamper("operation_logs", `UPDATE operation_logs SET old_values = new_values`+entry(near))
		c.as(admin).do(`query($id: ID!) { operationLogs(where: {entityId: $id, action: "CREATE"}) { edges { node { oldValues } } } }`, vars{"id": near}).ok().
			want("operationLogs.edges.0.node.oldValues.notes", `"[unreadable]"`)
		if problem := c.sealedAll(); problem != "ROW_CHANGED" {
			t.Errorf("the chain says %q", problem)
		}
	})
}
