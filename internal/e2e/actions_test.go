package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/order"
	"clinicgraph/ent/usersession"
)

// actionsOf are what an object of the type says of its actions, by mutation:
// "yes", or "no CODE BLOCK". Nothing, where the caller does not see the object.
func (cl *client) actionsOf(entity, id string) map[string]string {
	cl.c.t.Helper()
	a := cl.do(`query($id: ID!) { node(id: $id) { ... on `+entity+` { allowedActions { name allowed blockedBy code message } } } }`, vars{"id": id})
	if a.code() != "" {
		return nil
	}
	all := map[string]string{}
	for i := range a.list("node.allowedActions") {
		path := fmt.Sprintf("node.allowedActions.%d.", i)
		said := "yes"
		if a.at(path+"allowed") != true {
			said = "no " + a.text(path+"code") + " " + a.text(path+"blockedBy")
			if a.text(path+"message") == "" {
				cl.c.t.Errorf("no reason: %s", a.body)
			}
		} else if a.at(path+"code") != nil || a.at(path+"blockedBy") != nil {
			cl.c.t.Errorf("allowed, and a reason why not: %s", a.body)
		}
		all[a.text(path+"name")] = said
	}
	return all
}

// try holds what an object says of an action against what the mutation does.
func (cl *client) try(who, entity, id, mutation string, do func() *answer) string {
	cl.c.t.Helper()
	said := cl.actionsOf(entity, id)
	got := do().code()
	told, listed := said[mutation]
	switch {
	case said == nil:
		if got == "" {
			cl.c.t.Errorf("%s does not see %s, and %s works", who, entity, mutation)
		}
		return "unseen"
	case !listed:
		cl.c.t.Errorf("%s %s: %s is not listed", who, entity, mutation)
	case (told == "yes") != (got == "") || got != "" && !strings.HasPrefix(told, "no "+got+" "):
		cl.c.t.Errorf("%s %s %s: said %q, done %q", who, entity, mutation, told, got)
	}
	return told
}

// tries are those who try: all roles, and who holds odd scopes.
func (c *clinic) tries() []string {
	c.t.Helper()
	// Sees all bookings, and cancels those that are hers: treats in the south.
	c.as(admin).grant(doctorSouth, "booking:read", true).ok()
	// Sees everybody of the unit, and locks whoever may do no more.
	for _, p := range []string{"user:lock", "session:read", "session:revoke", "user:update"} {
		c.as(admin).grant(staffSouth, p, true, vars{"scope": "UNIT"}).ok()
	}
	return []string{customerA, customerB, doctorNorth, doctorNext, doctorSouth, staffNorth, staffSouth, manager, admin}
}

func TestABookingSaysWhetherItCanBeCancelledInEveryState(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		callers := c.tries()
		found := map[string]int{}
		for state, visits := range map[booking.Status]appointment.Status{
			booking.StatusHeld: appointment.StatusTentative, booking.StatusPending: appointment.StatusTentative, booking.StatusConfirmed: appointment.StatusScheduled,
			booking.StatusInProgress: appointment.StatusInProgress, booking.StatusCompleted: appointment.StatusCompleted, booking.StatusExpired: appointment.StatusExpired,
			booking.StatusRejected: appointment.StatusDeclined, booking.StatusCancelled: appointment.StatusCancelled, booking.StatusNoShow: appointment.StatusNoShow,
		} {
			for _, login := range callers {
				for _, id := range []string{d.near.booking, d.far.booking, d.next.booking} {
					c.arrange(func(client *ent.Client) error {
						if err := client.Booking.UpdateOneID(uuid.MustParse(id)).SetStatus(state).Exec(c.system()); err != nil {
							return err
						}
						visit, err := client.Appointment.Query().Where(appointment.BookingID(uuid.MustParse(id))).OnlyID(c.system())
						if err != nil {
							return err
						}
						return client.Appointment.UpdateOneID(visit).SetStatus(visits).Exec(c.system())
					})
					me := c.as(login)
					found[me.try(login+" "+state.String(), "Booking", id, "cancelBooking", func() *answer { return me.cancel(id) })]++
				}
			}
		}
		for _, said := range []string{"yes", "unseen", "no INVALID_TRANSITION STATE", "no FORBIDDEN PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
	})
}

func TestAnOrderSaysWhetherItCanBePaidInEveryState(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		d := withDiary(t, c)
		callers := c.tries()
		found := map[string]int{}
		for _, state := range []order.Status{order.StatusDraft, order.StatusPlaced, order.StatusProcessing, order.StatusCompleted, order.StatusCancelled, order.StatusExpired, order.StatusReturned, order.StatusPartiallyReturned} {
			for _, captured := range []int64{7900, 8000} {
				for _, login := range callers {
					for _, id := range []string{d.near.order, d.far.order} {
						c.arrange(func(client *ent.Client) error {
							return client.Order.UpdateOneID(uuid.MustParse(id)).SetStatus(state).SetCapturedAmount(captured).Exec(c.system())
						})
						me := c.as(login)
						found[me.try(fmt.Sprint(login, state, captured), "Order", id, "capturePayment", func() *answer { return me.pay(id, 1, "TEST") })]++
					}
				}
			}
		}
		for _, said := range []string{"yes", "unseen", "no INVALID_TRANSITION STATE", "no BAD_USER_INPUT STATE", "no FORBIDDEN PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
	})
}

func TestAnAccountSaysWhatCanBeDoneWithItInEveryState(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		callers := c.tries()
		found := map[string]int{}
		targets := []string{customerA, doctorSouth, staffSouth, manager, otherAdmin, "" /* oneself */}
		for _, login := range callers {
			me := c.as(login)
			for _, target := range targets {
				if target == "" {
					target = login
				}
				for state, set := range map[string]func(*ent.UserUpdateOne){
					"open":   func(u *ent.UserUpdateOne) { u.SetIsActive(true).SetIsLocked(false) },
					"locked": func(u *ent.UserUpdateOne) { u.SetIsActive(true).SetIsLocked(true) },
					"closed": func(u *ent.UserUpdateOne) { u.SetIsActive(false).SetIsLocked(false) },
				} {
					if target == login && state != "open" {
						continue
					}
					for mutation, do := range map[string]func() *answer{
						"updateUser":        func() *answer { return me.change(target, vars{"locale": "de"}) },
						"assignRole":        func() *answer { return me.assign(target, c.roles["customer"]) },
						"setUserPermission": func() *answer { return me.grant(target, "directory:read", false) },
						"impersonate":       func() *answer { return me.impersonate(target) },
						"lockUser":          func() *answer { return me.state("lockUser", target) },
						"unlockUser":        func() *answer { return me.state("unlockUser", target) },
						"deactivateUser":    func() *answer { return me.state("deactivateUser", target) },
						"reactivateUser":    func() *answer { return me.state("reactivateUser", target) },
					} {
						if mutation == "assignRole" && !strings.Contains("admin.one manager.one", login) {
							continue // who may not give the role customer, whomever to
						}
						c.set(target, set)
						found[me.try(login+" of "+target+" "+state, "User", c.users[target], mutation, do)]++
					}
				}
				c.set(target, func(u *ent.UserUpdateOne) { u.SetIsActive(true).SetIsLocked(false).SetMustChangePassword(false) })
			}
			// These are for good, or ask for a new account.
			for _, mutation := range []string{"requirePasswordChange", "deleteUser"} {
				id := c.anyone().join(strings.ToLower(mutation[:6]) + "." + login).ok().text("register.session.viewer.user.id")
				found[me.try(login+" of somebody new", "User", id, mutation, func() *answer { return me.state(mutation, id) })]++
			}
		}
		for _, said := range []string{"yes", "unseen", "no INVALID_TRANSITION STATE", "no FORBIDDEN PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
	})
}

func TestASessionAndATokenSayWhetherTheyCanBeEnded(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		callers := c.tries()
		found := map[string]int{}
		for _, owner := range []string{customerA, doctorSouth, otherAdmin, staffNorth} {
			other := c.signIn(owner, password)
			token := c.signIn(owner, password).apiToken("story", "product:read").ok().text("createApiToken.apiToken.id")
			for _, state := range []string{"ACTIVE", "IDLE", "REVOKED"} {
				id := other.session()
				for _, login := range callers {
					for _, mutation := range []string{"nameSession", "revokeSession"} {
						c.arrange(func(client *ent.Client) error {
							update := client.UserSession.UpdateOneID(uuid.MustParse(id)).SetStatus(usersession.StatusActive).SetIdleExpiresAt(opening.Add(time.Hour))
							switch state {
							case "IDLE":
								update.SetIdleExpiresAt(opening)
							case "REVOKED":
								update.SetStatus(usersession.StatusRevoked)
							}
							return update.Exec(c.system())
						})
						me := c.as(login)
						found[me.try(login+" of "+owner+" "+state, "UserSession", id, mutation, func() *answer {
							if mutation == "nameSession" {
								return me.name(id, "named")
							}
							return me.end(id)
						})]++
					}
					me := c.as(login)
					found[me.try(login+" of "+owner, "ApiToken", token, "revokeApiToken", func() *answer { return me.revokeAPIToken(token) })]++
				}
				other = c.signIn(owner, password)
			}
		}
		for _, said := range []string{"yes", "unseen", "no NOT_FOUND STATE", "no NOT_FOUND TIME", "no NOT_FOUND PERMISSION", "no FORBIDDEN PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
	})
}

func TestARoleSaysWhetherItCanBeChangedAndGiven(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		callers := c.tries()
		boss := c.as(admin)
		roles := map[string]string{
			"narrow": boss.createRole("narrow", may("product:read", "ANY")).ok().text("createRole.role.id"),
			"wide":   boss.createRole("wide", may("audit_log:read", "ANY")).ok().text("createRole.role.id"),
			"own":    boss.createRole("own", may("product:read", "ANY")).ok().text("createRole.role.id"),
			"system": c.roles["customer"], "admin": c.roles["admin"],
		}
		boss.assign(manager, roles["own"]).ok()
		found := map[string]int{}
		for _, login := range callers {
			for name, id := range roles {
				me := c.as(login)
				found[me.try(login+" "+name, "Role", id, "setRolePermissions", func() *answer { return me.setRole(id, []vars{may("product:read", "OWN")}) })]++
				if login == manager || login == admin { // nobody else may give anything to somebody new
					fresh := c.anyone().join(fmt.Sprintf("%s.%s", login[:5], name)).ok().text("register.session.viewer.user.id")
					found[me.try(login+" "+name, "Role", id, "assignRole", func() *answer { return me.assign(fresh, id) })]++
				}
			}
		}
		for _, said := range []string{"yes", "unseen", "no FORBIDDEN PERMISSION"} {
			if found[said] == 0 {
				t.Errorf("nobody was told %q: %v", said, found)
			}
		}
	})
}

func TestARewardSaysWhetherItsTimeHasCome(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		booked := me.book(c.consultation, c.practitioners[doctorNorth], at(9, 0)).ok()
		me.pay(booked.text("bookAppointment.order.id"), 8000, "TEST").ok()
		later, earlier := opening.Add(time.Hour), opening.Add(-time.Hour)
		for want, change := range map[string]func(*ent.RewardUpdateOne) *ent.RewardUpdateOne{
			"yes": func(r *ent.RewardUpdateOne) *ent.RewardUpdateOne {
				return r.SetIsActive(true).SetStartsAt(opening).ClearEndsAt()
			},
			"no BAD_USER_INPUT TIME": func(r *ent.RewardUpdateOne) *ent.RewardUpdateOne {
				return r.SetIsActive(true).SetStartsAt(later).ClearEndsAt()
			},
			"no BAD_USER_INPUT STATE": func(r *ent.RewardUpdateOne) *ent.RewardUpdateOne { return r.SetIsActive(false) },
			"no BAD_USER_INPUT TIME ": func(r *ent.RewardUpdateOne) *ent.RewardUpdateOne {
				return r.SetIsActive(true).SetStartsAt(earlier).SetEndsAt(opening)
			},
		} {
			c.arrange(func(client *ent.Client) error {
				return change(client.Reward.UpdateOneID(uuid.MustParse(c.sticker))).Exec(c.system())
			})
			if told := me.try(customerA, "Reward", c.sticker, "redeemReward", func() *answer { return me.redeem(c.sticker) }); told != strings.TrimSpace(want) {
				t.Errorf("told %q, want %q", told, want)
			}
		}
	})
}

// TestAnActionNamesTheProofThatIsMissing: a fresh one, a second factor, and the
// owner in person.
func TestAnActionNamesTheProofThatIsMissing(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		c := requiring(t, d, "high")
		boss := c.as(admin)
		if told := boss.try(admin, "User", c.users[customerA], "assignRole", func() *answer { return boss.assign(customerA, c.roles["customer"]) }); told != "no FORBIDDEN SECOND_FACTOR" {
			t.Error(told)
		}
	}
	each(t, func(t *testing.T, c *clinic) {
		boss, desk := c.signIn(admin, password), c.signIn(manager, password)
		d := withDiary(t, c)
		program := c.program(c.as(customerA).apiToken("story", "booking:read", "booking:cancel", "session:read", "session:revoke").ok())
		acting := boss.actingFor(customerA)
		c.clock.move(6 * time.Minute)
		if told := boss.try(admin, "User", c.users[customerA], "deleteUser", func() *answer { return boss.state("deleteUser", customerA) }); told != "no STEP_UP_REQUIRED STEP_UP" {
			t.Error(told)
		}
		// What a proof would not help with is told first.
		if told := desk.actionsOf("User", c.users[admin])["assignRole"]; told != "no FORBIDDEN PERMISSION" {
			t.Error(told)
		}
		session := c.as(customerA).session()
		for name, agent := range map[string]*client{"program": program, "acting": acting} {
			if told := agent.try(name, "UserSession", session, "revokeSession", func() *answer { return agent.end(session) }); told != "no FORBIDDEN IN_PERSON" {
				t.Errorf("%s: %s", name, told)
			}
		}
		if told := program.try("program", "Booking", d.near.booking, "cancelBooking", func() *answer { return program.cancel(d.near.booking) }); told != "yes" {
			t.Error(told)
		}
	})
}

// asked is how many statements a request causes that ask for objects, or for what
// their actions may rest on. Who asks is kept for a while, and jobs ask whenever
// they like: neither counts.
func (c *clinic) asked(ask func()) (n int) {
	c.t.Helper()
	tables := regexp.MustCompile(`FROM (bookings|appointments|orders|customers|roles|role_permissions|user_roles|user_permissions)\b`)
	for _, s := range c.statements("", ask) {
		if tables.MatchString(s) && !strings.Contains(s, "WITH RECURSIVE") {
			n++
		}
	}
	return n
}

// TestActionsOfAPageCostNoStatementForEachRow counts what a page asks for beside
// its rows.
func TestActionsOfAPageCostNoStatementForEachRow(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for i := range 6 {
			c.as(staffNorth).book(c.chat, c.practitioners[doctorNorth], at(9+i, 0), vars{"customerId": c.profiles[customerA]}).ok()
		}
		for _, login := range []string{customerA, doctorNorth, staffNorth, manager} {
			me := c.as(login)
			for _, page := range []string{`bookings`, `orders`} {
				plain := c.asked(func() { me.do(`{ ` + page + ` { edges { node { id } } } }`).ok() })
				told := c.asked(func() { me.do(`{ ` + page + ` { edges { node { id allowedActions { name allowed } } } } }`).ok() })
				if told != plain {
					t.Errorf("%s %s: %d statements, with actions %d", login, page, plain, told)
				}
			}
		}
		// What all roles permit and which are the caller's is asked once.
		boss := c.as(manager)
		plain := c.asked(func() { boss.do(`{ roles { edges { node { id } } } }`).ok() })
		if told := c.asked(func() { boss.do(`{ roles { edges { node { allowedActions { allowed } } } } }`).ok() }); told > plain+2 {
			t.Errorf("roles: %d statements, with actions %d", plain, told)
		}
	})
}
