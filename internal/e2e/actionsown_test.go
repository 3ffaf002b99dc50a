package e2e

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
)

// TestAProfileSaysWhatCanBeDoneWithItInEveryState: of all that may, and may not yet, be
// changed and erased.
func TestAProfileSaysWhatCanBeDoneWithItInEveryState(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		callers := append(c.tries(), doctorNorth)
		c.as(admin).grant(manager, "customer:erase", true, vars{"scope": "UNIT"}).ok() // who has no unit
		c.as(admin).grant(staffSouth, "customer:erase", true, vars{"scope": "UNIT"}).ok()
		c.as(admin).grant(staffSouth, "customer:update", false).ok()
		found := map[string]int{}
		try := func(login, state string, id func() string, set func(*ent.CustomerUpdateOne)) {
			me := c.as(login)
			for mutation, do := range map[string]func(id string) *answer{
				"updateCustomer": func(id string) *answer { return me.amend(id, vars{"surname": "Patient"}) },
				"eraseCustomer": func(id string) *answer {
					return me.do(`mutation($id: ID!) { eraseCustomer(input: {id: $id, reason: "asked for it"}) { __typename } }`, vars{"id": id})
				},
			} {
				whose := id()
				c.arrange(func(client *ent.Client) error {
					update := client.Customer.UpdateOneID(uuid.MustParse(whose))
					set(update)
					return update.Exec(c.system())
				})
				found[me.try(login+" "+state, "Customer", whose, mutation, func() *answer { return do(whose) })]++
			}
		}
		fresh := func() string { // of the south, without a booking, and of nobody's account
			return c.as(admin).admit(vars{"unitId": c.south}).ok().text("createCustomer.customer.id")
		}
		later := opening.AddDate(1, 0, 0)
		for _, login := range callers {
			for state, set := range map[string]func(*ent.CustomerUpdateOne){
				"kept by nothing": func(u *ent.CustomerUpdateOne) { u.SetRetentionUntil(opening) },
				"to be kept":      func(u *ent.CustomerUpdateOne) { u.SetRetentionUntil(later) },
				"on hold":         func(u *ent.CustomerUpdateOne) { u.SetRetentionUntil(opening).SetLegalHold(true) },
				"erased":          func(u *ent.CustomerUpdateOne) { u.SetRetentionUntil(opening).SetAnonymizedAt(opening) },
			} {
				try(login, state, fresh, set)
			}
			for _, v := range []visit{d.near, d.far} { // with a booking: the doctor's, and the owner's
				try(login, "with a booking", func() string { return v.profile }, func(u *ent.CustomerUpdateOne) { u.SetRetentionUntil(later) })
			}
		}
		for _, said := range []string{"yes", "unseen", "no CONFLICT STATE", "no FORBIDDEN PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
		// Who is a doctor, and works at the desk, sees all and changes their own: that is
		// asked for a page in one statement.
		role := c.as(admin).createRole("sees all", may("customer:read", "ANY")).ok().text("createRole.role.id")
		c.as(admin).assign(doctorNext, role).ok()
		me := c.as(doctorNext)
		ask := func(actions string) int {
			return len(c.statements("customers", func() { me.do(`{ customers(first: 100) { edges { node { id ` + actions + ` } } } }`).ok() }))
		}
		ask("") // who they are is read once
		if plain, told := ask(""), ask("allowedActions { name allowed }"); told != plain+1 {
			t.Errorf("%d statements about customers, with actions %d", plain, told)
		}
	})
}

// TestAnAuthenticatorAndANotificationSayWhatTheOwnerMayDo, and that others may not.
func TestAnAuthenticatorAndANotificationSayWhatTheOwnerMayDo(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d, found := withDiary(t, c), map[string]int{}
		for _, login := range []string{customerA, customerB, staffNorth, manager, admin} {
			me := c.as(login)
			for _, owner := range []string{customerA, doctorNorth} {
				id := d.object(ent.TypeAuthenticator, d.near, owner)
				for mutation, document := range map[string]string{
					"renameAuthenticator": `mutation($id: ID!) { renameAuthenticator(input: {id: $id, name: "A name"}) { authenticator { id } } }`,
					"removeAuthenticator": `mutation($id: ID!) { removeAuthenticator(input: {id: $id}) { removed } }`,
				} {
					if mutation == "removeAuthenticator" && login == owner {
						continue // it is asked about again
					}
					found[me.try(fmt.Sprint(login, " of ", owner), "Authenticator", id, mutation, func() *answer { return me.do(document, vars{"id": id}) })]++
				}
				note := d.object(ent.TypeNotification, d.near, owner)
				found[me.try(login, "Notification", note, "markNotificationRead", func() *answer {
					return me.do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { notification { readAt } } }`, vars{"id": note})
				})]++
			}
		}
		own := c.as(customerA)
		id := d.object(ent.TypeAuthenticator, d.near, customerA)
		if told := own.actionsOf("Authenticator", id)["confirmTotp"]; told != "yes" {
			t.Errorf("an app that waits for its code: %s", told)
		}
		if told := c.as(admin).actionsOf("Authenticator", id)["confirmTotp"]; told != "no NOT_FOUND PERMISSION" {
			t.Errorf("somebody else's: %s", told)
		}
		c.arrange(func(client *ent.Client) error {
			return client.Authenticator.UpdateOneID(uuid.MustParse(id)).SetConfirmedAt(opening).Exec(c.system())
		})
		if told := own.actionsOf("Authenticator", id)["confirmTotp"]; told != "no NOT_FOUND STATE" {
			t.Errorf("one that is confirmed: %s", told)
		}
		for _, said := range []string{"yes", "unseen", "no NOT_FOUND PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
	})
}
