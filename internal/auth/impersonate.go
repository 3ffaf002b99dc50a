package auth

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/store"
)

// How long somebody may act for somebody else, and how much they say about why,
// in characters.
const (
	ImpersonationDefault = 15 * time.Minute
	impersonationMost    = time.Hour
	minPurpose           = 10
	maxPurpose           = 500
)

// Impersonation is what the caller wants to act in somebody else's name for.
type Impersonation struct {
	User   uuid.UUID
	Reason string
	For    time.Duration // zero: ImpersonationDefault
}

// Impersonate opens a session of another user in which the caller acts. It ends
// at its time, however often it is refreshed; with the caller's own account,
// permission or reach; and with the user's. The user is told, and sees who it was
// and why. What is done in it is on record as done by the caller. Errors:
// BAD_USER_INPUT, NOT_FOUND, FORBIDDEN (in somebody's name already, the own
// account, one out of reach, one that may do more than the caller or gives
// permissions to others), INVALID_TRANSITION for an account that is shut.
func (s *Service) Impersonate(ctx context.Context, in Impersonation) (opened *Session, err error) {
	defer func() {
		s.record(ctx, audit.EventImpersonate, &in.User, access.UserImpersonate, err, in.Reason)
	}()
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n < minPurpose || n > maxPurpose || strings.ContainsFunc(in.Reason, unicode.IsControl) {
		return nil, fault.Invalid("input.reason", "A reason has %d to %d characters, on one line.", minPurpose, maxPurpose)
	}
	if in.For == 0 {
		in.For = ImpersonationDefault
	}
	if in.For < time.Minute || in.For > impersonationMost {
		return nil, fault.Invalid("input.minutes", "Acting for somebody else takes 1 to %d minutes.", int(impersonationMost.Minutes()))
	}
	v := access.FromContext(ctx)
	if !v.InPerson() {
		return nil, errNotInPerson()
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		u, err := c.User.Query().Where(user.ID(in.User)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load account: %w", err)
		}
		elevated := access.Elevated(ctx, "impersonate")
		acted, err := accounts.Viewer(elevated, c, u)
		if err != nil {
			return err
		}
		if err := MayImpersonate(v, u, acted.Grants, s.Now()); err != nil {
			return err
		}
		// From here on the caller acts for the user: the session's opening is the first
		// thing that says so.
		acted.Impersonator = &access.Impersonator{ID: v.UserID, Username: v.Username}
		acting := access.Elevated(access.NewContext(ctx, acted), "impersonate")
		session, err := s.openFor(acting, c, u, v, in)
		if err != nil {
			return err
		}
		next := newSuccessor()
		if err := s.keep(acting, c, session, next, nil); err != nil {
			return err
		}
		if err := note(acting, c, session, sessionlog.EventLogin, in.Reason); err != nil {
			return err
		}
		if err := notifications.Tell(acting, c, notifications.News{To: u.ID, Kind: notification.KindImpersonated, About: session.ID}); err != nil {
			return err
		}
		opened, err = s.issue(u, acted, session, next)
		return err
	})
	return opened, err
}

// MayImpersonate says whether the viewer may begin to act for the account, which
// holds the grants. Errors: FORBIDDEN, INVALID_TRANSITION.
func MayImpersonate(v *access.Viewer, u *ent.User, held []access.Grant, now time.Time) error {
	if err := mayActFor(v, u, held, now); err != nil {
		return err
	}
	if !canIssue(u, nil, now) {
		return fault.New(fault.CodeInvalidTransition, "The account is shut: nobody acts in its name.")
	}
	return nil
}

// openFor makes the session of an impersonation: its idle end is its end.
func (s *Service) openFor(ctx context.Context, c *ent.Client, u *ent.User, by *access.Viewer, in Impersonation) (*ent.UserSession, error) {
	now, r := s.Now(), access.RequestOf(ctx)
	create := c.UserSession.Create().SetUserID(u.ID).SetStatus(usersession.StatusActive).
		SetImpersonatorID(by.UserID).SetImpersonationReason(in.Reason).
		SetIPAddress(r.IP).SetLastIPAddress(r.IP).SetUserAgent(audit.Clip(r.UserAgent)).
		SetAuthenticatedAt(now).SetLastActivityAt(now).SetIdleExpiresAt(now.Add(in.For)).SetExpiresAt(now.Add(in.For))
	if len(by.AMR) > 0 {
		create.SetAmr(by.AMR)
	}
	session, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	return session, nil
}

// mayActFor is the rule of who acts for whom. It is asked when somebody begins
// to, and again at every request and refresh: a permission that has ended since
// ends it.
func mayActFor(by *access.Viewer, u *ent.User, held []access.Grant, now time.Time) error {
	switch {
	case by.UserID == u.ID:
		return fault.Forbidden("You act in your own name already.")
	case !by.Reaches(access.UserImpersonate, false, u.OrganizationalUnitID):
		return fault.Forbidden("Your permission %s does not reach this account.", access.UserImpersonate)
	}
	for _, p := range []string{access.RoleAssign, access.PermissionGrant, access.UserImpersonate} {
		if access.Decide(held, p, now) != access.ScopeNone {
			return fault.Forbidden("Nobody acts for those who administer access.")
		}
	}
	if p := access.Exceeds(held, by.Grants, now); p != "" {
		return fault.Forbidden("This user may do what you may not (%s), so you cannot act in their name.", p)
	}
	return nil
}

// actor gives the user of the id, who acts for u, who holds the grants, as long as
// they may. The context must be unrestricted. Errors: UNAUTHENTICATED, UNAVAILABLE.
func (s *Service) actor(ctx context.Context, c *ent.Client, id uuid.UUID, u *ent.User, held []access.Grant) (*access.Impersonator, error) {
	who, err := c.User.Query().Where(user.ID(id)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, unauthenticated(err)
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("load who acts: %w", err))
	}
	by, err := accounts.Viewer(ctx, c, who)
	if err != nil {
		return nil, store.Classify(err)
	}
	by.Now = s.Now
	if !canIssue(who, nil, s.Now()) || mayActFor(by, u, held, s.Now()) != nil {
		return nil, unauthenticated(nil)
	}
	return &access.Impersonator{ID: who.ID, Username: who.Username}, nil
}

// actingIn is actingAs for whoever acts in the session: its owner, or somebody in
// the owner's name, as long as they may. Errors: UNAUTHENTICATED, UNAVAILABLE.
func (s *Service) actingIn(ctx context.Context, c *ent.Client, u *ent.User, session *ent.UserSession, verb string) (context.Context, error) {
	if session.ImpersonatorID == nil {
		return actingAs(ctx, u, verb), nil
	}
	system := access.System(ctx, verb)
	owner, err := accounts.Viewer(system, c, u)
	if err != nil {
		return nil, err
	}
	by, err := s.actor(system, c, *session.ImpersonatorID, u, owner.Grants)
	if err != nil {
		return nil, err
	}
	return access.Elevated(access.NewContext(ctx, &access.Viewer{UserID: u.ID, Username: u.Username, Impersonator: by}), verb), nil
}

// viewerIn is the viewer of u for the session that the context acts in.
func viewerIn(ctx context.Context, c *ent.Client, u *ent.User) (*access.Viewer, error) {
	v, err := accounts.Viewer(ctx, c, u)
	if err == nil {
		v.Impersonator = access.FromContext(ctx).Impersonator
	}
	return v, err
}

// actorOf gives the id of who acts in the session for its owner; zero: the owner.
func actorOf(session *ent.UserSession) uuid.UUID {
	if session.ImpersonatorID == nil {
		return uuid.Nil
	}
	return *session.ImpersonatorID
}

// StopImpersonating ends the session in which the caller acts for somebody else.
// Errors: INVALID_TRANSITION when it is the caller's own.
func (s *Service) StopImpersonating(ctx context.Context) (err error) {
	v := access.FromContext(ctx)
	defer func() { s.record(ctx, audit.EventImpersonateStop, &v.UserID, "", err, "") }()
	if v.Impersonator == nil {
		return fault.New(fault.CodeInvalidTransition, "You act in your own name.")
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return s.endSession(access.Elevated(ctx, "stopImpersonating"), c, v.SessionID, usersession.StatusLoggedOut, "impersonation stopped")
	})
}

// errNotInPerson refuses what only the owner of an account does.
func errNotInPerson() error {
	return fault.Forbidden("Only the owner of the account does this, signed in.")
}

// record puts an attempt of the caller on record.
func (s *Service) record(ctx context.Context, event string, subject *uuid.UUID, permission string, err error, details string) {
	s.Security.Record(ctx, audit.Event{Name: event, Subject: subject, Permission: permission, Err: err, Details: details})
}
