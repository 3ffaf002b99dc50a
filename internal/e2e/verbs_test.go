package e2e

// The verbs of the graph as the stories use them. More is one more line of the
// input, such as an idempotency key.

func (cl *client) book(service, practitioner string, startsAt any, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation bookAppointment($in: BookAppointmentInput!) { bookAppointment(input: $in) {
		booking { id number status source version startsAt endsAt holdExpiresAt }
		appointment { id status }
		order { id status chargeStatus total { amount currency } }
	} }`, input(vars{"serviceId": service, "practitionerId": practitioner, "startsAt": startsAt}, more))
}

func (cl *client) pay(order string, amount int, method string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation capturePayment($in: CapturePaymentInput!) { capturePayment(input: $in) {
		transaction { id status } order { id status chargeStatus captured { amount } } booking { id status holdExpiresAt }
	} }`, input(vars{"orderId": order, "amount": amount, "method": method}, more))
}

func (cl *client) redeem(reward string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation redeemReward($in: RedeemRewardInput!) { redeemReward(input: $in) {
		redemption { id status costPoints code } pointsAccount { balance }
	} }`, input(vars{"rewardId": reward}, more))
}

func (cl *client) cancel(booking string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation cancelBooking($in: CancelBookingInput!) { cancelBooking(input: $in) {
		booking { id status version cancelReason cancelledAt }
	} }`, input(vars{"id": booking}, more))
}

// input joins the lines of an input into the variable $in.
func input(lines vars, more []vars) vars {
	for _, m := range more {
		for name, value := range m {
			lines[name] = value
		}
	}
	return vars{"in": lines}
}

// newPassword is that of everybody who joins in a story.
const newPassword = "seven green umbrellas"

// join makes an account.
func (cl *client) join(username string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation register($in: RegisterInput!) { register(input: $in) { session { accessToken refreshToken viewer { user { id username } customers { id } } } } }`, input(vars{
		"username": username, "email": username + "@example.org", "password": newPassword, "givenName": "Some", "surname": "Body"}, more))
}

func (cl *client) login(login, password string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation login($in: LoginInput!) { login(input: $in) { accessToken accessTokenExpiresAt refreshToken deviceToken viewer { user { username } mustChangePassword } } }`,
		input(vars{"login": login, "password": password, "deviceName": "story"}, nil))
}

// renew exchanges a refresh token.
func (cl *client) renew(token string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation refreshSession($in: RefreshSessionInput!) { refreshSession(input: $in) { accessToken refreshToken viewer { user { username } } } }`,
		input(vars{"refreshToken": token}, nil))
}

func (cl *client) newPassword(old, next string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation changePassword($in: ChangePasswordInput!) { changePassword(input: $in) { accessToken refreshToken } }`,
		input(vars{"currentPassword": old, "newPassword": next}, nil))
}

// grant allows or denies a permission to a user directly.
func (cl *client) grant(user, permission string, allowed bool, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation setUserPermission($in: SetUserPermissionInput!) { setUserPermission(input: $in) {
		userPermission { id permission allowed scope validFrom expiresAt reason user { id } }
	} }`, input(vars{"userId": cl.c.id(user), "permission": permission, "allowed": allowed, "reason": "story"}, more))
}

func (cl *client) ungrant(user, permission string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation removeUserPermission($in: RemoveUserPermissionInput!) { removeUserPermission(input: $in) { user { id } } }`,
		input(vars{"userId": cl.c.id(user), "permission": permission, "reason": "story"}, nil))
}

func (cl *client) createRole(name string, permissions ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation createRole($in: CreateRoleInput!) { createRole(input: $in) { role { id name version isSystem rolePermissions { permission scope } } } }`,
		input(vars{"name": name, "description": "story", "permissions": permissions}, nil))
}

func (cl *client) setRole(role string, permissions []vars, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation setRolePermissions($in: SetRolePermissionsInput!) { setRolePermissions(input: $in) { role { id version rolePermissions { permission scope } } } }`,
		input(vars{"roleId": role, "permissions": permissions}, more))
}

func (cl *client) assign(user, role string, more ...vars) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation assignRole($in: AssignRoleInput!) { assignRole(input: $in) { userRole { id validFrom expiresAt reason role { name } user { username } } } }`,
		input(vars{"userId": cl.c.id(user), "roleId": role, "reason": "story"}, more))
}

func (cl *client) revoke(user, role string) *answer {
	cl.c.t.Helper()
	return cl.do(`mutation revokeRole($in: RevokeRoleInput!) { revokeRole(input: $in) { user { id } } }`,
		input(vars{"userId": cl.c.id(user), "roleId": role, "reason": "story"}, nil))
}

// id gives the id of a user by login; an id stands for itself.
func (c *clinic) id(login string) string {
	if id, ok := c.users[login]; ok {
		return id
	}
	return login
}

// may is one permission of a role.
func may(permission, scope string) vars { return vars{"permission": permission, "scope": scope} }
