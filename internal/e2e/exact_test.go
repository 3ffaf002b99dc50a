package e2e

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// unchanging are the mutations that write nothing that is on record.
var unchanging = map[string]string{
	"beginPasskeySignIn": "what is to be signed is sealed and handed out, and kept nowhere",
}

// TestEachChangeIsOnRecordExactlyOnce: of every mutation of the graph, as customer,
// front desk and administrator, each row that it writes has one entry, with who did it,
// for whom, by which request and which columns; and what is refused changes nothing.
func TestEachChangeIsOnRecordExactlyOnce(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		n := c.exactly()
		d := withDiary(t, c)
		questions := slices.Concat(d.reviewVerbs(), d.businessVerbs(), d.accessVerbs(), d.accountVerbs(), d.sessionVerbs(), d.factorVerbs())
		for _, who := range []caller{
			{"customer", customerA, customerA, customerB, d.as(customerA)},
			{"staff", staffNorth, staffNorth, staffSouth, d.as(staffNorth)},
			{"admin", admin, customerA, customerB, d.as(admin)},
		} {
			for _, q := range questions {
				if schema.Mutation.Fields.ForName(q.field) != nil {
					q.ask(who)
				}
			}
		}
		c.advance(time.Hour) // whoever was held back may try again
		c.factorStory(c.signIn(customerB, password))
		c.letterStory()
		d.deskStory()
		for _, f := range schema.Mutation.Fields {
			if n.changed[f.Name] == 0 && unchanging[f.Name] == "" {
				t.Errorf("%s: no story in which it goes through and changes something", f.Name)
			}
		}
	})
}

// factorStory has the client take and use second factors of each kind.
func (c *clinic) factorStory(me *client) {
	p := me.phoneOf()
	me.do(`mutation rename($id: ID!) { renameAuthenticator(input: {id: $id, name: "Phone"}) { authenticator { id } } }`, vars{"id": p.id}).ok()
	c.anyone().complete(c.ticket(customerB), vars{"code": p.code()}).ok()
	d := newDevice(c.t)
	d.origin, d.rpID = publicURL, strings.TrimPrefix(publicURL, "https://")
	me.finishPasskey(d.create(me.beginPasskey())).ok()
	c.anyone().passkey(d.get(c.anyone().ask())).ok()
	c.clock.move(time.Minute)
	me = me.proven(vars{"code": p.code()})
	for _, code := range me.do(`mutation { regenerateRecoveryCodes { recoveryCodes } }`).ok().list("regenerateRecoveryCodes.recoveryCodes") {
		c.keep(code.(string))
	}
	me.do(`mutation remove($id: ID!) { removeAuthenticator(input: {id: $id}) { removed } }`, vars{"id": p.id}).ok()
}

// letterStory has people follow the links of letters, and change their passwords.
func (c *clinic) letterStory() {
	c.mailed()
	c.invited()
	c.anyone().resetPassword(c.invitation(), newPassword).ok()
	desk := c.signIn("new.desk", newPassword)
	c.mailed()
	desk.changeEmail("desk@example.net", vars{"currentPassword": newPassword}).ok()
	c.anyone().verifyEmail(c.onlyMailOf("desk@example.net").token(c.t, verifyPage)).ok()
	desk.newPassword(newPassword, "eight green umbrellas").ok()
}

// deskStory has the others do what only they can: act for somebody, close a review,
// erase a patient, read their notices.
func (d *diary) deskStory() {
	boss := d.signIn(admin, password)
	acting := boss.actingFor(customerA)
	acting.book(d.chat, d.practitioners[doctorNorth], d.free()).ok()
	acting.do(`mutation stop { stopImpersonating { stopped } }`).ok()

	me := d.as(customerA)
	notice := me.do(`{ notifications(where: {readAtIsNil: true}, first: 1) { edges { node { id } } } }`).ok().text("notifications.edges.0.node.id")
	me.do(`mutation read($id: ID!) { markNotificationRead(input: {id: $id}) { notification { readAt } } }`, vars{"id": notice}).ok()

	review := boss.startReview(vars{"dueAt": d.clock.now().Add(time.Hour)}, vars{"roleIds": []string{d.roles["doctor"]}}).ok()
	for _, edge := range review.list("startAccessReview.accessReview.items.edges") {
		boss.attest(edge.(map[string]any)["node"].(map[string]any)["id"].(string)).ok()
	}
	boss.closeReview(review.text("startAccessReview.accessReview.id")).ok()
	boss.erase(d.patient()).ok()
}

// TestEachChangeOfTheServerItselfIsOnRecordExactlyOnce: those of jobs, and those of
// code that has no request.
func TestEachChangeOfTheServerItselfIsOnRecordExactlyOnce(t *testing.T) {
	eachByMail(t, "", func(t *testing.T, c *clinic) {
		n := c.exactly()
		d := withDiary(t, c)
		c.anyone().forgot(customerA).ok()
		c.as(admin).startReview(vars{"dueAt": c.clock.now().Add(time.Hour)}, vars{"roleIds": []string{c.roles["staff"]}}).ok()
		c.as(customerA).book(c.consultation, c.practitioners[doctorNorth], d.free()).ok() // and does not pay
		n.mustEqual("the diary")
		c.advance(200 * 24 * time.Hour)
		if err := c.app.Jobs.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		kinds := []string{
			"expire-bookings", "cleanup-sessions", "purge-notifications", "deliver-mail", "purge-mail", "purge-one-time-tokens",
			"rotate-keys", "report-overdue-reviews",
		}
		for _, kind := range kinds {
			select {
			case <-c.log.heard("job done job=" + kind + " "):
			case <-time.After(time.Minute):
				t.Fatalf("%s has done nothing in a minute", kind)
			}
		}
		if err := c.app.Jobs.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		left := map[string]int{}
		for _, e := range n.mustEqual("the jobs") {
			left[e.Operation]++
			if !strings.HasPrefix(e.Actor, "system:") || e.User != "" || e.ActingFor != "" || !strings.HasPrefix(e.RequestID, "job-") {
				t.Errorf("an entry of a job that is not of one: %+v", e)
			}
		}
		for _, kind := range kinds {
			if left[kind] == 0 {
				t.Errorf("%s left no entry", kind)
			}
		}
	})
}

// TestRowsMadeChangedAndRestoredAreOnRecordExactlyOnce: in bulk and one by one, past
// all verbs; and nothing of what is rolled back.
func TestRowsMadeChangedAndRestoredAreOnRecordExactlyOnce(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		n, ctx := tallied(t, c.app.Store.DB), c.system()
		in := func(change func(*ent.Client) error) error {
			return c.app.Store.InTx(ctx, func(client *ent.Client, _ *sql.Tx) error { return change(client) })
		}
		holds := func(what string, want ...string) {
			t.Helper()
			var got []string
			for _, e := range n.mustEqual(what) {
				if e.Actor != "system:story" || e.User != "" {
					t.Errorf("%s: by %s", what, e.Actor)
				}
				got = append(got, e.Action+" "+e.Entity)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		must := func(change func(*ent.Client) error) {
			t.Helper()
			if err := in(change); err != nil {
				t.Fatal(err)
			}
		}
		var made []*ent.Role
		role := func(client *ent.Client, name string) *ent.RoleCreate { return client.Role.Create().SetName(name) }
		must(func(client *ent.Client) (err error) {
			made, err = client.Role.CreateBulk(role(client, "one"), role(client, "two"), role(client, "three")).Save(ctx)
			return err
		})
		holds("made in bulk", "CREATE Role", "CREATE Role", "CREATE Role")
		must(func(client *ent.Client) error {
			return client.Role.UpdateOne(made[0]).SetDeletedAt(c.clock.now()).Exec(ctx)
		})
		holds("deleted, and kept", "UPDATE Role")
		must(func(client *ent.Client) error {
			return client.Role.UpdateOneID(made[0].ID).ClearDeletedAt().Exec(access.WithDeleted(ctx))
		})
		holds("restored", "UPDATE Role")
		must(func(client *ent.Client) error {
			code, err := client.RecoveryCode.Create().SetUserID(uuid.MustParse(c.users[customerA])).SetCodeHash([]byte("hash")).Save(ctx)
			if err != nil {
				return err
			}
			return client.RecoveryCode.DeleteOne(code).Exec(ctx)
		})
		holds("made, and removed for good", "CREATE RecoveryCode", "DELETE RecoveryCode")

		thrown := errors.New("thrown")
		for what, change := range map[string]func(*ent.Client) error{
			"rolled back": func(client *ent.Client) error {
				return errors.Join(role(client, "four").Exec(ctx), client.Role.UpdateOne(made[1]).SetName("five").Exec(ctx), thrown)
			},
			"a conflict at the third row": func(client *ent.Client) error {
				return client.Role.CreateBulk(role(client, "six"), role(client, "seven"), role(client, "one")).Exec(ctx)
			},
			// Nobody would know which rows these were.
			"changed in bulk": func(client *ent.Client) error { return client.Role.Update().SetDescription("x").Exec(ctx) },
			"deleted in bulk": func(client *ent.Client) error { _, err := client.Role.Delete().Exec(ctx); return err },
		} {
			if in(change) == nil {
				t.Errorf("%s: no error", what)
			}
			holds(what)
		}
	})
}
