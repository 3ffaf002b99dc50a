package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"clinicgraph/ent"
)

// businessVerbs make and change profiles, book, pay, redeem and cancel: for customer A, for customer B,
// and for nobody.
func (d *diary) businessVerbs() (questions []question) {
	type target struct{ about, customer, doctor string }
	nobody := missing(ent.TypeCustomer)
	north, south := d.practitioners[doctorNorth], d.practitioners[doctorSouth]
	questions = d.customerVerbs() // before far is a patient of the own doctor
	for _, t := range []target{
		{"near, own doctor", d.near.profile, north}, {"near, other doctor", d.near.profile, south},
		{"missing customer", nobody, north}, {"missing doctor", d.near.profile, missing(ent.TypePractitionerProfile)},
		{"deleted customer", d.deleted(ent.TypeCustomer), north}, {"deleted doctor", d.near.profile, d.deleted(ent.TypePractitionerProfile)},
		{"far, other doctor", d.far.profile, south}, {"far, own doctor", d.far.profile, north}, // which makes far the doctor's own
	} {
		questions = append(questions, question{"bookAppointment", t.about, func(c caller) string {
			return outcome(c.book(d.chat, t.doctor, d.free(), vars{"customerId": t.customer}), "done")
		}})
	}
	questions = append(questions, question{"bookAppointment", "no customer named", func(c caller) string {
		return outcome(c.book(d.chat, north, d.free()), "done")
	}})
	for _, about := range []string{"missing", "deleted"} {
		questions = append(questions, question{"bookAppointment", about + " service", func(c caller) string {
			return outcome(c.book(d.which(ent.TypeProduct, about, c), north, d.free(), vars{"customerId": d.near.profile}), "done")
		}})
	}
	for _, about := range []string{"near", "far", "missing", "deleted"} {
		v := map[string]visit{"near": d.near, "far": d.far, "deleted": {profile: d.deleted(ent.TypeCustomer), order: d.deleted(ent.TypeOrder)}}[about]
		questions = append(questions,
			question{"cancelBooking", about, func(c caller) string {
				id := d.which(ent.TypeBooking, about, c)
				if v.login != "" { // a new one each time
					id = d.as(v.login).book(d.chat, d.practitioners[v.doctor], d.free()).ok().text("bookAppointment.booking.id")
				}
				return outcome(c.cancel(id), "done")
			}},
			question{"capturePayment", about + ", provider", func(c caller) string { return d.payFor(c, v, "TEST") }},
			question{"capturePayment", about + ", cash", func(c caller) string { return d.payFor(c, v, "CASH") }},
			question{"redeemReward", about, func(c caller) string {
				return outcome(c.redeem(d.sticker, vars{"customerId": cmp.Or(v.profile, nobody)}), "done")
			}},
			question{"eraseCustomer", about, func(c caller) string {
				return outcome(c.erase(cmp.Or(v.profile, nobody)), "done")
			}},
		)
	}
	for _, about := range []string{"near", "far", "missing"} { // what is removed is missing
		questions = append(questions, question{"markNotificationRead", about, func(c caller) string {
			return outcome(c.do(`mutation($id: ID!) { markNotificationRead(input: {id: $id}) { notification { readAt } } }`,
				vars{"id": d.which(ent.TypeNotification, about, c)}), "done")
		}})
	}
	for _, about := range []string{"missing", "deleted"} {
		questions = append(questions, question{"redeemReward", about + " reward", func(c caller) string {
			return outcome(c.redeem(d.which(ent.TypeReward, about, c), vars{"customerId": d.near.profile}), "done")
		}})
	}
	return questions
}

// subscriptions are what one can be told of.
func (d *diary) subscriptions() (questions []question) {
	for _, about := range []string{"near", "far", "next", "missing", "deleted"} {
		questions = append(questions, question{"bookingChanged", about, func(c caller) string {
			return c.watch(`subscription($id: ID!) { bookingChanged(id: $id) { id } }`, vars{"id": d.which(ent.TypeBooking, about, c)})
		}}, question{"appointmentChanged", about, func(c caller) string {
			return c.watch(`subscription($id: ID!) { appointmentChanged(id: $id) { id } }`, vars{"id": d.which(ent.TypeAppointment, about, c)})
		}})
	}
	for about, service := range map[string]string{"a service": d.consultation, "missing": missing(ent.TypeProduct), "deleted": d.deleted(ent.TypeProduct), "a good": d.bandage} {
		questions = append(questions, question{"slotReleased", about, func(c caller) string {
			return c.watch(`subscription($id: ID!) { slotReleased(serviceId: $id) { startsAt } }`, vars{"id": service})
		}})
	}
	slices.SortFunc(questions, func(a, b question) int {
		return cmp.Or(strings.Compare(a.field, b.field), strings.Compare(a.about, b.about))
	})
	return append(questions, question{"bookingChanged", "", func(c caller) string { return c.watch(`subscription { bookingChanged { id } }`, nil) }},
		question{"notificationReceived", "", func(c caller) string { return c.watch(`subscription { notificationReceived { id } }`, nil) }})
}

// payFor pays for an order that was made for it.
func (d *diary) payFor(c caller, v visit, method string) string {
	id := cmp.Or(v.order, missing(ent.TypeOrder))
	if v.login != "" {
		id = d.as(v.login).book(d.consultation, d.practitioners[v.doctor], d.free()).ok().text("bookAppointment.order.id")
	}
	return outcome(c.pay(id, 8000, method), "done")
}

// accessVerbs change access: of somebody with less, of the caller, of somebody
// with more, of nobody.
func (d *diary) accessVerbs() (questions []question) {
	nobody, noRole, goneRole := missing(ent.TypeUser), missing(ent.TypeRole), d.deleted(ent.TypeRole)
	made := 0
	fresh := func() string { made++; return fmt.Sprintf("fresh-%d", made) }
	ask := func(field, about string, ask func(c caller) *answer) {
		questions = append(questions, question{field, about, func(c caller) string { return outcome(ask(c), "done") }})
	}
	own := func() string {
		return d.as(admin).createRole(fresh(), may("product:read", "ANY")).ok().text("createRole.role.id")
	}

	ask("createRole", "with booking:read", func(c caller) *answer { return c.createRole(fresh(), may("booking:read", "ANY")) })
	ask("createRole", "with audit_log:read", func(c caller) *answer { return c.createRole(fresh(), may("audit_log:read", "ANY")) })
	ask("createRole", "with everything", func(c caller) *answer { return c.createRole(fresh(), may("*:*", "ANY")) })
	ask("createRole", "of a name in use", func(c caller) *answer { return c.createRole("customer") })
	ask("setRolePermissions", "of the clinic's own role", func(c caller) *answer { return c.setRole(own(), []vars{may("product:read", "ANY")}) })
	ask("setRolePermissions", "beyond the manager", func(c caller) *answer { return c.setRole(own(), []vars{may("audit_log:read", "ANY")}) })
	ask("setRolePermissions", "of a system role", func(c caller) *answer { return c.setRole(d.roles["customer"], []vars{}) })
	ask("setRolePermissions", "of a deleted role", func(c caller) *answer { return c.setRole(goneRole, []vars{}) })
	ask("setRolePermissions", "of a missing role", func(c caller) *answer { return c.setRole(noRole, []vars{}) })
	anybody := func() string { return d.anyone().join(fresh()).ok().text("register.session.viewer.user.id") }
	for about, target := range map[string]func() string{
		"a customer": anybody, "the manager": func() string { return manager }, "an administrator": func() string { return otherAdmin },
		"missing user": func() string { return nobody }, "deleted user": func() string { return d.deleted(ent.TypeUser) },
	} {
		ask("assignRole", about+", customer", func(c caller) *answer { return c.assign(target(), d.roles["customer"]) })
		ask("assignRole", about+", doctor", func(c caller) *answer { return c.assign(target(), d.roles["doctor"]) })
		ask("revokeRole", about+", customer", func(c caller) *answer {
			user := target()
			d.as(admin).assign(user, d.roles["customer"])
			return c.revoke(user, d.roles["customer"])
		})
		ask("setUserPermission", about, func(c caller) *answer { return c.grant(target(), "directory:read", true) })
		ask("removeUserPermission", about, func(c caller) *answer {
			user := target()
			d.as(admin).grant(user, "directory:read", true)
			return c.ungrant(user, "directory:read")
		})
	}
	ask("updateRole", "of the clinic's own role", func(c caller) *answer { return c.renameRole(own(), vars{"name": fresh()}) })
	ask("updateRole", "of a system role", func(c caller) *answer { return c.renameRole(d.roles["customer"], vars{"name": fresh()}) })
	ask("updateRole", "of a deleted role", func(c caller) *answer { return c.renameRole(goneRole, vars{"name": fresh()}) })
	ask("updateRole", "of a missing role", func(c caller) *answer { return c.renameRole(noRole, vars{"name": fresh()}) })
	beyond := func() string {
		return d.as(admin).createRole(fresh(), may("audit_log:read", "ANY")).ok().text("createRole.role.id")
	}
	for about, role := range map[string]func() string{
		"the clinic's own role": own, "a role beyond the manager": beyond, "a system role": func() string { return d.roles["customer"] }, "a missing role": func() string { return noRole }, "a deleted role": func() string { return goneRole },
	} {
		ask("setRoleStatus", about, func(c caller) *answer { return c.status(role(), "INACTIVE") })
		ask("deleteRole", about, func(c caller) *answer { return c.dropRole(role()) })
	}
	noUnit := missing(ent.TypeOrganizationalUnit)
	unit := func() string {
		return d.as(admin).newUnit(fresh()).ok().text("createOrganizationalUnit.organizationalUnit.id")
	}
	ask("createOrganizationalUnit", "a root", func(c caller) *answer { return c.newUnit(fresh()) })
	ask("createOrganizationalUnit", "of a name in use", func(c caller) *answer { return c.newUnit("North") })
	ask("createOrganizationalUnit", "below a missing one", func(c caller) *answer { return c.newUnit(fresh(), vars{"parentId": noUnit}) })
	ask("updateOrganizationalUnit", "name", func(c caller) *answer { return c.changeUnit(unit(), vars{"name": fresh()}) })
	ask("updateOrganizationalUnit", "moved", func(c caller) *answer { return c.changeUnit(unit(), vars{"parentId": d.north}) })
	ask("updateOrganizationalUnit", "missing", func(c caller) *answer { return c.changeUnit(noUnit, vars{"name": fresh()}) })
	ask("deleteOrganizationalUnit", "an empty one", func(c caller) *answer { return c.dropUnit(unit()) })
	ask("deleteOrganizationalUnit", "where people work", func(c caller) *answer { return c.dropUnit(d.north) })
	goneUnit := d.deleted(ent.TypeOrganizationalUnit)
	ask("createOrganizationalUnit", "below a deleted one", func(c caller) *answer { return c.newUnit(fresh(), vars{"parentId": goneUnit}) })
	ask("updateOrganizationalUnit", "deleted", func(c caller) *answer { return c.changeUnit(goneUnit, vars{"name": fresh()}) })
	ask("updateOrganizationalUnit", "moved below a deleted one", func(c caller) *answer { return c.changeUnit(unit(), vars{"parentId": goneUnit}) })
	ask("deleteOrganizationalUnit", "deleted", func(c caller) *answer { return c.dropUnit(goneUnit) })
	ask("deleteOrganizationalUnit", "missing", func(c caller) *answer { return c.dropUnit(noUnit) })
	ask("assignRole", "a customer, admin", func(c caller) *answer { return c.assign(anybody(), d.roles["admin"]) })
	ask("assignRole", "a customer, deleted role", func(c caller) *answer { return c.assign(anybody(), goneRole) })
	ask("revokeRole", "a customer, deleted role", func(c caller) *answer { return c.revoke(anybody(), goneRole) })
	ask("assignRole", "a customer, missing role", func(c caller) *answer { return c.assign(anybody(), noRole) })
	ask("revokeRole", "a customer, not held", func(c caller) *answer { return c.revoke(anybody(), d.roles["manager"]) })
	ask("setUserPermission", "a customer, audit_log:read", func(c caller) *answer { return c.grant(anybody(), "audit_log:read", true) })
	ask("setUserPermission", "a customer, no such permission", func(c caller) *answer { return c.grant(anybody(), "moon:land", true) })
	ask("removeUserPermission", "a customer, not held", func(c caller) *answer { return c.ungrant(anybody(), "points:read") })
	slices.SortStableFunc(questions, func(a, b question) int {
		return cmp.Or(strings.Compare(a.field, b.field), strings.Compare(a.about, b.about))
	})
	return questions
}

// sessionVerbs sign in and out; everybody may.
func (d *diary) sessionVerbs() []question {
	joined := 0
	questions := []question{
		{"register", "", func(c caller) string {
			joined++
			return outcome(c.join(fmt.Sprintf("joined-%d", joined)), "done")
		}},
		{"login", "right password", func(c caller) string { return outcome(c.client.login(customerB, password), "done") }},
		// Each at an account of their own: too many at one are blocked.
		{"login", "wrong password", func(c caller) string {
			return outcome(c.client.login(cmp.Or(c.account, "nobody"), "not the password"), "done")
		}},
		{"refreshSession", "", func(c caller) string {
			return outcome(c.renew(d.signIn(customerB, password).refresh), "done")
		}},
		{"changePassword", "wrong password", func(c caller) string {
			return outcome(c.do(`mutation { changePassword(input: {currentPassword: "not the password", newPassword: "seven green umbrellas"}) { accessToken } }`), "done")
		}},
		{"verifyEmail", "no such link", func(c caller) string {
			return outcome(c.do(`mutation { verifyEmail(input: {token: "ot_x"}) { verified } }`), "done")
		}},
		{"resetPassword", "no such link", func(c caller) string {
			return outcome(c.do(`mutation { resetPassword(input: {token: "ot_x", newPassword: "seven green umbrellas"}) { reset } }`), "done")
		}},
		{"requestPasswordReset", "", func(c caller) string {
			return outcome(c.do(`mutation { requestPasswordReset(input: {login: "nobody at all"}) { accepted } }`), "done")
		}},
		{"requestEmailVerification", "", func(c caller) string {
			return outcome(c.do(`mutation { requestEmailVerification { accepted } }`), "done")
		}},
		{"changeEmail", "wrong password", func(c caller) string {
			return outcome(c.do(`mutation { changeEmail(input: {newEmail: "other@example.org", currentPassword: "not the password"}) { accepted } }`), "done")
		}},
		{"logout", "", func(c caller) string {
			if c.account == "" {
				return outcome(c.do(`mutation { logout { loggedOut } }`), "done")
			}
			again := d.again(c)
			return outcome(again.do(`mutation { logout { loggedOut } }`), "done")
		}},
		{"revokeOtherSessions", "", func(c caller) string { return d.endsAll(c, `mutation { revokeOtherSessions { ended } }`) }},
		{"logoutEverywhere", "", func(c caller) string { return d.endsAll(c, `mutation { logoutEverywhere { ended } }`) }},
	}
	for _, about := range []string{"own", "near", "far", "missing"} {
		on := func(verb string) func(c caller) string {
			return func(c caller) string {
				login, id := map[string]string{"own": c.account, "near": c.near, "far": c.far}[about], missing(ent.TypeUserSession)
				if login == d.first.Login {
					id = d.signIn(login, d.first.Password).session()
				} else if login != "" {
					id = d.signIn(login, password).session()
				}
				return outcome(c.do(verb, vars{"id": id}), "done")
			}
		}
		questions = append(questions,
			question{"nameSession", about, on(`mutation($id: ID!) { nameSession(input: {id: $id, name: "Phone"}) { session { deviceName } } }`)},
			question{"revokeSession", about, on(`mutation($id: ID!) { revokeSession(input: {id: $id}) { session { status } } }`)})
	}
	return questions
}

// endsAll asks what ends the caller's sessions, who goes on with a new one.
func (d *diary) endsAll(c caller, verb string) string {
	if c.account == "" {
		return outcome(c.do(verb), "done")
	}
	said := outcome(d.again(c).do(verb), "done")
	fresh := d.again(c)
	c.token, c.refresh = fresh.token, fresh.refresh
	return said
}

// session is the id of the client's session.
func (cl *client) session() string {
	cl.c.t.Helper()
	for _, s := range cl.do(`{ viewer { sessions { id isCurrent } } }`).ok().list("viewer.sessions") {
		if s := s.(map[string]any); s["isCurrent"] == true {
			return s["id"].(string)
		}
	}
	cl.c.t.Fatal("no session is current")
	return ""
}

// again is a second session of the caller.
func (d *diary) again(c caller) *client {
	if c.account == d.first.Login {
		return d.signIn(d.first.Login, d.first.Password)
	}
	return d.signIn(c.account, password)
}
