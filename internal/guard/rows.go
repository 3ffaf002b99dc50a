package guard

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreview"
	"clinicgraph/ent/accessreviewitem"
	"clinicgraph/ent/apitoken"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/auditlog"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/booking"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/givenname"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/operationlog"
	"clinicgraph/ent/order"
	"clinicgraph/ent/orderevent"
	"clinicgraph/ent/orderitem"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/passwordhistory"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/ent/paymenttransaction"
	"clinicgraph/ent/pointsaccount"
	"clinicgraph/ent/pointsentry"
	"clinicgraph/ent/predicate"
	"clinicgraph/ent/ratelimitlog"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/ent/rewardredemption"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/surname"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
)

// Rules says which rows of the entity the caller sees: all predicates must
// hold. They run at every step of every query, in filters over edges, and in
// counts. An entity that nobody has decided about is invisible.
func Rules(ctx context.Context, entity string) []func(*sql.Selector) {
	return RulesFrom(ctx, entity, "")
}

// RulesFrom is Rules for rows that an edge to one leads to, from rows of another entity
// that the caller sees: whoever is seen bears the name, which need not be looked for
// among all others. Who sees what is deleted sees no name by it.
func RulesFrom(ctx context.Context, entity, from string) []func(*sql.Selector) {
	v := access.FromContext(ctx)
	if v == nil {
		return []func(*sql.Selector){none}
	}
	var rules []func(*sql.Selector)
	if ent.Meta[entity].SoftDelete && !access.SeesDeleted(ctx) {
		rules = append(rules, sql.FieldIsNull("deleted_at"))
	}
	if v.Unrestricted() || bears(from, entity) && !access.SeesDeleted(ctx) {
		return rules
	}
	if rule := visible(v, entity); rule != nil {
		rules = append(rules, rule)
	}
	return rules
}

// Rule is Rules as one predicate, for filters that reach the entity through an
// edge.
func Rule(ctx context.Context, entity string) func(*sql.Selector) {
	rules := Rules(ctx, entity)
	return func(s *sql.Selector) {
		for _, rule := range rules {
			rule(s)
		}
	}
}

// visible is the page of the row rules. A nil rule shows every row.
func visible(v *access.Viewer, entity string) func(*sql.Selector) {
	switch entity {
	// Everybody who is signed in.
	case ent.TypeSex:
		return signedIn(v)

	// What the clinic offers and how it is organised: own and unit mean nothing
	// here, so that any scope shows all.
	case ent.TypeProduct, ent.TypeServiceSetting:
		return whole(v, access.ProductRead)
	case ent.TypePractitionerProfile, ent.TypePractitionerService, ent.TypeWorkingHours:
		return whole(v, access.PractitionerRead)
	case ent.TypeReward:
		return whole(v, access.RewardRead)
	case ent.TypeRole:
		return whole(v, access.RoleRead)
	case ent.TypePermission:
		return whole(v, access.PermissionRead)
	case ent.TypeRolePermission:
		return whole(v, access.RoleRead)
	case ent.TypeOrganizationalUnit:
		return scoped(v, access.UnitRead, organizationalunit.IDIn(v.Units...), organizationalunit.IDIn(v.Units...))

	// Accounts and what hangs on them.
	case ent.TypeUser:
		return scoped(v, access.UserRead, user.ID(v.UserID), user.OrganizationalUnitIDIn(v.Units...))
	case ent.TypeUserRole:
		return scoped(v, access.RoleRead, userrole.UserID(v.UserID), userrole.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeUserPermission:
		return scoped(v, access.PermissionRead, userpermission.UserID(v.UserID), userpermission.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeAccessReview:
		return scoped(v, access.AccessReviewRead, accessreview.HasItemsWith(accessreviewitem.UserID(v.UserID)),
			accessreview.HasItemsWith(accessreviewitem.HasUserWith(user.OrganizationalUnitIDIn(v.Units...))))
	case ent.TypeAccessReviewItem:
		return scoped(v, access.AccessReviewRead, accessreviewitem.UserID(v.UserID), accessreviewitem.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeUserSession:
		return scoped(v, access.SessionRead, usersession.UserID(v.UserID), usersession.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeRefreshToken:
		return scoped(v, access.SessionRead, refreshtoken.UserID(v.UserID), refreshtoken.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeBlacklistedToken:
		return scoped(v, access.SessionRead, blacklistedtoken.UserID(v.UserID), blacklistedtoken.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypePasswordHistory:
		return scoped(v, access.SessionRead, passwordhistory.UserID(v.UserID), passwordhistory.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeSessionLog:
		return scoped(v, access.SessionRead, sessionlog.Or(sessionlog.UserID(v.UserID), sessionlog.ActingFor(v.UserID)), sessionlog.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeAuthenticator:
		return scoped(v, access.SessionRead, authenticator.UserID(v.UserID), authenticator.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeApiToken:
		return scoped(v, access.SessionRead, apitoken.UserID(v.UserID), apitoken.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeRateLimitLog:
		return scoped(v, access.RateLimitRead, ratelimitlog.UserID(v.UserID), ratelimitlog.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeAuditLog:
		return scoped(v, access.AuditLogRead, auditlog.UserID(v.UserID), auditlog.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))
	case ent.TypeOperationLog:
		return scoped(v, access.OperationLogRead, operationlog.UserID(v.UserID), operationlog.HasUserWith(user.OrganizationalUnitIDIn(v.Units...)))

	// What a user is told is for nobody else, whatever they may do.
	case ent.TypeNotification:
		return notification.UserID(v.UserID)

	// A name is visible where somebody who bears it is.
	case ent.TypeGivenName:
		return borne(v, func(u predicate.User, c predicate.Customer) func(*sql.Selector) {
			return givenname.Or(givenname.HasUsersWith(u), givenname.HasCustomersWith(c))
		})
	case ent.TypeSurname:
		return borne(v, func(u predicate.User, c predicate.Customer) func(*sql.Selector) {
			return surname.Or(surname.HasUsersWith(u), surname.HasCustomersWith(c))
		})

	// Customers, and the business with them. The own rows are those of the
	// caller's profiles and, for a practitioner, those of the own appointments.
	case ent.TypeCustomer:
		return scoped(v, access.CustomerRead,
			mine(v, customer.IDIn(v.Profiles...), customer.HasAppointmentsWith(visit(v), appointment.StatusNotIn(calledOff...))),
			customer.Or(customer.UnitIDIn(v.Units...), customer.HasBookingsWith(booking.UnitIDIn(v.Units...), booking.DeletedAtIsNil())))
	case ent.TypeBooking:
		return scoped(v, access.BookingRead,
			mine(v, booking.CustomerIDIn(v.Profiles...), booking.HasAppointmentsWith(visit(v))),
			booking.UnitIDIn(v.Units...))
	case ent.TypeAppointment:
		return scoped(v, access.AppointmentRead,
			appointment.Or(appointment.PractitionerUserID(v.UserID), appointment.CustomerIDIn(v.Profiles...)),
			appointment.UnitIDIn(v.Units...))
	case ent.TypeOrder:
		return scoped(v, access.OrderRead, ownOrder(v), order.UnitIDIn(v.Units...))
	case ent.TypeOrderItem:
		return scoped(v, access.OrderRead, orderitem.HasOrderWith(ownOrder(v), order.DeletedAtIsNil()), orderitem.HasOrderWith(order.UnitIDIn(v.Units...), order.DeletedAtIsNil()))
	case ent.TypeOrderEvent:
		return scoped(v, access.OrderRead, orderevent.HasOrderWith(ownOrder(v), order.DeletedAtIsNil()), orderevent.HasOrderWith(order.UnitIDIn(v.Units...), order.DeletedAtIsNil()))
	case ent.TypePaymentTransaction:
		return scoped(v, access.PaymentRead, paymenttransaction.CustomerIDIn(v.Profiles...), paymenttransaction.UnitIDIn(v.Units...))
	case ent.TypePaymentMethod:
		own := paymentmethod.Or(paymentmethod.CustomerIDIsNil(), paymentmethod.CustomerIDIn(v.Profiles...))
		return scoped(v, access.PaymentRead, own, paymentmethod.HasCustomerWith(lives(v)))
	case ent.TypePointsAccount:
		return scoped(v, access.PointsRead, pointsaccount.CustomerIDIn(v.Profiles...), pointsaccount.HasCustomerWith(lives(v)))
	case ent.TypePointsEntry:
		return scoped(v, access.PointsRead,
			pointsentry.HasAccountWith(pointsaccount.CustomerIDIn(v.Profiles...)),
			pointsentry.HasAccountWith(pointsaccount.HasCustomerWith(lives(v))))
	case ent.TypeRewardRedemption:
		return scoped(v, access.PointsRead, rewardredemption.CustomerIDIn(v.Profiles...), rewardredemption.HasCustomerWith(lives(v)))

	// The machinery, for verbs and the system alone.
	case ent.TypeResourceClaim, ent.TypeIdempotencyKey, ent.TypeOneTimeToken, ent.TypeSigningKey, ent.TypeRecoveryCode, ent.TypeOutboxMessage:
		return none
	default:
		return none
	}
}

func ownOrder(v *access.Viewer) predicate.Order {
	return mine(v, order.CustomerIDIn(v.Profiles...), order.HasBookingWith(booking.HasAppointmentsWith(visit(v))))
}

// visit finds the appointments that the viewer holds. Predicates over edges run
// without the interceptors, so what is deleted is left out by hand, here and
// wherever an edge is walked.
func visit(v *access.Viewer) predicate.Appointment {
	return appointment.And(appointment.PractitionerUserID(v.UserID), appointment.DeletedAtIsNil())
}

// calledOff are the states of an appointment that takes nobody into anybody's care.
// The appointment stays in its practitioner's calendar, and the patient's record is
// no longer theirs.
var calledOff = []appointment.Status{appointment.StatusCancelled, appointment.StatusDeclined, appointment.StatusExpired}

// lives is the rule for what hangs on customers of the viewer's units.
func lives(v *access.Viewer) predicate.Customer {
	return customer.And(customer.UnitIDIn(v.Units...), customer.DeletedAtIsNil())
}

// mine picks the own rows: those of the caller's profiles and, for a practitioner, those
// of the own appointments. What the caller cannot have is left out of the SQL: PostgreSQL
// joins what an EXISTS asks if it stands alone, and beside an OR may probe for each row.
func mine[P ~func(*sql.Selector)](v *access.Viewer, ofProfiles, ofVisits P) P {
	switch {
	case !v.Practitioner:
		return ofProfiles
	case len(v.Profiles) == 0:
		return ofVisits
	default:
		return sql.OrPredicates(ofProfiles, ofVisits)
	}
}

// scoped picks the rows by the scope of the permission: a wider scope includes
// the narrower ones.
func scoped[P ~func(*sql.Selector)](v *access.Viewer, permission string, own, unit P) func(*sql.Selector) {
	switch v.Scope(permission) {
	case access.ScopeAny:
		return nil
	case access.ScopeUnit:
		if len(v.Units) == 0 {
			return own
		}
		// The unit first: PostgreSQL asks from the left, and a comparison is cheaper
		// than the probes of the own rows.
		return sql.OrPredicates(unit, own)
	case access.ScopeOwn:
		return own
	default:
		return none
	}
}

// whole shows all rows to whom the permission is given at any scope.
func whole(v *access.Viewer, permission string) func(*sql.Selector) {
	if v.Can(permission) {
		return nil
	}
	return none
}

func signedIn(v *access.Viewer) func(*sql.Selector) {
	if v.Anonymous() {
		return none
	}
	return nil
}

// bears says whether rows of the first entity bear names that are rows of the second.
func bears(entity, name string) bool {
	return (entity == ent.TypeUser || entity == ent.TypeCustomer) && (name == ent.TypeGivenName || name == ent.TypeSurname)
}

// borne narrows names to the users and customers that the viewer sees.
func borne(v *access.Viewer, by func(predicate.User, predicate.Customer) func(*sql.Selector)) func(*sql.Selector) {
	users, customers := visible(v, ent.TypeUser), visible(v, ent.TypeCustomer)
	if users == nil || customers == nil {
		return nil
	}
	return by(user.And(users, user.DeletedAtIsNil()), customer.And(customers, customer.DeletedAtIsNil()))
}

// none is the rule that no row passes.
func none(s *sql.Selector) { s.Where(sql.False()) }
