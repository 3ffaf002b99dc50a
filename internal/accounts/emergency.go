package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreview"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/notify"
)

const (
	// EmergencyDefault is how long emergency access lasts where nobody says.
	EmergencyDefault = time.Hour
	emergencyLeast   = 5 * time.Minute
	// emergencyReviewed is within what time somebody is to look at why it was taken.
	emergencyReviewed  = 72 * time.Hour
	minEmergencyReason = 10
)

// emergency is what emergency access may give: to read what treating somebody
// takes. It gives no permission that changes anything.
var emergency = []string{
	access.CustomerRead, access.CustomerReadPersonal, access.CustomerReadNotes,
	access.BookingRead, access.AppointmentRead, access.AppointmentReadNotes,
}

// Emergency is access that somebody takes in an emergency.
type Emergency struct {
	Permissions []string // none: all that emergency access may give
	For         time.Duration
	Reason      string
}

// Taken is emergency access that was taken.
type Taken struct {
	Permissions []string
	Until       time.Time
	Review      *ent.AccessReview
}

// BreakGlass gives the caller permissions for everybody's rows, for a short time.
// Those who may review it are told at once, by mail as well, and a review is opened
// that they are to decide within three days. What the caller holds for all rows
// anyway is left out. Errors: BAD_USER_INPUT, FORBIDDEN (a denial stands, which
// beats this too; not in person), CONFLICT where there is emergency access already,
// or nothing to take.
func (s *Service) BreakGlass(ctx context.Context, e Emergency) (taken *Taken, err error) {
	v := access.FromContext(ctx)
	defer func() {
		s.tell(ctx, audit.EventBreakGlass, &v.UserID, access.AccessBreakGlass, err, because(strings.Join(e.Permissions, " "), &e.Reason))
	}()
	if !v.InPerson() || v.UserID == uuid.Nil {
		return nil, fault.Forbidden("Emergency access is taken in person.")
	}
	if err := s.checkEmergency(&e); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.AccessBreakGlass)
		if err != nil {
			return err
		}
		elevated, now := access.Elevated(ctx, "breakGlass"), s.Now()
		u, err := c.User.Get(elevated, v.UserID)
		if err != nil {
			return fmt.Errorf("load account: %w", err)
		}
		give, err := s.givable(elevated, c, u.ID, e.Permissions)
		if err != nil {
			return err
		}
		until := now.Add(e.For)
		grants := make([]Found, len(give))
		for i, name := range give {
			entry, err := catalogue(ctx, c, "input.permissions", name)
			if err != nil {
				return err
			}
			row, err := c.UserPermission.Create().SetUserID(u.ID).SetPermissionID(entry.ID).SetPermission(name).
				SetAllowed(true).SetScope(userpermission.ScopeAny).SetOrigin(userpermission.OriginBreakGlass).
				SetExpiresAt(until).SetGrantedByID(u.ID).SetReason(e.Reason).Save(elevated)
			if err != nil {
				return fmt.Errorf("give emergency access: %w", err)
			}
			grants[i] = Found{Direct: row}
		}
		review, err := c.AccessReview.Create().SetName("Emergency access of " + u.Username).SetKind(accessreview.KindBreakGlass).
			SetDueAt(now.Add(emergencyReviewed)).SetStartedByID(u.ID).Save(elevated)
		if err != nil {
			return fmt.Errorf("make review of emergency access: %w", err)
		}
		if err := freeze(elevated, c, review, grants); err != nil {
			return err
		}
		taken = &Taken{Permissions: give, Until: until, Review: review}
		return s.alert(elevated, c, u, review)
	})
	if err != nil {
		return nil, err
	}
	taken.Review = taken.Review.Unwrap()
	return taken, nil
}

// checkEmergency looks at what needs no database, and fills in what was left out.
func (s *Service) checkEmergency(e *Emergency) (err error) {
	if e.Reason, err = Stated(e.Reason, minEmergencyReason, maxReason); err != nil {
		return err
	}
	most := s.EmergencyMost
	if e.For == 0 {
		e.For = min(EmergencyDefault, most)
	}
	if e.For < emergencyLeast || e.For > most {
		return fault.Invalid("input.minutes", "Emergency access lasts %d to %d minutes.", int(emergencyLeast.Minutes()), int(most.Minutes()))
	}
	if len(e.Permissions) == 0 {
		e.Permissions = emergency
	}
	for i, name := range e.Permissions {
		if !slices.Contains(emergency, name) {
			return fault.Invalid(fmt.Sprintf("input.permissions.%d", i), "Emergency access does not give %q.", name)
		}
		if slices.Contains(e.Permissions[:i], name) {
			return fault.Invalid(fmt.Sprintf("input.permissions.%d", i), "The permission %s is listed twice.", name)
		}
	}
	return nil
}

// givable gives those of the permissions that emergency access would add something
// to, and makes room for them. The context is elevated, the lock is held.
func (s *Service) givable(ctx context.Context, c *ent.Client, id uuid.UUID, wanted []string) (give []string, err error) {
	held, err := readGrants(ctx, c, id)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	old, err := c.UserPermission.Query().Where(userpermission.UserID(id), userpermission.OriginEQ(userpermission.OriginBreakGlass)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for emergency access: %w", err)
	}
	for _, row := range old {
		if !ended(row.ExpiresAt, now) {
			return nil, fault.Conflict("You have emergency access already, until %s. End it before you take more.", row.ExpiresAt.UTC().Format(time.RFC3339))
		}
	}
	for _, name := range wanted {
		any := access.Grant{Permission: name, Scope: access.ScopeAny, Allowed: true}
		switch before, after := access.Decide(held, name, now), access.Decide(append(slices.Clone(held), any), name, now); {
		case after == access.ScopeNone:
			return nil, fault.Forbidden("Somebody has denied you %s, and a denial beats emergency access.", name)
		case before < after:
			give = append(give, name)
		}
	}
	if len(give) == 0 {
		return nil, fault.Conflict("You hold these permissions already, for everybody.")
	}
	// Those that have ended: their review keeps what they were.
	for _, row := range old {
		if err := c.UserPermission.DeleteOne(row).Exec(ctx); err != nil {
			return nil, fmt.Errorf("remove former emergency access: %w", err)
		}
	}
	return give, nil
}

// alert tells those who may review emergency access that somebody has taken it.
func (s *Service) alert(ctx context.Context, c *ent.Client, taker *ent.User, review *ent.AccessReview) error {
	reviewers, err := s.holders(ctx, c, access.AccessReviewDecide)
	if err != nil {
		return err
	}
	for _, u := range reviewers {
		if u.ID == taker.ID {
			continue
		}
		if err := notifications.Tell(ctx, c, notifications.News{To: u.ID, Kind: notification.KindEmergencyAccess, About: review.ID}); err != nil {
			return err
		}
		if err := s.Mail.Write(ctx, c, notify.Message{
			Template: notify.EmergencyAccess, User: u, Facts: notify.Facts{At: s.Now(), Username: taker.Username},
		}); err != nil {
			return err
		}
	}
	return nil
}

// holders gives those who hold a permission now, at any scope, and can act. The
// context is elevated.
func (s *Service) holders(ctx context.Context, c *ent.Client, permission string) (holders []*ent.User, err error) {
	gives := givesAny(permission)
	users, err := c.User.Query().Where(user.IsActive(true), user.IsLocked(false),
		user.Or(user.HasUserRolesWith(gives.role), user.HasUserPermissionsWith(gives.direct, userpermission.Allowed(true)))).
		Order(user.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for who holds %s: %w", permission, err)
	}
	for _, u := range users {
		held, err := readGrants(ctx, c, u.ID)
		if err != nil {
			return nil, err
		}
		if access.Decide(held, permission, s.Now()) != access.ScopeNone {
			holders = append(holders, u)
		}
	}
	return holders, nil
}

// EndBreakGlass ends the emergency access of a user, nil: the caller's, before its
// time. The review of it stays. Others than the user need access_review:decide
// over them. Errors: NOT_FOUND where there is none, FORBIDDEN.
func (s *Service) EndBreakGlass(ctx context.Context, id *uuid.UUID) (ended *Taken, err error) {
	v := access.FromContext(ctx)
	whose := v.UserID
	if id != nil {
		whose = *id
	}
	defer func() { s.tell(ctx, audit.EventBreakGlassEnd, &whose, "", err, "") }()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, "")
		if err != nil {
			return err
		}
		v := access.FromContext(ctx)
		elevated, now := access.Elevated(ctx, "endBreakGlass"), s.Now()
		if whose != v.UserID {
			u, err := c.User.Query().Where(user.ID(whose)).Only(ctx)
			if ent.IsNotFound(err) {
				return fault.Missing()
			}
			if err != nil {
				return fmt.Errorf("load user: %w", err)
			}
			if !v.Reaches(access.AccessReviewDecide, false, u.OrganizationalUnitID) {
				return errOutOfReach(access.AccessReviewDecide)
			}
		}
		rows, err := c.UserPermission.Query().Where(userpermission.UserID(whose), userpermission.OriginEQ(userpermission.OriginBreakGlass),
			userpermission.ExpiresAtGT(now)).Order(userpermission.ByID()).All(elevated)
		if err != nil {
			return fmt.Errorf("look for emergency access: %w", err)
		}
		if len(rows) == 0 {
			return fault.Missing()
		}
		ended = &Taken{Until: now}
		for _, row := range rows {
			if err := row.Update().SetExpiresAt(now).Exec(elevated); err != nil {
				return fmt.Errorf("end emergency access: %w", err)
			}
			ended.Permissions = append(ended.Permissions, row.Permission)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}
