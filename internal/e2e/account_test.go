package e2e

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
)

// The verbs about accounts as the stories use them.

func (cl *client) newUser(username string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation createUser($in: CreateUserInput!) { createUser(input: $in) {
		user { id username email phone locale timezone isActive isCustomer mustChangePassword emailVerifiedAt passwordChangedAt version
			firstName { firstName } surname { surname } organizationalUnit { name } roles { name } } } }`,
		input(vars{"username": username, "email": username + "@example.org", "givenName": "New", "surname": "Comer", "reason": "begins today"}, more))
}

func (cl *client) change(user string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation updateUser($in: UpdateUserInput!) { updateUser(input: $in) {
		user { id username email emailVerifiedAt phone locale timezone version firstName { firstName } surname { surname } organizationalUnit { name } sex { sex } } } }`,
		input(vars{"id": cl.c.id(user)}, more))
}

func (cl *client) profile(more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation updateProfile($in: UpdateProfileInput!) { updateProfile(input: $in) { viewer {
		user { phone locale timezone version firstName { firstName } surname { surname } } } } }`, input(vars{}, more))
}

// state calls one of the verbs that say what an account may still do.
func (cl *client) state(verb, user string) *answer {
	cl.c.t.Helper()
	name, payload := string(verb[0]-'a'+'A')+verb[1:], `user { isActive isLocked lockReason mustChangePassword lockedUntil failedLoginAttempts }`
	if verb == "deleteUser" {
		payload = `deletedId`
	}
	return cl.do(`mutation `+verb+`($in: `+name+`Input!) { `+verb+`(input: $in) { `+payload+` } }`,
		input(vars{"id": cl.c.id(user), "reason": "told so"}, nil))
}

// states are the verbs that state takes.
var states = []string{"lockUser", "unlockUser", "deactivateUser", "reactivateUser", "deleteUser", "requirePasswordChange"}

func TestAnAccountIsMadeForSomebodyElse(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		made := boss.newUser("New.Desk", vars{
			"unitId": c.north, "roleIds": []string{c.roles["staff"]}, "phone": "+49301234567", "locale": "de-at", "timezone": "Europe/Vienna",
		}).ok()
		made.want("createUser.user.username", `"New.Desk"`).want("createUser.user.mustChangePassword", `true`).
			want("createUser.user.organizationalUnit.name", `"North"`).want("createUser.user.roles", `[{"name":"staff"}]`).
			want("createUser.user.locale", `"de-AT"`).want("createUser.user.timezone", `"Europe/Vienna"`).
			want("createUser.user.firstName.firstName", `"New"`).want("createUser.user.isCustomer", `false`)

		id := made.text("createUser.user.id")
		c.as(admin).do(`query($id: ID!) { user(id: $id) { userRoles { reason assignedBy { username } role { name } } } }`, vars{"id": id}).ok().
			want("user.userRoles", `[{"assignedBy":{"username":"manager.one"},"reason":"begins today","role":{"name":"staff"}}]`)
		c.as(admin).do(`{ auditLogs(where: {event: "USER_CREATE"}) { edges { node { details } } } }`).ok().
			want("auditLogs.edges.0.node.details", `"`+c.roles["staff"]+`: begins today"`)
		for _, reason := range []any{nil, "", " ab ", strings.Repeat("x", 501), "two\nlines"} {
			boss.newUser("no.reason", vars{"roleIds": []string{c.roles["staff"]}, "reason": reason}).refused("BAD_USER_INPUT").about("input.reason")
		}
		boss.newUser("no.roles", vars{"reason": "x"}).refused("BAD_USER_INPUT").about("input.reason")
		if n := c.count(`SELECT count(*) FROM users WHERE username LIKE 'no.%'`); n != 0 {
			t.Errorf("%d accounts without a reason", n)
		}
		boss.newUser("no.roles", vars{"reason": nil}).ok()

		boss.newUser("a.customer", vars{"roleIds": []string{c.roles["customer"]}}).ok().want("createUser.user.isCustomer", `true`)
		c.as(admin).do(`query($id: ID!) { operationLogs(where: {entityType: "User", entityId: $id, action: "CREATE"}) { edges { node { actor operation newValues } } } }`,
			vars{"id": made.text("createUser.user.id")}).ok().
			want("operationLogs.edges.0.node.actor", `"manager.one"`).want("operationLogs.edges.0.node.newValues.password_hash", `"[redacted]"`)
		c.as(admin).do(`{ auditLogs(where: {event: "USER_CREATE"}) { totalCount edges { node { actor permissionChecked success } } } }`).ok().
			want("auditLogs.totalCount", `3`).want("auditLogs.edges.0.node", `{"actor":"manager.one","permissionChecked":"user:create","success":true}`)
	})
}

func TestNobodyMakesAnAccountThatReachesFurtherThanTheirOwn(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		boss.newUser("new.admin", vars{"roleIds": []string{c.roles["admin"]}}).refused("FORBIDDEN")
		boss.newUser("new.doctor", vars{"roleIds": []string{c.roles["doctor"]}}).refused("FORBIDDEN") // reads notes
		boss.newUser("new.nobody", vars{"roleIds": []string{missing(ent.TypeRole)}}).refused("NOT_FOUND")
		boss.newUser("new.nowhere", vars{"unitId": missing(ent.TypeOrganizationalUnit)}).refused("NOT_FOUND")
		boss.newUser("new.nothing", vars{"sexId": missing(ent.TypeSex)}).refused("NOT_FOUND")
		boss.newUser("new.twice", vars{"roleIds": []string{c.roles["staff"], c.roles["staff"]}}).refused("BAD_USER_INPUT").about("input.roleIds.1")
		c.as(staffNorth).newUser("new.one").refused("FORBIDDEN")
		c.anyone().newUser("new.one").refused("UNAUTHENTICATED")

		// Whose permission ends with the unit makes accounts of the unit, and gives no
		// role without the permission to.
		c.as(admin).grant(staffNorth, "user:create", true, vars{"scope": "UNIT"}).ok()
		c.as(admin).grant(staffNorth, "role:read", true).ok()
		lead := c.as(staffNorth)
		lead.newUser("new.south", vars{"unitId": c.south}).refused("FORBIDDEN")
		lead.newUser("new.none").refused("FORBIDDEN")
		lead.newUser("new.staff", vars{"unitId": c.north, "roleIds": []string{c.roles["customer"]}}).refused("FORBIDDEN")
		lead.newUser("new.north", vars{"unitId": c.north}).ok().want("createUser.user.organizationalUnit.name", `"North"`)
		if n := c.count(`SELECT count(*) FROM users WHERE username LIKE 'new.%'`); n != 1 {
			t.Errorf("%d new accounts", n)
		}
	})
}

func TestAnAccountIsNotMadeOfWhatCannotBeOne(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		for path, more := range map[string]vars{
			"input.username": {"username": "a@b.example"}, "input.email": {"email": "no address"}, "input.phone": {"phone": "030 1234"},
			"input.givenName": {"givenName": " "}, "input.surname": {"surname": ""}, "input.locale": {"locale": "no language at all"}, "input.timezone": {"timezone": "Mars/Olympus"},
		} {
			boss.newUser("somebody", more).refused("BAD_USER_INPUT").about(path)
			if path != "input.username" && path != "input.email" {
				c.as(customerA).profile(more).refused("BAD_USER_INPUT").about(path)
			}
			boss.change(customerA, more).refused("BAD_USER_INPUT").about(path)
		}
		for path, more := range map[string]vars{
			"input.username": {"username": nil}, "input.email": {"email": nil}, "input.locale": {"locale": nil}, "input.timezone": {"timezone": nil},
		} {
			boss.change(customerA, more).refused("BAD_USER_INPUT").about(path)
		}
		for _, reason := range []string{"", "  ab ", "two\nlines", "\x00\x00\x00\x00"} {
			c.as(admin).do(`mutation($id: ID!, $reason: String!) { lockUser(input: {id: $id, reason: $reason}) { user { id } } }`, vars{"id": c.id(customerA), "reason": reason}).
				refused("BAD_USER_INPUT").about("input.reason")
			c.as(admin).do(`mutation($id: ID!, $reason: String!) { deleteUser(input: {id: $id, reason: $reason}) { deletedId } }`, vars{"id": c.id(customerA), "reason": reason}).
				refused("BAD_USER_INPUT").about("input.reason")
		}
	})
}

// TestLoginNamesAndAddressesAreOneNameSpace: two spellings of one are the same,
// whoever comes with them and however close the race.
func TestLoginNamesAndAddressesAreOneNameSpace(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		for name, more := range map[string]vars{
			"the same name":          {"username": "CUSTOMER.A", "email": "a@example.org"},
			"the name in full width": {"username": "ｃustomer.a", "email": "b@example.org"},
			"the same address":       {"username": "somebody", "email": "CUSTOMER.A@Example.org"},
		} {
			if a := boss.newUser("x", more); a.code() != "CONFLICT" {
				t.Errorf("%s: %s", name, a.body)
			}
			if a := boss.change(customerB, more); a.code() != "CONFLICT" {
				t.Errorf("change to %s: %s", name, a.body)
			}
		}
		boss.change(customerA, vars{"username": "Customer.A", "email": "Customer.A@example.org"}).ok() // the own one

		one := together(12, func(i int) *answer {
			switch i % 3 {
			case 0:
				return boss.newUser("popular", vars{"email": "popular-" + string(rune('a'+i)) + "@example.org"})
			case 1:
				return c.anyone().join("Popular", vars{"email": "popular-" + string(rune('a'+i)) + "@example.org"})
			default:
				return boss.change(customerB, vars{"username": "POPULAR"})
			}
		})
		for i, a := range one {
			if code := a.code(); code != "" && code != "CONFLICT" {
				t.Errorf("%d: %s", i, a.body)
			}
		}
		if n := c.count(`SELECT count(*) FROM users WHERE username_key = 'popular'`); n != 1 {
			t.Errorf("%d users of one name", n)
		}
		many := together(12, func(i int) *answer {
			return boss.newUser("mail-"+string(rune('a'+i)), vars{"email": "One@example.org"})
		})
		if diff := cmp.Diff(map[string]int{"": 1, "CONFLICT": 11}, outcomes(many)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnAccountIsChangedAndWhatIsNotGivenStays(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(manager)
		c.as(customerA)
		first := boss.change(customerA, vars{"phone": "+49301234567", "unitId": c.north, "locale": "pl", "givenName": " Anna  Maria "}).ok().
			want("updateUser.user.phone", `"+49301234567"`).want("updateUser.user.organizationalUnit.name", `"North"`).
			want("updateUser.user.firstName.firstName", `"Anna Maria"`).want("updateUser.user.surname.surname", `"Family customer.a"`)
		version := first.at("updateUser.user.version")
		second := boss.change(customerA, vars{"phone": nil, "expectedVersion": version}).ok().
			want("updateUser.user.phone", `null`).want("updateUser.user.organizationalUnit.name", `"North"`).want("updateUser.user.locale", `"pl"`)
		boss.change(customerA, vars{"phone": "+49301234568", "expectedVersion": version}).refused("CONFLICT")
		boss.change(customerA, vars{"unitId": nil, "surname": nil, "expectedVersion": second.at("updateUser.user.version")}).ok().
			want("updateUser.user.organizationalUnit", `null`).want("updateUser.user.surname", `null`)

		// Of several who have read the same, one writes.
		version = boss.change(customerA, vars{"surname": "Person"}).ok().at("updateUser.user.version")
		answers := together(8, func(int) *answer { return boss.change(customerA, vars{"locale": "fr", "expectedVersion": version}) })
		if diff := cmp.Diff(map[string]int{"": 1, "CONFLICT": 7}, outcomes(answers)); diff != "" {
			t.Error(diff)
		}

		// A new address is nobody's until it is shown to be.
		if _, err := c.app.Store.DB.Write.Exec(`UPDATE users SET email_verified_at = created_at WHERE username = 'customer.a'`); err != nil {
			t.Fatal(err)
		}
		boss.change(customerA, vars{"locale": "en"}).ok().want("updateUser.user.emailVerifiedAt", `"2030-01-07T08:00:00Z"`)
		boss.change(customerA, vars{"email": "elsewhere@example.org"}).ok().want("updateUser.user.emailVerifiedAt", `null`)
		c.anyone().login("elsewhere@example.org", password).ok()
		c.anyone().login("customer.a@example.org", password).refused("INVALID_CREDENTIALS")
	})
}

func TestPeopleChangeWhatIsSaidAboutThemAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		read := me.profile(vars{"givenName": "Anne", "phone": "+49301234567", "timezone": "Europe/Berlin", "locale": "de"}).ok().
			want("updateProfile.viewer.user.firstName.firstName", `"Anne"`).want("updateProfile.viewer.user.timezone", `"Europe/Berlin"`)
		version := read.at("updateProfile.viewer.user.version")
		me.profile(vars{"phone": nil, "expectedVersion": version}).ok().want("updateProfile.viewer.user.phone", `null`).
			want("updateProfile.viewer.user.locale", `"de"`)
		me.profile(vars{"phone": "+49301234567", "expectedVersion": version}).refused("CONFLICT")
		c.anyone().profile().refused("UNAUTHENTICATED")

		// Nor do administrators, by the verb for accounts.
		boss := c.as(manager)
		boss.change(manager, vars{"locale": "de"}).ok()
		for name, value := range (vars{"username": "another", "email": "another@example.org", "unitId": c.north, "sexId": nil}) {
			boss.change(manager, vars{name: value}).refused("FORBIDDEN")
		}
	})
}

func TestALockedAccountIsShutAtOnceUntilItIsUnlocked(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for shut, opened := range map[string]string{"lockUser": "unlockUser", "deactivateUser": "reactivateUser"} {
			boss, me, other := c.as(manager), c.signIn(customerA, password), c.signIn(customerA, password)
			boss.state(shut, customerA).ok()
			boss.state(shut, customerA).refused("INVALID_TRANSITION")
			for _, mine := range []*client{me, other} {
				mine.do(whoAmI).refused("UNAUTHENTICATED")
				c.anyone().renew(mine.refresh).refused("UNAUTHENTICATED")
			}
			c.anyone().login(customerA, password).refused("INVALID_CREDENTIALS")
			boss.state(opened, customerA).ok().want(opened+".user.isActive", `true`).want(opened+".user.isLocked", `false`).want(opened+".user.lockReason", `null`)
			// What had ended stays so.
			me.do(whoAmI).refused("UNAUTHENTICATED")
			c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
			c.signIn(customerA, password).do(whoAmI).ok()
		}
		c.as(manager).state("reactivateUser", customerA).refused("INVALID_TRANSITION")
		c.as(admin).do(`{ auditLogs(where: {event: "USER_LOCK"}) { totalCount edges { node { actor details subjectId } } } }`).ok().
			want("auditLogs.totalCount", `1`).want("auditLogs.edges.0.node.details", `"told so"`).want("auditLogs.edges.0.node.subjectId", `"`+c.users[customerA]+`"`)
		if n := c.count(`SELECT count(*) FROM refresh_tokens r JOIN users u ON u.id = r.user_id WHERE u.username = 'customer.a' AND r.used_at IS NULL AND r.revoked_at IS NULL`); n != 1 {
			t.Errorf("%d live refresh tokens, want that of the last sign-in", n)
		}
	})
}

func TestADeletedAccountFreesItsNameAndItsHistoryStays(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, me := c.as(admin), c.as(customerA)
		booked := me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok().text("bookAppointment.booking.id")
		boss.grant(customerA, "directory:read", true).ok()
		c.as(manager).state("deleteUser", customerA).refused("FORBIDDEN") // has no such permission
		boss.state("deleteUser", customerA).ok().want("deleteUser.deletedId", `"`+c.users[customerA]+`"`)
		me.do(whoAmI).refused("UNAUTHENTICATED")
		c.anyone().renew(me.refresh).refused("UNAUTHENTICATED")
		c.anyone().login(customerA, password).refused("INVALID_CREDENTIALS")
		for _, verb := range states {
			boss.state(verb, customerA).refused("NOT_FOUND")
		}
		boss.do(`query($id: ID!) { user(id: $id) { id } }`, vars{"id": c.users[customerA]}).refused("NOT_FOUND")
		boss.do(`query($id: ID!) { booking(id: $id) { status createdBy customer { number account { id } } } }`, vars{"id": booked}).ok().
			want("booking.customer.account", `null`).want("booking.createdBy", `"`+c.users[customerA]+`"`)
		boss.do(`query($id: ID!) { operationLogs(first: 100, where: {entityType: "Booking", entityId: $id}) { edges { node { actor user { id } } } } }`, vars{"id": booked}).ok().
			want("operationLogs.edges.0.node", `{"actor":"customer.a","user":null}`)
		for table, want := range map[string]int{"user_roles": 0, "user_permissions": 0, "enhanced_user_sessions": 1} {
			if n := c.count(`SELECT count(*) FROM ` + table + ` WHERE user_id = '` + c.users[customerA] + `'`); n != want {
				t.Errorf("%d rows in %s, want %d", n, table, want)
			}
		}
		if n := c.count(`SELECT count(*) FROM users WHERE username = 'customer.a' AND password_hash = '' AND retention_until > deleted_at`); n != 1 {
			t.Error("the row of the deleted account is not as it should be")
		}
		if n := c.count(`SELECT count(*) FROM enhanced_user_sessions WHERE user_id = '` + c.users[customerA] + `' AND status = 'ACTIVE'`); n != 0 {
			t.Errorf("%d sessions are alive", n)
		}
		// Somebody else may have the name now, and has nothing of the first.
		c.anyone().join("Customer.A").ok()
		c.signIn(customerA, newPassword).do(`query($id: ID!) { booking(id: $id) { id } }`, vars{"id": booked}).refused("NOT_FOUND")
	})
}

func TestAnAdministratorHasAPasswordChangedAndNeverLearnsIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.as(customerA)
		c.as(manager).state("requirePasswordChange", customerA).ok().want("requirePasswordChange.user.mustChangePassword", `true`)
		me.do(whoAmI).refused("UNAUTHENTICATED")
		if n := c.count(`SELECT count(*) FROM outbox_messages WHERE recipient = 'customer.a@example.org' AND template = 'reset-password'`); n != 1 {
			t.Errorf("%d messages with a link", n)
		}
		again := c.signIn(customerA, password)
		again.do(`{ bookings { totalCount } }`).refused("PASSWORD_CHANGE_REQUIRED")
		again = c.holding(again.newPassword(password, newPassword).ok(), "changePassword")
		again.do(`{ bookings { totalCount } }`).ok()
	})
}

func TestWhoIsShutOutAfterFailedSignInsIsLetInAgain(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for range 6 {
			c.anyone().login(customerB, "not the password").refused("INVALID_CREDENTIALS")
		}
		c.anyone().login(customerB, password).refused("INVALID_CREDENTIALS")
		c.as(manager).state("unlockUser", customerB).ok().want("unlockUser.user.lockedUntil", `null`).want("unlockUser.user.failedLoginAttempts", `0`)
		c.anyone().login(customerB, password).ok()
	})
}

func TestNobodyShutsTheirOwnAccountOrOneThatMayDoMore(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.as(admin).grant(manager, "user:delete", true).ok()
		for _, verb := range states {
			c.as(manager).state(verb, manager).refused("FORBIDDEN")
			c.as(manager).state(verb, admin).refused("FORBIDDEN")
			c.as(manager).state(verb, doctorNorth).refused("FORBIDDEN") // who reads notes
			c.as(admin).state(verb, missing(ent.TypeUser)).refused("NOT_FOUND")
			c.as(admin).state(verb, missing(ent.TypeBooking)).refused("NOT_FOUND")
			c.as(customerA).state(verb, customerB).refused("FORBIDDEN")
		}
		c.as(manager).change(admin, vars{"email": "mine@example.org"}).refused("FORBIDDEN")
		c.as(manager).change(doctorNorth, vars{"email": "mine@example.org"}).refused("FORBIDDEN")

		// A permission of the unit ends with it; who is not seen is not there.
		for _, p := range []string{"user:lock", "user:update", "user:delete"} {
			c.as(admin).grant(staffNorth, p, true, vars{"scope": "UNIT"}).ok()
		}
		lead := c.as(staffNorth)
		lead.state("lockUser", staffSouth).refused("NOT_FOUND")
		c.as(admin).grant(staffNorth, "user:read", true).ok()
		lead.state("lockUser", staffSouth).refused("FORBIDDEN")
		lead.state("deleteUser", staffSouth).refused("FORBIDDEN")
		lead.change(staffSouth, vars{"locale": "de"}).refused("FORBIDDEN")
		near := c.as(admin).newUser("near.one", vars{"unitId": c.north}).ok().text("createUser.user.id")
		lead.change(near, vars{"unitId": c.south}).refused("FORBIDDEN")
		lead.change(near, vars{"unitId": nil}).refused("FORBIDDEN")
		lead.state("lockUser", near).ok()
		c.as(admin).do(`{ auditLogs(where: {event: "USER_LOCK_ERROR", actor: "staff.north"}) { totalCount } }`).ok().want("auditLogs.totalCount", `2`)
	})
}

// TestTwoAdministratorsWhoShutEachOtherLeaveOne: the last who may give roles
// stays, however close the race.
func TestTwoAdministratorsWhoShutEachOtherLeaveOne(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for _, login := range []string{manager, c.first.Login} {
			c.as(admin).state("deactivateUser", c.userByLogin(login)).ok()
		}
		back := map[string]string{"lockUser": "unlockUser", "deactivateUser": "reactivateUser", "deleteUser": ""}
		for _, verb := range []string{"lockUser", "deactivateUser", "lockUser", "deactivateUser", "deleteUser"} {
			clients, pair := []*client{c.signIn(admin, password), c.signIn(otherAdmin, password)}, []string{otherAdmin, admin}
			answers := together(2, func(i int) *answer { return clients[i].state(verb, pair[i]) })
			// The loser's session has ended, or it was refused as the last one's would be.
			if outcomes(answers)[""] != 1 {
				t.Fatalf("%s: %s %s", verb, answers[0].body, answers[1].body)
			}
			for i, a := range answers {
				if a.code() == "" && back[verb] != "" {
					clients[i].state(back[verb], pair[i]).ok()
				}
				if code := a.code(); code != "" && code != "CONFLICT" && code != "UNAUTHENTICATED" {
					t.Errorf("%s: %s", verb, a.body)
				}
			}
		}
	})
}

func TestTheFlagOfCustomersFollowsWhatMakesOne(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		is := func(login, want string) {
			t.Helper()
			c.as(admin).do(`query($id: ID!) { user(id: $id) { isCustomer } }`, vars{"id": c.id(login)}).ok().want("user.isCustomer", want)
		}
		is(staffNorth, `false`)
		c.as(admin).assign(staffNorth, c.roles["customer"]).ok()
		is(staffNorth, `true`)
		c.as(admin).revoke(staffNorth, c.roles["customer"]).ok()
		is(staffNorth, `false`)
		c.as(admin).revoke(customerA, c.roles["customer"]).ok()
		is(customerA, `true`) // has a profile
	})
}
