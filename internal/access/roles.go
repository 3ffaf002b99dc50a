package access

import "slices"

// Role is a role that every clinic has, with what it permits.
type Role struct {
	Name        string
	Description string
	Grants      []RoleGrant
}

// RoleGrant is one permission of a role and how far it reaches.
type RoleGrant struct {
	Permission string // may be a wildcard, which only system roles may hold
	Scope      Scope
}

// The names of the system roles.
const (
	RoleAdmin    = "admin"
	RoleManager  = "manager"
	RoleStaff    = "staff"
	RoleDoctor   = "doctor"
	RoleCustomer = "customer"
)

// systemRoles is the table of the roles that every clinic starts with. The docs
// print it.
var systemRoles = []Role{
	{RoleAdmin, "Runs the system: everything.", []RoleGrant{{"*:*", ScopeAny}}},
	{RoleManager, "Runs the clinic: its business, its people and its records, but for the notes about patients.", at(ScopeAny,
		UserRead, UserReadPersonal, UserCreate, UserUpdate, UserLock, UserDeactivate, RoleRead, RoleCreate, RoleUpdate, RoleDelete, RoleAssign,
		PermissionRead, PermissionGrant, AccessReviewRead, AccessReviewDecide, SessionRead, SessionRevoke, RateLimitRead, UnitRead, UnitCreate, UnitUpdate, UnitDelete, DirectoryRead,
		CustomerRead, CustomerReadPersonal, CustomerReadDocument, CustomerCreate, CustomerUpdate, PractitionerRead, ProductRead,
		BookingRead, BookingCreate, BookingCancel, AppointmentRead, OrderRead, PaymentRead, PaymentCapture,
		PointsRead, RewardRead, RewardRedeem, OperationLogRead, AuditLogVerify)},
	{RoleStaff, "Front desk: the customers, and the bookings and payments of the own unit.", slices.Concat(
		at(ScopeAny, UnitRead, PractitionerRead, ProductRead, RewardRead, CustomerRead, CustomerReadPersonal, CustomerReadDocument, CustomerCreate, CustomerUpdate, PointsRead, RewardRedeem),
		at(ScopeUnit, BookingRead, BookingCreate, BookingCancel, AppointmentRead, OrderRead, PaymentRead, PaymentCapture, UserRead, UserReadPersonal),
		at(ScopeOwn, SessionRead, SessionRevoke))},
	{RoleDoctor, "Practitioner: the own appointments and the customers who come to them.", slices.Concat(
		at(ScopeAny, UnitRead, PractitionerRead, ProductRead, RewardRead, AccessBreakGlass),
		at(ScopeOwn, AccessReviewRead, CustomerRead, CustomerReadPersonal, CustomerReadNotes, CustomerUpdate, CustomerUpdateNotes, BookingRead, BookingCreate, BookingCancel,
			AppointmentRead, AppointmentReadNotes, OrderRead, UserRead, UserReadPersonal, SessionRead, SessionRevoke))},
	{RoleCustomer, "Customer: the own profiles and what hangs on them.", slices.Concat(
		at(ScopeAny, UnitRead, PractitionerRead, ProductRead, RewardRead),
		at(ScopeOwn, CustomerRead, CustomerReadPersonal, CustomerReadDocument, BookingRead, BookingCreate, BookingCancel, AppointmentRead,
			OrderRead, PaymentRead, PaymentCapture, PointsRead, RewardRedeem, UserRead, UserReadPersonal, SessionRead, SessionRevoke))},
}

func at(s Scope, permissions ...string) []RoleGrant {
	grants := make([]RoleGrant, len(permissions))
	for i, p := range permissions {
		grants[i] = RoleGrant{p, s}
	}
	return grants
}

// SystemRoles lists the roles that every clinic starts with, in the order of
// the docs.
func SystemRoles() []Role { return slices.Clone(systemRoles) }
