package e2e

import (
	"cmp"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreviewitem"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/ent/outboxmessage"
	"clinicgraph/ent/product"
	"clinicgraph/ent/ratelimitlog"
	"clinicgraph/ent/reward"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/signingkey"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
)

// diary is a clinic in which two customers have done the same: booked, paid and
// redeemed. Near is customer A, who comes to the doctor in the north; far is
// customer B, who comes to the one in the south. Nothing of the one is the
// other's. Next is somebody who has walked in to another doctor in the north.
type diary struct {
	*clinic
	near, far, next visit
	newcomer        *client           // who must change the password
	gone            map[string]string // what is deleted, by entity; of what somebody owns, near's

	mu    sync.Mutex
	taken int // free times, half hours from Wednesday on
}

// visit is what one customer has done.
type visit struct {
	login, doctor, desk      string
	profile, booking, number string
	order, redemption        string
}

// withDiary lets the customers do their part.
func withDiary(t *testing.T, c *clinic) *diary {
	t.Helper()
	d := &diary{
		clinic: c, newcomer: c.signIn(c.first.Login, c.first.Password),
		near: visit{login: customerA, doctor: doctorNorth, desk: staffNorth},
		far:  visit{login: customerB, doctor: doctorSouth, desk: staffSouth},
		next: visit{doctor: doctorNext, desk: staffNorth},
	}
	for _, v := range []*visit{&d.near, &d.far, &d.next} {
		me := c.as(cmp.Or(v.login, v.desk))
		v.profile = c.profiles[v.login]
		booked := me.book(c.consultation, c.practitioners[v.doctor], at(9, 0),
			vars{"customerId": v.profile, "idempotencyKey": "diary", "notes": "Secret of " + cmp.Or(v.login, "next")}).ok()
		v.booking, v.order = booked.text("bookAppointment.booking.id"), booked.text("bookAppointment.order.id")
		v.number = booked.text("bookAppointment.booking.number")
		me.pay(v.order, 8000, "TEST").ok()
		v.redemption = me.redeem(c.sticker, vars{"customerId": v.profile}).ok().text("redeemReward.redemption.id")
		for _, login := range []string{v.login, v.doctor, v.desk} {
			if login == "" {
				continue
			}
			c.as(admin).grant(login, "role:create", false).ok() // a row, and nothing that they miss
			c.tell(login, v.booking)
			c.as(login)
			c.furnish(login)
		}
	}
	return d
}

// tell tells somebody that a booking is confirmed.
func (c *clinic) tell(login, booking string) {
	c.t.Helper()
	ctx := c.system()
	err := c.app.Store.InTx(ctx, func(client *ent.Client, _ *sql.Tx) error {
		return notifications.Tell(ctx, client, notifications.News{
			To: uuid.MustParse(c.users[login]), Kind: notification.KindBookingConfirmed, About: uuid.MustParse(booking),
		})
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// furnish leaves behind what hangs on an account only after long use, or after
// trouble.
func (c *clinic) furnish(login string) {
	c.t.Helper()
	ctx, user, now, once := c.system(), uuid.MustParse(c.users[login]), time.Now().UTC(), uuid.NewString()
	secret := []byte(once)
	err := c.app.Store.InTx(ctx, func(client *ent.Client, _ *sql.Tx) error {
		session, err := client.UserSession.Query().Where(usersession.UserID(user)).First(ctx)
		if err != nil {
			return err
		}
		review, err := client.AccessReview.Create().SetName("Review").SetDueAt(now).Save(ctx)
		if err != nil {
			return err
		}
		return errors.Join(
			client.AccessReviewItem.Create().SetReview(review).SetKind(accessreviewitem.KindRole).SetUserID(user).SetUsername(login).
				SetGrants("former").SetGrantedAt(now).Exec(ctx),
			client.SessionLog.Create().SetUserID(user).SetSession(session).SetEvent(sessionlog.EventLogin).Exec(ctx),
			client.BlacklistedToken.Create().SetUserID(user).SetKind(blacklistedtoken.KindToken).SetTokenHash(secret).
				SetReason(blacklistedtoken.ReasonLogout).SetRevokedAt(now).SetExpiresAt(now.Add(time.Minute)).Exec(ctx),
			client.PasswordHistory.Create().SetUserID(user).SetPasswordHash("former").SetChangedAt(now).Exec(ctx),
			client.RateLimitLog.Create().SetUserID(user).SetScope(ratelimitlog.ScopeAccount).SetKey(user.String()).SetAction("login").
				SetAttempts(6).SetWindowStart(now).SetWindowEnd(now).SetLastAttemptAt(now).SetBlockedUntil(now).Exec(ctx),
			client.OneTimeToken.Create().SetUserID(user).SetPurpose(onetimetoken.PurposeVerifyEmail).SetTokenHash(secret).SetExpiresAt(now).Exec(ctx),
			client.SigningKey.Create().SetKid(once).SetState(signingkey.StateRevoked).SetPublicKey(secret).Exec(ctx),
			client.Authenticator.Create().SetUserID(user).SetKind(authenticator.KindTotp).SetName("App").Exec(ctx), // not confirmed: counts for nothing
			client.RecoveryCode.Create().SetUserID(user).SetCodeHash(secret).Exec(ctx),
			client.ApiToken.Create().SetUserID(user).SetName("Program").SetHint("abcd").SetTokenHash(secret).SetScopes([]string{"booking:read"}).SetExpiresAt(now).Exec(ctx),
			client.OutboxMessage.Create().SetUserID(user).SetChannel(outboxmessage.ChannelEmail).SetTemplate("former").SetRecipient("somebody@example.com").
				SetStatus(outboxmessage.StatusSent).SetNextAttemptAt(now).Exec(ctx))
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// free gives a time at which nobody has an appointment, each time another one.
func (d *diary) free() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	const perDay = 16
	day := 8 + 1 + d.taken/perDay // January 9, a Wednesday
	for date := time.Date(2030, 1, 9, 0, 0, 0, 0, time.UTC); ; date = date.AddDate(0, 0, 1) {
		if wd := date.Weekday(); wd == time.Saturday || wd == time.Sunday {
			continue
		}
		if day--; day == 8 {
			start := date.Add(9*time.Hour + time.Duration(d.taken%perDay)*30*time.Minute)
			d.taken++
			return start
		}
	}
}

// kinds says where one object of each entity hangs on a visit: SQL that gives
// its id.
var kinds = map[string]string{
	ent.TypeUser:                `SELECT id FROM users WHERE username = '$login'`,
	ent.TypeUserSession:         `SELECT id FROM user_sessions WHERE user_id = '$user'`,
	ent.TypeRefreshToken:        `SELECT id FROM refresh_tokens WHERE user_id = '$user'`,
	ent.TypeUserRole:            `SELECT id FROM user_roles WHERE user_id = '$user'`,
	ent.TypeUserPermission:      `SELECT id FROM user_permissions WHERE user_id = '$user'`,
	ent.TypeAccessReview:        `SELECT review_id FROM access_review_items WHERE user_id = '$user'`,
	ent.TypeAccessReviewItem:    `SELECT id FROM access_review_items WHERE user_id = '$user'`,
	ent.TypeAuditLog:            `SELECT id FROM audit_logs WHERE user_id = '$user'`,
	ent.TypeOperationLog:        `SELECT id FROM operation_logs WHERE user_id = '$user'`,
	ent.TypeNotification:        `SELECT id FROM notifications WHERE user_id = '$user'`,
	ent.TypeSessionLog:          `SELECT id FROM session_logs WHERE user_id = '$user'`,
	ent.TypeBlacklistedToken:    `SELECT id FROM blacklisted_tokens WHERE user_id = '$user'`,
	ent.TypePasswordHistory:     `SELECT id FROM password_histories WHERE user_id = '$user'`,
	ent.TypeRateLimitLog:        `SELECT id FROM rate_limit_logs WHERE user_id = '$user'`,
	ent.TypeOneTimeToken:        `SELECT id FROM one_time_tokens WHERE user_id = '$user'`,
	ent.TypeAuthenticator:       `SELECT id FROM authenticators WHERE user_id = '$user'`,
	ent.TypeRecoveryCode:        `SELECT id FROM recovery_codes WHERE user_id = '$user'`,
	ent.TypeApiToken:            `SELECT id FROM api_tokens WHERE user_id = '$user'`,
	ent.TypeOutboxMessage:       `SELECT id FROM outbox_messages WHERE user_id = '$user'`,
	ent.TypeIdempotencyKey:      `SELECT id FROM idempotency_keys WHERE user_id = '$customer'`,
	ent.TypeCustomer:            `SELECT id FROM customers WHERE id = '$profile'`,
	ent.TypeGivenName:           `SELECT given_name_id FROM customers WHERE id = '$profile'`,
	ent.TypeSurname:             `SELECT surname_id FROM users WHERE username = '$login'`,
	ent.TypeBooking:             `SELECT id FROM bookings WHERE customer_id = '$profile'`,
	ent.TypeAppointment:         `SELECT id FROM appointments WHERE customer_id = '$profile'`,
	ent.TypeResourceClaim:       `SELECT id FROM resource_claims WHERE resource_id = '$profile'`,
	ent.TypeOrder:               `SELECT id FROM orders WHERE customer_id = '$profile'`,
	ent.TypeOrderItem:           `SELECT i.id FROM order_items i JOIN orders o ON o.id = i.order_id WHERE o.customer_id = '$profile'`,
	ent.TypeOrderEvent:          `SELECT e.id FROM order_events e JOIN orders o ON o.id = e.order_id WHERE o.customer_id = '$profile'`,
	ent.TypePaymentTransaction:  `SELECT id FROM payment_transactions WHERE customer_id = '$profile'`,
	ent.TypePointsAccount:       `SELECT id FROM points_accounts WHERE customer_id = '$profile'`,
	ent.TypePointsEntry:         `SELECT e.id FROM points_entries e JOIN points_accounts a ON a.id = e.account_id WHERE a.customer_id = '$profile'`,
	ent.TypeRewardRedemption:    `SELECT id FROM reward_redemptions WHERE customer_id = '$profile'`,
	ent.TypePractitionerProfile: `SELECT id FROM practitioner_profiles WHERE id = '$practitioner'`,
	ent.TypeWorkingHours:        `SELECT id FROM working_hours WHERE practitioner_id = '$practitioner'`,
	ent.TypePractitionerService: `SELECT id FROM practitioner_services WHERE practitioner_id = '$practitioner'`,
	ent.TypeOrganizationalUnit:  `SELECT unit_id FROM practitioner_profiles WHERE id = '$practitioner'`,

	// Of what nobody owns, any.
	ent.TypeProduct:        `SELECT id FROM products`,
	ent.TypeServiceSetting: `SELECT id FROM service_settings`,
	ent.TypeReward:         `SELECT id FROM rewards`,
	ent.TypeSex:            `SELECT id FROM sexes`,
	ent.TypePaymentMethod:  `SELECT id FROM payment_methods`,
	ent.TypeRole:           `SELECT id FROM roles`,
	ent.TypePermission:     `SELECT id FROM permissions`,
	ent.TypeRolePermission: `SELECT id FROM role_permissions`,
	ent.TypeSigningKey:     `SELECT id FROM signing_keys`,
}

// object gives an object of the entity that hangs on the visit. What belongs to
// an account is taken of the caller's, so that there is something of its own.
func (d *diary) object(entity string, v visit, login string) (id string) {
	d.t.Helper()
	question := strings.NewReplacer("$login", login, "$user", d.users[login], "$customer", d.users[v.login],
		"$profile", v.profile, "$practitioner", d.practitioners[v.doctor]).Replace(kinds[entity]) + " ORDER BY 1 LIMIT 1"
	if err := d.app.Store.DB.Read.QueryRow(question).Scan(&id); err != nil {
		d.t.Fatalf("%s: %v", question, err)
	}
	return id
}

// deleted gives an object that is deleted: of what somebody owns, the near
// customer's.
func (d *diary) deleted(entity string) (id string) {
	d.t.Helper()
	if d.gone == nil {
		made := d.as(d.near.login).book(d.chat, d.practitioners[d.near.doctor], d.free()).ok()
		d.gone = map[string]string{
			ent.TypeBooking: made.text("bookAppointment.booking.id"), ent.TypeAppointment: made.text("bookAppointment.appointment.id"),
			ent.TypeOrder: made.text("bookAppointment.order.id"), ent.TypeUser: d.anyone().join("gone.one").ok().text("register.session.viewer.user.id"),
			ent.TypeRole: d.as(admin).createRole("gone", may("product:read", "ANY")).ok().text("createRole.role.id"),

			ent.TypeOrganizationalUnit: d.as(admin).newUnit("Gone").ok().text("createOrganizationalUnit.organizationalUnit.id"),
		}
		d.makeUnowned()
		d.arrange(func(c *ent.Client) error {
			ctx := d.system()
			return errors.Join(
				c.Booking.UpdateOneID(uuid.MustParse(d.gone[ent.TypeBooking])).SetDeletedAt(opening).Exec(ctx),
				c.Appointment.UpdateOneID(uuid.MustParse(d.gone[ent.TypeAppointment])).SetDeletedAt(opening).Exec(ctx),
				c.Order.UpdateOneID(uuid.MustParse(d.gone[ent.TypeOrder])).SetDeletedAt(opening).Exec(ctx),
				c.User.UpdateOneID(uuid.MustParse(d.gone[ent.TypeUser])).SetDeletedAt(opening).Exec(ctx),
				c.Role.UpdateOneID(uuid.MustParse(d.gone[ent.TypeRole])).SetDeletedAt(opening).Exec(ctx),
				c.OrganizationalUnit.UpdateOneID(uuid.MustParse(d.gone[ent.TypeOrganizationalUnit])).SetDeletedAt(opening).Exec(ctx),
				c.Customer.UpdateOneID(uuid.MustParse(d.gone[ent.TypeCustomer])).SetDeletedAt(opening).Exec(ctx),
				c.Product.UpdateOneID(uuid.MustParse(d.gone[ent.TypeProduct])).SetDeletedAt(opening).Exec(ctx),
				c.Reward.UpdateOneID(uuid.MustParse(d.gone[ent.TypeReward])).SetDeletedAt(opening).Exec(ctx),
				c.PractitionerProfile.UpdateOneID(uuid.MustParse(d.gone[ent.TypePractitionerProfile])).SetDeletedAt(opening).Exec(ctx))
		})
	}
	return d.gone[entity]
}

// makeUnowned makes what is to be deleted of the clinic's own things, and a profile
// of the near customer beside the one that stays.
func (d *diary) makeUnowned() {
	d.t.Helper()
	ctx, deps, near, gone := d.system(), d.app.Seed, uuid.MustParse(d.users[d.near.login]), uuid.MustParse(d.gone[ent.TypeUser])
	profile, err1 := deps.Customers.Create(ctx, customers.Profile{Account: &near, GivenName: "Gone", Surname: "Person"})
	thing, err2 := deps.Catalog.CreateProduct(ctx, catalog.NewProduct{SKU: "GONE", Name: "Gone", Kind: product.KindGood, Price: money.Amount{Minor: 1, Currency: "EUR"}})
	gift, err3 := deps.Rewards.CreateReward(ctx, rewards.NewReward{Name: "Gone", Kind: reward.KindGift, CostPoints: 1, Value: money.Amount{Currency: "EUR"}})
	practitioner, err4 := deps.Scheduling.CreatePractitioner(ctx, scheduling.NewPractitioner{UserID: gone, DisplayName: "Gone", Timezone: "UTC"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		d.t.Fatal(err)
	}
	d.gone[ent.TypeCustomer], d.gone[ent.TypeProduct], d.gone[ent.TypeReward] = profile.ID.String(), thing.ID.String(), gift.ID.String()
	d.gone[ent.TypePractitionerProfile] = practitioner.ID.String()
}

// missing gives an id that nothing has.
func missing(entity string) string {
	kind, ok := ids.ParseKind(entity)
	if !ok {
		panic("no entity " + entity)
	}
	return ids.New(kind).String()
}
