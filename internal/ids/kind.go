package ids

import "fmt"

// Kind is the entity number in an id. Zero is no kind.
type Kind uint16

// The numbers, each listed once. They are stored inside every primary key: a
// number is never changed and never given to another entity, not even after its
// entity is gone. A new entity takes the next free number at the end, at most
// 4095, and its name in the table below.
const (
	User                Kind = 1
	GivenName           Kind = 2
	Surname             Kind = 3
	Sex                 Kind = 4
	OrganizationalUnit  Kind = 5
	Role                Kind = 6
	Permission          Kind = 7
	UserRole            Kind = 8
	RolePermission      Kind = 9
	UserPermission      Kind = 10
	UserSession         Kind = 11
	RefreshToken        Kind = 12
	AuditLog            Kind = 13
	OperationLog        Kind = 14
	Customer            Kind = 15
	PractitionerProfile Kind = 16
	WorkingHours        Kind = 17
	Product             Kind = 18
	ServiceSetting      Kind = 19
	Booking             Kind = 20
	Appointment         Kind = 21
	ResourceClaim       Kind = 22
	Order               Kind = 23
	OrderItem           Kind = 24
	OrderEvent          Kind = 25
	PaymentMethod       Kind = 26
	PaymentTransaction  Kind = 27
	PointsAccount       Kind = 28
	PointsEntry         Kind = 29
	Reward              Kind = 30
	RewardRedemption    Kind = 31
	IdempotencyKey      Kind = 32
	PractitionerService Kind = 33
	Notification        Kind = 34
	BlacklistedToken    Kind = 35
	PasswordHistory     Kind = 36
	SessionLog          Kind = 37
	RateLimitLog        Kind = 38
	OneTimeToken        Kind = 39
	SigningKey          Kind = 40
	Authenticator       Kind = 41
	RecoveryCode        Kind = 42
	ApiToken            Kind = 43
	OutboxMessage       Kind = 44
	AccessReview        Kind = 45
	AccessReviewItem    Kind = 46
)

// names holds the ent type name of each kind, at its number. An entity that is
// gone leaves an empty string, so that its number stays taken.
var names = [...]string{
	User:                "User",
	GivenName:           "GivenName",
	Surname:             "Surname",
	Sex:                 "Sex",
	OrganizationalUnit:  "OrganizationalUnit",
	Role:                "Role",
	Permission:          "Permission",
	UserRole:            "UserRole",
	RolePermission:      "RolePermission",
	UserPermission:      "UserPermission",
	UserSession:         "UserSession",
	RefreshToken:        "RefreshToken",
	AuditLog:            "AuditLog",
	OperationLog:        "OperationLog",
	Customer:            "Customer",
	PractitionerProfile: "PractitionerProfile",
	WorkingHours:        "WorkingHours",
	Product:             "Product",
	ServiceSetting:      "ServiceSetting",
	Booking:             "Booking",
	Appointment:         "Appointment",
	ResourceClaim:       "ResourceClaim",
	Order:               "Order",
	OrderItem:           "OrderItem",
	OrderEvent:          "OrderEvent",
	PaymentMethod:       "PaymentMethod",
	PaymentTransaction:  "PaymentTransaction",
	PointsAccount:       "PointsAccount",
	PointsEntry:         "PointsEntry",
	Reward:              "Reward",
	RewardRedemption:    "RewardRedemption",
	IdempotencyKey:      "IdempotencyKey",
	PractitionerService: "PractitionerService",
	Notification:        "Notification",
	BlacklistedToken:    "BlacklistedToken",
	PasswordHistory:     "PasswordHistory",
	SessionLog:          "SessionLog",
	RateLimitLog:        "RateLimitLog",
	OneTimeToken:        "OneTimeToken",
	SigningKey:          "SigningKey",
	Authenticator:       "Authenticator",
	RecoveryCode:        "RecoveryCode",
	ApiToken:            "ApiToken",
	OutboxMessage:       "OutboxMessage",
	AccessReview:        "AccessReview",
	AccessReviewItem:    "AccessReviewItem",
}

var byName = func() map[string]Kind {
	m := make(map[string]Kind, len(names))
	for _, k := range Kinds() {
		m[names[k]] = k
	}
	return m
}()

// Kinds lists every kind by ascending number.
func Kinds() []Kind {
	kinds := make([]Kind, 0, len(names))
	for n, name := range names {
		if name != "" {
			kinds = append(kinds, Kind(n))
		}
	}
	return kinds
}

// ParseKind finds the kind of an ent type name, such as "Booking". Case counts.
func ParseKind(name string) (Kind, bool) {
	k, ok := byName[name]
	return k, ok
}

// String gives the ent type name, "Kind(n)" for a number that is not in the
// table.
func (k Kind) String() string {
	if !k.known() {
		return fmt.Sprintf("Kind(%d)", uint16(k))
	}
	return names[k]
}

func (k Kind) known() bool { return int(k) < len(names) && names[k] != "" }
