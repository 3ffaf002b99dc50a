package e2e

import (
	"strings"
	"testing"
)

const notesOf = `query notes($a: ID!, $c: ID!) { appointment: node(id: $a) { ... on Appointment { notes } } customer: node(id: $c) { ... on Customer { notes } } }`

// TestNotesAreSealedInTheDatabase, and are read as before by who may read them; those
// from before are read as they are, and sealed by the next start.
func TestNotesAreSealedInTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		visit, profile := c.visitOf(d.near.booking), d.near.profile
		both := vars{"a": visit, "c": profile}
		reads := func(c *clinic) {
			t.Helper()
			c.as(doctorNorth).do(notesOf, both).ok().want("appointment.notes", `"Secret of customer.a"`).want("customer.notes", `"Notes about customer.a"`)
		}
		reads(c)
		inTheClear := func() (places []string) {
			for _, table := range c.tables() {
				for _, row := range c.texts(c.rowsAsText(table)) {
					if strings.Contains(row, "Secret of ") || strings.Contains(row, "Notes about ") {
						places = append(places, table)
					}
				}
			}
			return places
		}
		if places := inTheClear(); len(places) > 0 {
			t.Errorf("in the clear in %v", places)
		}
		if heard := c.statements("data_keys", func() {
			c.as(admin).do(`{ customers { edges { node { notes appointments { edges { node { notes } } } } } } }`).ok()
		}); len(heard) > 2 {
			t.Errorf("a page reads keys %d times", len(heard))
		}

		c.exec(`UPDATE appointments SET notes = 'Secret of customer.a' WHERE id = '` + visit + `'`)
		c.exec(`UPDATE customers SET notes = 'Notes about customer.a' WHERE id = '` + profile + `'`)
		reads(c)
		reads(c.withSecret(c.secret)) // another start
		if places := inTheClear(); len(places) > 0 {
			t.Errorf("after a start in the clear in %v", places)
		}
		again := c.withSecret(freshSecret(), c.secret)
		again.as(admin)
		reads(again)
		if problem := c.sealedAll(); problem != "" {
			t.Errorf("the record: %s", problem)
		}
	})
}

// TestNotesThatAreMovedAreNotRead: not of another visit of the same patient either.
func TestNotesThatAreMovedAreNotRead(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.broken = true
		d := withDiary(t, c)
		visit := c.visitOf(d.near.booking)
		for _, from := range []string{`(SELECT notes FROM appointments WHERE id = '` + c.visitOf(d.far.booking) + `')`, `(SELECT notes FROM customers WHERE id = '` + d.near.profile + `')`} {
			c.exec(`UPDATE appointments SET notes = ` + from + ` WHERE id = '` + visit + `'`)
			a := c.as(admin).do(notesOf, vars{"a": visit, "c": d.near.profile}).refused("INTERNAL")
			if strings.Contains(string(a.body), "Secret of") {
				t.Errorf("%s", a.body)
			}
		}
	})
}
