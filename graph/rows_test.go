package graph_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreviewitem"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/ent/order"
	"clinicgraph/ent/outboxmessage"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/ent/paymenttransaction"
	"clinicgraph/ent/pointsentry"
	"clinicgraph/ent/product"
	"clinicgraph/ent/ratelimitlog"
	"clinicgraph/ent/resourceclaim"
	"clinicgraph/ent/reward"
	"clinicgraph/ent/rewardredemption"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/signingkey"
	"clinicgraph/internal/ids"
)

// dawn is when the oldest row was made.
var dawn = time.Date(2030, 1, 7, 8, 0, 0, 0, time.UTC)

// id is that of the nth row of a kind: the higher, the newer.
func id(k ids.Kind, n int) uuid.UUID {
	made := ids.NewAt(k, dawn.Add(time.Duration(n)*time.Millisecond))
	made[8] = 0x80
	clear(made[9:])
	return made
}

// The builders below have what a row must have; n is its number.

func newUser(c *ent.Client, n int) *ent.UserCreate {
	name := fmt.Sprintf("user-%d", n)
	return c.User.Create().SetID(id(ids.User, n)).SetUsername(name).SetUsernameKey(name).SetEmail(name + "@example.org").SetEmailKey(name + "@example.org")
}

func newUnit(c *ent.Client, n int) *ent.OrganizationalUnitCreate {
	return c.OrganizationalUnit.Create().SetID(id(ids.OrganizationalUnit, n)).SetName(fmt.Sprintf("unit-%d", n))
}

func newCustomer(c *ent.Client, n int) *ent.CustomerCreate {
	return c.Customer.Create().SetID(id(ids.Customer, n)).SetNumber(fmt.Sprintf("C-%d", n))
}

func newBooking(c *ent.Client, n, customer int) *ent.BookingCreate {
	return c.Booking.Create().SetID(id(ids.Booking, n)).SetNumber(fmt.Sprintf("B-%d", n)).SetCustomerID(id(ids.Customer, customer)).
		SetStatus(booking.StatusPending).SetSource(booking.SourceOnline).
		SetStartsAt(dawn).SetEndsAt(dawn.Add(24 * time.Hour)).SetTotalAmount(int64(n)).SetCurrency("EUR")
}

// newAppointment belongs to the nth booking and customer, and to the nth
// practitioner's account.
func newAppointment(c *ent.Client, n int) *ent.AppointmentCreate {
	end := dawn.Add(time.Hour)
	return c.Appointment.Create().SetID(id(ids.Appointment, n)).
		SetBookingID(id(ids.Booking, n)).SetCustomerID(id(ids.Customer, n)).SetServiceID(id(ids.Product, n)).
		SetPractitionerID(id(ids.PractitionerProfile, n)).SetPractitionerUserID(id(ids.User, n)).
		SetStatus(appointment.StatusScheduled).SetStartsAt(dawn).SetEndsAt(end).SetBusyFrom(dawn).SetBusyTo(end)
}

func newProduct(c *ent.Client, n int) *ent.ProductCreate {
	return c.Product.Create().SetID(id(ids.Product, n)).SetSku(fmt.Sprintf("SKU-%d", n)).SetName(fmt.Sprintf("product-%d", n)).
		SetKind(product.KindService).SetPriceAmount(100).SetCurrency("EUR")
}

func newPractitioner(c *ent.Client, n int) *ent.PractitionerProfileCreate {
	return c.PractitionerProfile.Create().SetID(id(ids.PractitionerProfile, n)).SetUserID(id(ids.User, n)).SetDisplayName(fmt.Sprintf("practitioner-%d", n))
}

func newRole(c *ent.Client, n int) *ent.RoleCreate {
	return c.Role.Create().SetID(id(ids.Role, n)).SetName(fmt.Sprintf("role-%d", n))
}

func newUserRole(c *ent.Client, n, user, role int) *ent.UserRoleCreate {
	return c.UserRole.Create().SetID(id(ids.UserRole, n)).SetUserID(id(ids.User, user)).SetRoleID(id(ids.Role, role)).SetAssignedAt(dawn)
}

func newOrder(c *ent.Client, n, customer int) *ent.OrderCreate {
	return c.Order.Create().SetID(id(ids.Order, n)).SetNumber(fmt.Sprintf("O-%d", n)).SetCustomerID(id(ids.Customer, customer)).
		SetStatus(order.StatusPlaced).SetTotalAmount(4321).SetTaxAmount(321).SetCapturedAmount(21).SetCurrency("EUR")
}

// estate makes one row of every entity, each the nth, all hanging on the nth user
// and unit.
func estate(ctx context.Context, c *ent.Client, n int) {
	people(ctx, c, n)
	offer(ctx, c, n)
	business(ctx, c, n)
}

func people(ctx context.Context, c *ent.Client, n int) {
	user, name := id(ids.User, n), fmt.Sprintf("bearer-%d", n)
	newUnit(c, n).SaveX(ctx)
	c.Sex.Create().SetID(id(ids.Sex, n)).SetSex(name).SaveX(ctx)
	c.GivenName.Create().SetID(id(ids.GivenName, n)).SetFirstName(name).SaveX(ctx)
	c.Surname.Create().SetID(id(ids.Surname, n)).SetSurname(name).SaveX(ctx)
	newUser(c, n).SetOrganizationalUnitID(id(ids.OrganizationalUnit, n)).SetFirstNameID(id(ids.GivenName, n)).SetSurnameID(id(ids.Surname, n)).SetSexID(id(ids.Sex, n)).SaveX(ctx)
	newCustomer(c, n).SetAccountID(user).SetUnitID(id(ids.OrganizationalUnit, n)).SetGivenNameID(id(ids.GivenName, n)).SetSurnameID(id(ids.Surname, n)).SetSexID(id(ids.Sex, n)).
		SetNotes("notes-canary").SetPhone("phone-canary").SaveX(ctx)
	newRole(c, n).SaveX(ctx)
	permission := fmt.Sprintf("thing:verb%d", n)
	c.Permission.Create().SetID(id(ids.Permission, n)).SetName(permission).SaveX(ctx)
	c.RolePermission.Create().SetID(id(ids.RolePermission, n)).SetRoleID(id(ids.Role, n)).SetPermissionID(id(ids.Permission, n)).SetPermission(permission).SaveX(ctx)
	newUserRole(c, n, n, n).SaveX(ctx)
	c.UserPermission.Create().SetID(id(ids.UserPermission, n)).SetUserID(user).SetPermissionID(id(ids.Permission, n)).SetPermission(permission).SetAllowed(true).SaveX(ctx)
	c.UserSession.Create().SetID(id(ids.UserSession, n)).SetUserID(user).SetAuthenticatedAt(dawn).SetLastActivityAt(dawn).SetIdleExpiresAt(dawn).SetExpiresAt(dawn).SaveX(ctx)
	c.RefreshToken.Create().SetID(id(ids.RefreshToken, n)).SetUserID(user).SetSessionID(id(ids.UserSession, n)).SetTokenHash([]byte(name)).SetGeneration(1).SetExpiresAt(dawn).SaveX(ctx)
	c.AuditLog.Create().SetID(id(ids.AuditLog, n)).SetEvent("LOGIN").SetUserID(user).SetActor(name).SetSuccess(true).SaveX(ctx)
	c.OperationLog.Create().SetID(id(ids.OperationLog, n)).SetUserID(user).SetActor(name).SetAction("CREATE").SetEntityType("User").SetEntityID(user).SaveX(ctx)
	c.Notification.Create().SetID(id(ids.Notification, n)).SetUserID(user).SetKind(notification.KindBookingConfirmed).SetSubjectID(id(ids.Booking, n)).SaveX(ctx)
	c.AccessReview.Create().SetID(id(ids.AccessReview, n)).SetName(name).SetReviewerID(user).SetDueAt(dawn).SaveX(ctx)
	c.AccessReviewItem.Create().SetID(id(ids.AccessReviewItem, n)).SetReviewID(id(ids.AccessReview, n)).SetKind(accessreviewitem.KindRole).
		SetUserID(user).SetUsername(name).SetGrants("role").SetGrantedAt(dawn).SetUserRoleID(id(ids.UserRole, n)).SaveX(ctx)
	identity(ctx, c, n)
	c.IdempotencyKey.Create().SetID(id(ids.IdempotencyKey, n)).SetUserID(user).SetOperation("book").SetKey(name).SetRequestHash([]byte(name)).SetResult(map[string]any{}).SetExpiresAt(dawn).SaveX(ctx)
}

// identity makes what hangs on an account besides its sessions.
func identity(ctx context.Context, c *ent.Client, n int) {
	user, secret := id(ids.User, n), []byte(fmt.Sprintf("secret-%d", n))
	c.SessionLog.Create().SetID(id(ids.SessionLog, n)).SetUserID(user).SetSessionID(id(ids.UserSession, n)).SetEvent(sessionlog.EventLogin).SaveX(ctx)
	c.BlacklistedToken.Create().SetID(id(ids.BlacklistedToken, n)).SetUserID(user).SetKind(blacklistedtoken.KindToken).SetTokenHash(secret).
		SetReason(blacklistedtoken.ReasonLogout).SetRevokedAt(dawn).SetExpiresAt(dawn).SaveX(ctx)
	c.PasswordHistory.Create().SetID(id(ids.PasswordHistory, n)).SetUserID(user).SetPasswordHash("hash-canary").SetChangedAt(dawn).SaveX(ctx)
	c.RateLimitLog.Create().SetID(id(ids.RateLimitLog, n)).SetUserID(user).SetScope(ratelimitlog.ScopeAccount).SetKey(user.String()).SetAction("login").
		SetAttempts(6).SetWindowStart(dawn).SetWindowEnd(dawn).SetLastAttemptAt(dawn).SetBlockedUntil(dawn).SaveX(ctx)
	c.OneTimeToken.Create().SetID(id(ids.OneTimeToken, n)).SetUserID(user).SetPurpose(onetimetoken.PurposeVerifyEmail).SetTokenHash(secret).SetExpiresAt(dawn).SaveX(ctx)
	c.SigningKey.Create().SetID(id(ids.SigningKey, n)).SetKid(fmt.Sprintf("kid-%d", n)).SetState(signingkey.StateRetired).SetPublicKey(secret).SaveX(ctx)
	c.Authenticator.Create().SetID(id(ids.Authenticator, n)).SetUserID(user).SetKind(authenticator.KindTotp).SetName("app").SaveX(ctx)
	c.RecoveryCode.Create().SetID(id(ids.RecoveryCode, n)).SetUserID(user).SetCodeHash(secret).SaveX(ctx)
	c.ApiToken.Create().SetID(id(ids.ApiToken, n)).SetUserID(user).SetName("program").SetHint("abcd").SetTokenHash(secret).SetScopes([]string{"booking:read"}).SetExpiresAt(dawn).SaveX(ctx)
	c.OutboxMessage.Create().SetID(id(ids.OutboxMessage, n)).SetUserID(user).SetChannel(outboxmessage.ChannelEmail).SetTemplate("verify").SetRecipient("somebody@example.com").SetNextAttemptAt(dawn).SaveX(ctx)
}

func offer(ctx context.Context, c *ent.Client, n int) {
	newProduct(c, n).SaveX(ctx)
	c.ServiceSetting.Create().SetID(id(ids.ServiceSetting, n)).SetProductID(id(ids.Product, n)).SetDurationMinutes(30).SaveX(ctx)
	newPractitioner(c, n).SetUnitID(id(ids.OrganizationalUnit, n)).SaveX(ctx)
	c.PractitionerService.Create().SetID(id(ids.PractitionerService, n)).SetPractitionerID(id(ids.PractitionerProfile, n)).SetServiceID(id(ids.Product, n)).SaveX(ctx)
	newHours(c, n, n).SaveX(ctx)
	c.Reward.Create().SetID(id(ids.Reward, n)).SetName(fmt.Sprintf("reward-%d", n)).SetKind(reward.KindGift).SetCostPoints(10).SetValueAmount(654).SetCurrency("EUR").SaveX(ctx)
}

func newHours(c *ent.Client, n, practitioner int) *ent.WorkingHoursCreate {
	return c.WorkingHours.Create().SetID(id(ids.WorkingHours, n)).SetPractitionerID(id(ids.PractitionerProfile, practitioner)).SetWeekday(1).SetStartsAt(540).SetEndsAt(1020)
}

func business(ctx context.Context, c *ent.Client, n int) {
	customer, unit := id(ids.Customer, n), id(ids.OrganizationalUnit, n)
	newBooking(c, n, n).SetUnitID(unit).SaveX(ctx)
	newAppointment(c, n).SetUnitID(unit).SetNotes("notes-canary").SaveX(ctx)
	c.ResourceClaim.Create().SetID(id(ids.ResourceClaim, n)).SetResourceKind(resourceclaim.ResourceKindCustomer).SetResourceID(customer).SetBusyFrom(dawn).SetBusyTo(dawn.Add(time.Hour)).SetAppointmentID(id(ids.Appointment, n)).SaveX(ctx)
	newOrder(c, n, n).SetBookingID(id(ids.Booking, n)).SetUnitID(unit).SaveX(ctx)
	c.OrderItem.Create().SetID(id(ids.OrderItem, n)).SetOrderID(id(ids.Order, n)).SetProductID(id(ids.Product, n)).SetName("item").SetQuantity(3).
		SetUnitPriceAmount(1440).SetTotalAmount(4320).SetTaxAmount(320).SetCurrency("EUR").SaveX(ctx)
	c.OrderEvent.Create().SetID(id(ids.OrderEvent, n)).SetOrderID(id(ids.Order, n)).SetType("PLACED").SetToStatus("PLACED").SetActor("test").SaveX(ctx)
	c.PaymentMethod.Create().SetID(id(ids.PaymentMethod, n)).SetKind(paymentmethod.KindTest).SetLabel("method").SetCustomerID(customer).SetProviderToken("token-canary").SaveX(ctx)
	c.PaymentTransaction.Create().SetID(id(ids.PaymentTransaction, n)).SetOrderID(id(ids.Order, n)).SetBookingID(id(ids.Booking, n)).SetCustomerID(customer).SetMethodID(id(ids.PaymentMethod, n)).SetUnitID(unit).
		SetKind(paymenttransaction.KindCharge).SetStatus(paymenttransaction.StatusCaptured).SetAmountMinor(21).SetCurrency("EUR").SaveX(ctx)
	c.PointsAccount.Create().SetID(id(ids.PointsAccount, n)).SetCustomerID(customer).SetBalance(5).SaveX(ctx)
	c.PointsEntry.Create().SetID(id(ids.PointsEntry, n)).SetAccountID(id(ids.PointsAccount, n)).SetDelta(5).SetBalanceAfter(5).SetReason(pointsentry.ReasonEarned).SaveX(ctx)
	c.RewardRedemption.Create().SetID(id(ids.RewardRedemption, n)).SetRewardID(id(ids.Reward, n)).SetCustomerID(customer).SetAccountID(id(ids.PointsAccount, n)).
		SetStatus(rewardredemption.StatusIssued).SetCostPoints(10).SetCode(fmt.Sprintf("code-%d", n)).SaveX(ctx)
}
