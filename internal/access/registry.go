package access

import "slices"

// Permission is one entry of the registry: what may be done, as
// "resource:action", and what that means to the person who grants it.
type Permission struct {
	Name        string
	Description string
	Reserved    bool // named already, used by nothing yet
	High        bool // worth a second factor, where the settings ask for one
	Whole       bool // what it lets somebody do or see is the same however far it reaches
}

// The permissions. A verb or a schema names one of these; the database's
// catalogue is a copy, and an unknown name is refused on write.
const (
	UserRead               = "user:read"
	UserReadPersonal       = "user:read_personal"
	UserCreate             = "user:create"
	UserUpdate             = "user:update"
	UserLock               = "user:lock"
	UserDeactivate         = "user:deactivate"
	UserDelete             = "user:delete"
	UserImpersonate        = "user:impersonate"
	RoleRead               = "role:read"
	RoleCreate             = "role:create"
	RoleUpdate             = "role:update"
	RoleDelete             = "role:delete"
	RoleAssign             = "role:assign"
	PermissionRead         = "permission:read"
	PermissionGrant        = "permission:grant"
	AccessReviewRead       = "access_review:read"
	AccessReviewDecide     = "access_review:decide"
	AccessBreakGlass       = "access:break_glass"
	SessionRead            = "session:read"
	SessionRevoke          = "session:revoke"
	RateLimitRead          = "rate_limit:read"
	UnitRead               = "unit:read"
	UnitCreate             = "unit:create"
	UnitUpdate             = "unit:update"
	UnitDelete             = "unit:delete"
	DirectoryRead          = "directory:read"
	CustomerRead           = "customer:read"
	CustomerReadPersonal   = "customer:read_personal"
	CustomerReadDocument   = "customer:read_document"
	CustomerReadNotes      = "customer:read_notes"
	CustomerCreate         = "customer:create"
	CustomerUpdate         = "customer:update"
	CustomerUpdateNotes    = "customer:update_notes"
	CustomerMerge          = "customer:merge"
	CustomerExport         = "customer:export"
	CustomerErase          = "customer:erase"
	PractitionerRead       = "practitioner:read"
	PractitionerCreate     = "practitioner:create"
	PractitionerUpdate     = "practitioner:update"
	PractitionerDelete     = "practitioner:delete"
	ProductRead            = "product:read"
	ProductCreate          = "product:create"
	ProductUpdate          = "product:update"
	ProductDelete          = "product:delete"
	BookingRead            = "booking:read"
	BookingCreate          = "booking:create"
	BookingUpdate          = "booking:update"
	BookingCancel          = "booking:cancel"
	AppointmentRead        = "appointment:read"
	AppointmentReadNotes   = "appointment:read_notes"
	AppointmentUpdate      = "appointment:update"
	AppointmentUpdateNotes = "appointment:update_notes"
	OrderRead              = "order:read"
	OrderCreate            = "order:create"
	OrderUpdate            = "order:update"
	OrderCancel            = "order:cancel"
	PaymentRead            = "payment:read"
	PaymentCapture         = "payment:capture"
	PaymentRefund          = "payment:refund"
	PaymentVoid            = "payment:void"
	PointsRead             = "points:read"
	PointsAdjust           = "points:adjust"
	RewardRead             = "reward:read"
	RewardRedeem           = "reward:redeem"
	RewardCreate           = "reward:create"
	RewardUpdate           = "reward:update"
	RewardDelete           = "reward:delete"
	OperationLogRead       = "operation_log:read"
	AuditLogRead           = "audit_log:read"
	AuditLogVerify         = "audit_log:verify"
)

var registry = []Permission{
	{Name: UserRead, Description: "See user accounts."},
	{Name: UserReadPersonal, Description: "See users' telephone numbers."},
	{Name: UserCreate, Description: "Make accounts."},
	{Name: UserUpdate, Description: "Change accounts, and have their owners set a new password."},
	{Name: UserLock, Description: "Lock accounts and unlock them."},
	{Name: UserDeactivate, Description: "Close accounts and open them again."},
	{Name: UserDelete, Description: "Delete accounts.", High: true},
	{Name: UserImpersonate, Description: "Act for somebody else, for a while and on record.", High: true},
	{Name: RoleRead, Description: "See roles and who has them."},
	{Name: RoleCreate, Description: "Make new roles.", High: true, Whole: true},
	{Name: RoleUpdate, Description: "Change what a role is called, what it permits, and whether it counts.", High: true, Whole: true},
	{Name: RoleDelete, Description: "Delete roles that nobody has.", High: true, Whole: true},
	{Name: RoleAssign, Description: "Give roles to users and take them away.", High: true},
	{Name: PermissionRead, Description: "See the permissions and who holds them directly."},
	{Name: PermissionGrant, Description: "Allow or deny a permission to one user directly.", High: true, Whole: true},
	{Name: AccessReviewRead, Description: "See reports about grants, and the reviews of them."},
	{Name: AccessReviewDecide, Description: "Start reviews of grants, and decide about what they ask.", High: true},
	{Name: AccessBreakGlass, Description: "Take emergency access: see all patients' records for a short time, with a reason and under review.", High: true, Whole: true},
	{Name: SessionRead, Description: "See where accounts are signed in."},
	{Name: SessionRevoke, Description: "End sessions and take tokens of programs away."},
	{Name: RateLimitRead, Description: "See who is blocked after too many attempts."},
	{Name: UnitRead, Description: "See the clinic's units."},
	{Name: UnitCreate, Description: "Make units.", High: true},
	{Name: UnitUpdate, Description: "Change units, and move them with all below them.", High: true},
	{Name: UnitDelete, Description: "Delete units that nothing belongs to.", High: true},
	{Name: DirectoryRead, Description: "List the people who share a name, a sex or a unit.", Whole: true},
	{Name: CustomerRead, Description: "See customers."},
	{Name: CustomerReadPersonal, Description: "See customers' birth dates, phone numbers and addresses."},
	{Name: CustomerReadDocument, Description: "See the numbers of customers' identity documents."},
	{Name: CustomerReadNotes, Description: "Read the notes about customers."},
	{Name: CustomerCreate, Description: "Make customer profiles."},
	{Name: CustomerUpdate, Description: "Change customer profiles; each sensitive field needs its own permission as well."},
	{Name: CustomerUpdateNotes, Description: "Write the notes about customers, for who may read them."},
	{Name: CustomerMerge, Description: "Make one profile of two of the same person.", Reserved: true},
	{Name: CustomerExport, Description: "Hand out all data about a person.", Reserved: true},
	{Name: CustomerErase, Description: "Erase the data about a person.", High: true},
	{Name: PractitionerRead, Description: "See practitioners and their working hours.", Whole: true},
	{Name: PractitionerCreate, Description: "Make users practitioners.", Reserved: true},
	{Name: PractitionerUpdate, Description: "Change practitioners, their services and their working hours.", Reserved: true},
	{Name: PractitionerDelete, Description: "Have users be practitioners no longer.", Reserved: true},
	{Name: ProductRead, Description: "See services, treatments and goods.", Whole: true},
	{Name: ProductCreate, Description: "Add services, treatments and goods.", Reserved: true},
	{Name: ProductUpdate, Description: "Change them and their prices.", Reserved: true},
	{Name: ProductDelete, Description: "Take them out of the offer.", Reserved: true},
	{Name: BookingRead, Description: "See bookings."},
	{Name: BookingCreate, Description: "Book appointments."},
	{Name: BookingUpdate, Description: "Confirm bookings, reject them and move them.", Reserved: true},
	{Name: BookingCancel, Description: "Cancel bookings."},
	{Name: AppointmentRead, Description: "See appointments."},
	{Name: AppointmentReadNotes, Description: "Read the notes of appointments."},
	{Name: AppointmentUpdate, Description: "Begin appointments, end them, and say who did not come.", Reserved: true},
	{Name: AppointmentUpdateNotes, Description: "Write the notes of appointments.", Reserved: true},
	{Name: OrderRead, Description: "See orders, their items and events."},
	{Name: OrderCreate, Description: "Make orders without a booking.", Reserved: true},
	{Name: OrderUpdate, Description: "Change orders and their items.", Reserved: true},
	{Name: OrderCancel, Description: "Cancel orders.", Reserved: true},
	{Name: PaymentRead, Description: "See payments and payment methods."},
	{Name: PaymentCapture, Description: "Take payments."},
	{Name: PaymentRefund, Description: "Pay money back.", High: true, Reserved: true},
	{Name: PaymentVoid, Description: "Give up payments that were not taken yet.", Reserved: true},
	{Name: PointsRead, Description: "See points and how they came about."},
	{Name: PointsAdjust, Description: "Give points and take them away by hand.", High: true, Reserved: true},
	{Name: RewardRead, Description: "See rewards.", Whole: true},
	{Name: RewardRedeem, Description: "Redeem points for rewards."},
	{Name: RewardCreate, Description: "Add rewards.", Reserved: true},
	{Name: RewardUpdate, Description: "Change rewards.", Reserved: true},
	{Name: RewardDelete, Description: "Take rewards away.", Reserved: true},
	{Name: OperationLogRead, Description: "Read who changed what."},
	{Name: AuditLogRead, Description: "Read sign-ins, refusals and changes of permissions."},
	{Name: AuditLogVerify, Description: "Check that the record was not tampered with, and see its archives; read nothing of it.", Whole: true},
}

// Registry lists every permission, in the order of the docs.
func Registry() []Permission { return slices.Clone(registry) }

// Grantable says whether the permission can be given and taken: it is known, and
// something asks for it. What is reserved would be granted blindly, for a use that
// nobody has seen yet.
func Grantable(name string) bool {
	return slices.ContainsFunc(registry, func(p Permission) bool { return p.Name == name && !p.Reserved })
}

// Scopes are those at which a permission lets somebody see or do different things,
// narrow to wide: none where it is the same at any.
func (p Permission) Scopes() []string {
	if p.Whole {
		return nil
	}
	return slices.Clone(scopeNames[ScopeOwn:])
}

// Number is the place of a permission in the registry, from 1 on; 0 is that of a
// permission that is not in it, which nobody holds. It is for who decides often.
type Number uint8

// maxRegistry is how many permissions a Number can tell apart.
const maxRegistry = 255

var numbers = func() map[string]Number {
	all := make(map[string]Number, len(registry))
	for i, p := range registry {
		all[p.Name] = Number(i + 1)
	}
	return all
}()

// NumberOf gives the number of a permission.
func NumberOf(permission string) Number { return numbers[permission] }

// Known says whether the registry has the permission; wildcards are not entries.
func Known(name string) bool {
	return slices.ContainsFunc(registry, func(p Permission) bool { return p.Name == name })
}
