package access

import "slices"

// Permission is one entry of the registry: what may be done, as
// "resource:action", and what that means to the person who grants it.
type Permission struct {
	Name        string
	Description string
	Reserved    bool // named already, used by nothing yet
	High        bool // worth a second factor, where the settings ask for one
}

// The permissions. A verb or a schema names one of these; the database's
// catalogue is a copy, and an unknown name is refused on write.
const (
	UserRead             = "user:read"
	UserCreate           = "user:create"
	UserUpdate           = "user:update"
	UserLock             = "user:lock"
	UserDeactivate       = "user:deactivate"
	UserDelete           = "user:delete"
	UserImpersonate      = "user:impersonate"
	RoleRead             = "role:read"
	RoleCreate           = "role:create"
	RoleUpdate           = "role:update"
	RoleAssign           = "role:assign"
	PermissionRead       = "permission:read"
	PermissionGrant      = "permission:grant"
	SessionRead          = "session:read"
	SessionRevoke        = "session:revoke"
	RateLimitRead        = "rate_limit:read"
	UnitRead             = "unit:read"
	DirectoryRead        = "directory:read"
	CustomerRead         = "customer:read"
	CustomerReadPersonal = "customer:read_personal"
	CustomerReadNotes    = "customer:read_notes"
	PractitionerRead     = "practitioner:read"
	ProductRead          = "product:read"
	BookingRead          = "booking:read"
	BookingCreate        = "booking:create"
	BookingCancel        = "booking:cancel"
	AppointmentRead      = "appointment:read"
	AppointmentReadNotes = "appointment:read_notes"
	OrderRead            = "order:read"
	PaymentRead          = "payment:read"
	PaymentCapture       = "payment:capture"
	PointsRead           = "points:read"
	RewardRead           = "reward:read"
	RewardRedeem         = "reward:redeem"
	OperationLogRead     = "operation_log:read"
	AuditLogRead         = "audit_log:read"
)

var registry = []Permission{
	{Name: UserRead, Description: "See user accounts."},
	{Name: UserCreate, Description: "Make accounts."},
	{Name: UserUpdate, Description: "Change accounts, and have their owners set a new password."},
	{Name: UserLock, Description: "Lock accounts and unlock them."},
	{Name: UserDeactivate, Description: "Close accounts and open them again."},
	{Name: UserDelete, Description: "Delete accounts.", High: true},
	{Name: UserImpersonate, Description: "Act for somebody else, for a while and on record.", High: true},
	{Name: RoleRead, Description: "See roles and who has them."},
	{Name: RoleCreate, Description: "Make new roles.", High: true},
	{Name: RoleUpdate, Description: "Change what a role permits.", High: true},
	{Name: RoleAssign, Description: "Give roles to users and take them away.", High: true},
	{Name: PermissionRead, Description: "See the permissions and who holds them directly."},
	{Name: PermissionGrant, Description: "Allow or deny a permission to one user directly.", High: true},
	{Name: SessionRead, Description: "See where accounts are signed in."},
	{Name: SessionRevoke, Description: "End sessions and take tokens of programs away."},
	{Name: RateLimitRead, Description: "See who is blocked after too many attempts."},
	{Name: UnitRead, Description: "See the clinic's units."},
	{Name: DirectoryRead, Description: "List the people who share a name, a sex or a unit."},
	{Name: CustomerRead, Description: "See customers."},
	{Name: CustomerReadPersonal, Description: "See customers' birth dates, phone numbers and addresses."},
	{Name: CustomerReadNotes, Description: "Read the notes about customers."},
	{Name: PractitionerRead, Description: "See practitioners and their working hours."},
	{Name: ProductRead, Description: "See services, treatments and goods."},
	{Name: BookingRead, Description: "See bookings."},
	{Name: BookingCreate, Description: "Book appointments."},
	{Name: BookingCancel, Description: "Cancel bookings."},
	{Name: AppointmentRead, Description: "See appointments."},
	{Name: AppointmentReadNotes, Description: "Read the notes of appointments."},
	{Name: OrderRead, Description: "See orders, their items and events."},
	{Name: PaymentRead, Description: "See payments and payment methods."},
	{Name: PaymentCapture, Description: "Take payments."},
	{Name: PointsRead, Description: "See points and how they came about."},
	{Name: RewardRead, Description: "See rewards."},
	{Name: RewardRedeem, Description: "Redeem points for rewards."},
	{Name: OperationLogRead, Description: "Read who changed what."},
	{Name: AuditLogRead, Description: "Read sign-ins, refusals and changes of permissions."},
}

// Registry lists every permission, in the order of the docs.
func Registry() []Permission { return slices.Clone(registry) }

// Known says whether the registry has the permission; wildcards are not entries.
func Known(name string) bool {
	return slices.ContainsFunc(registry, func(p Permission) bool { return p.Name == name })
}
