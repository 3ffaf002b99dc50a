package guard

import (
	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// Words says of an entity which rows the scopes OWN and UNIT of a permission show;
// UNIT shows those of OWN as well, and ANY all. Where both are empty any scope shows
// all rows. A test holds it against the rules; the docs print it.
type Words struct{ Entity, Permission, Own, Unit string }

// InWords lists the row rules of the entities behind a permission, in the order of
// the rules.
func InWords() []Words {
	const of, users = "one's own", "those of the unit's users"
	const orders, unit = "those of one's profiles, and of bookings that one treats", "those of the unit"
	return []Words{
		{ent.TypeProduct, access.ProductRead, "", ""},
		{ent.TypeServiceSetting, access.ProductRead, "", ""},
		{ent.TypePractitionerProfile, access.PractitionerRead, "", ""},
		{ent.TypeWorkingHours, access.PractitionerRead, "", ""},
		{ent.TypeReward, access.RewardRead, "", ""},
		{ent.TypeRole, access.RoleRead, "", ""},
		{ent.TypeRolePermission, access.RoleRead, "", ""},
		{ent.TypePermission, access.PermissionRead, "", ""},
		{ent.TypeOrganizationalUnit, access.UnitRead, "one's unit and those below it", "the same"},
		{ent.TypeUser, access.UserRead, "oneself", "the users of the unit"},
		{ent.TypeUserRole, access.RoleRead, of, users},
		{ent.TypeUserPermission, access.PermissionRead, of, users},
		{ent.TypeAccessReview, access.AccessReviewRead, "those that ask about oneself", "those that ask about the unit's users"},
		{ent.TypeAccessReviewItem, access.AccessReviewRead, "those about oneself", "those about the unit's users"},
		{ent.TypeUserSession, access.SessionRead, of, users},
		{ent.TypeRefreshToken, access.SessionRead, of, users},
		{ent.TypeBlacklistedToken, access.SessionRead, of, users},
		{ent.TypePasswordHistory, access.SessionRead, of, users},
		{ent.TypeSessionLog, access.SessionRead, "one's own, and what was done in one's name", users},
		{ent.TypeAuthenticator, access.SessionRead, of, users},
		{ent.TypeApiToken, access.SessionRead, of, users},
		{ent.TypeRateLimitLog, access.RateLimitRead, of, users},
		{ent.TypeAuditLog, access.AuditLogRead, "what one did", "what the unit's users did"},
		{ent.TypeOperationLog, access.OperationLogRead, "what one did", "what the unit's users did"},
		{ent.TypeCustomer, access.CustomerRead, "one's profiles, and whose appointments one holds, unless called off", "those at home in the unit or booked there"},
		{ent.TypeBooking, access.BookingRead, "those of one's profiles, and with one's appointments", unit},
		{ent.TypeAppointment, access.AppointmentRead, "those of one's profiles, and those that one holds", unit},
		{ent.TypeOrder, access.OrderRead, orders, unit},
		{ent.TypeOrderItem, access.OrderRead, orders, unit},
		{ent.TypeOrderEvent, access.OrderRead, orders, unit},
		{ent.TypePaymentTransaction, access.PaymentRead, "those of one's profiles", unit},
		{ent.TypePaymentMethod, access.PaymentRead, "the clinic's, and those of one's profiles", "those of customers at home in the unit"},
		{ent.TypePointsAccount, access.PointsRead, "those of one's profiles", "those of customers at home in the unit"},
		{ent.TypePointsEntry, access.PointsRead, "those of one's profiles", "those of customers at home in the unit"},
		{ent.TypeRewardRedemption, access.PointsRead, "those of one's profiles", "those of customers at home in the unit"},
	}
}
