package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// How long a session lasts. Sources: NIST SP 800-63B (AAL2: 12 hours and 30
// minutes without activity; AAL1: 30 days).
const (
	staffIdle        = 30 * time.Minute
	staffAbsolute    = 12 * time.Hour
	customerIdle     = 14 * 24 * time.Hour
	customerAbsolute = 30 * 24 * time.Hour
)

// Service has the verbs of signing in and out.
type Service struct {
	Store       *store.Store
	Passwords   *Passwords
	Tokens      *Tokens
	Revoked     *Revocations
	Authorities *accounts.Authorities // who users are to the rules
	Keys        *Keyring              // of Tokens
	Followed    *Follower             // what has Revoked and Keys follow the database; nil: nothing is stale
	Security    *audit.Security
	Now         func() time.Time

	// Factors checks what comes beside the password.
	Factors *Factors

	// Mail takes what account owners are told; nil: nobody is.
	Mail *notify.Outbox
	// OneTime seals what goes with the tokens in links.
	OneTime *seal.Key
	// Registration is how people get an account; "": at once.
	Registration Registration

	GuardKey Secret                               // of what the login guard hides and signs
	Pause    func(context.Context, time.Duration) // holds failed sign-ins back; see [Pause]

	// Tried is told what came of each try at a secret, Blocked of each block by its
	// scope; nil: nobody is.
	Tried   func(action, outcome string)
	Blocked func(scope string)

	// MaxSessions is how many live sessions a user has at most; 0: ten.
	MaxSessions int

	// StepUp is how long a proof of who somebody is counts for what asks for one.
	StepUp time.Duration

	uses uses
}

// Session is what a client gets for signing in.
type Session struct {
	AccessToken  string
	ExpiresAt    time.Time // of the access token
	RefreshToken string
	// RefreshExpiresAt is when the refresh token ends unless it is used.
	RefreshExpiresAt time.Time
	DeviceToken      string // "" where no device has just signed in
	Viewer           *access.Viewer
}

// opening says how a session begins.
type opening struct {
	Event  string   // what the audit log calls it
	Device string   // what its owner calls the device; "" for nothing
	AMR    []string // what was given (RFC 8176); nil: the password
}

// open makes a session with its first refresh token and puts it on record, all in
// the client's transaction. The account is looked at again under a lock: what u
// was when its password was compared may have ended since. Errors:
// INVALID_CREDENTIALS when it has.
func (s *Service) open(ctx context.Context, c *ent.Client, u *ent.User, o opening) (*Session, error) {
	now, r := s.Now(), access.RequestOf(ctx)
	q := c.User.Query().Where(user.ID(u.ID))
	if s.Store.DB.LocksRows() {
		q = q.ForUpdate(entsql.WithLockClause("FOR NO KEY UPDATE"))
	}
	current, err := q.Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("look at the account again: %w", err)
	}
	if !canIssue(current, nil, now) || current.TokenEpoch != u.TokenEpoch {
		return nil, errCredentials()
	}
	v, err := accounts.Viewer(ctx, c, current)
	if err != nil {
		return nil, err
	}
	if err := s.makeRoom(ctx, c, u.ID); err != nil {
		return nil, err
	}
	if o.AMR == nil {
		o.AMR = []string{"pwd"}
	}
	idle, absolute := lifetime(v.Grants, now)
	create := c.UserSession.Create().SetUserID(u.ID).SetStatus(usersession.StatusActive).SetAmr(o.AMR).
		SetIPAddress(r.IP).SetLastIPAddress(r.IP).SetUserAgent(audit.Clip(r.UserAgent)).SetFingerprintHash(fingerprint(r)).
		SetAuthenticatedAt(now).SetLastActivityAt(now).SetIdleExpiresAt(now.Add(idle)).SetExpiresAt(now.Add(absolute))
	if o.Device != "" {
		create.SetDeviceName(audit.Clip(o.Device))
	}
	session, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	next := newSuccessor()
	if err := s.keep(ctx, c, session, next, nil); err != nil {
		return nil, err
	}
	if err := note(ctx, c, session, sessionlog.EventLogin, ""); err != nil {
		return nil, err
	}
	if err := audit.Write(ctx, c, audit.Event{Name: o.Event, UserID: u.ID, Actor: u.Username, Subject: &u.ID}); err != nil {
		return nil, err
	}
	opened, err := s.issue(current, v, session, next)
	if err != nil {
		return nil, err
	}
	opened.DeviceToken = s.deviceToken(ctx, u.ID)
	return opened, nil
}

// makeRoom ends the oldest sessions of a user who has as many as may be, so that
// one more fits. Those in which somebody else acts for the user do not count.
func (s *Service) makeRoom(ctx context.Context, c *ent.Client, owner uuid.UUID) error {
	now := s.Now()
	open, err := c.UserSession.Query().Where(
		usersession.UserID(owner), usersession.StatusEQ(usersession.StatusActive), usersession.ImpersonatorIDIsNil(),
		usersession.IdleExpiresAtGT(now), usersession.ExpiresAtGT(now)).
		Order(usersession.ByAuthenticatedAt(), usersession.ByID()).IDs(ctx)
	if err != nil {
		return fmt.Errorf("count sessions: %w", err)
	}
	for len(open) >= s.sessionCap() {
		if err := s.endSession(ctx, c, open[0], usersession.StatusEvicted, "too many sessions"); err != nil {
			return err
		}
		open = open[1:]
	}
	return nil
}

// defaultSessions is how many sessions a user may have where no setting says so.
const defaultSessions = 10

func (s *Service) sessionCap() int {
	if s.MaxSessions > 0 {
		return s.MaxSessions
	}
	return defaultSessions
}

// fingerprint tells devices of one account apart, as far as what they say of
// themselves does. It proves nothing.
func fingerprint(r access.Request) string {
	sum := sha256.Sum256([]byte("clinicgraph/v1/device\x00" + r.UserAgent))
	return hex.EncodeToString(sum[:])
}

// lifetime is short for whoever may see other people's data.
func lifetime(grants []access.Grant, now time.Time) (idle, absolute time.Duration) {
	if access.Decide(grants, access.CustomerRead, now) > access.ScopeOwn || access.Decide(grants, access.AppointmentReadNotes, now) > access.ScopeNone {
		return staffIdle, staffAbsolute
	}
	return customerIdle, customerAbsolute
}

// issue makes the access token of a session, which goes out with the refresh
// token next.
func (s *Service) issue(u *ent.User, v *access.Viewer, session *ent.UserSession, next successor) (*Session, error) {
	token, expires, err := s.accessToken(u, v, session)
	if err != nil {
		return nil, err
	}
	return &Session{
		AccessToken: token, ExpiresAt: expires, RefreshToken: next.plain, RefreshExpiresAt: session.IdleExpiresAt, Viewer: v,
	}, nil
}

// accessToken makes an access token of the session as it is now, and the viewer
// the one that it is for.
func (s *Service) accessToken(u *ent.User, v *access.Viewer, session *ent.UserSession) (token string, expires time.Time, err error) {
	claims := claimsOf(u, session)
	if token, expires, err = s.Tokens.Issue(claims); err != nil {
		return "", time.Time{}, fmt.Errorf("issue access token: %w", err)
	}
	claims.ExpiresAt = expires
	s.dress(v, claims)
	return token, expires, nil
}

// dress gives a viewer what an access token says of the session.
func (s *Service) dress(v *access.Viewer, claims Claims) {
	v.SessionID, v.Now, v.TokenEpoch, v.Until = claims.Session, s.Now, claims.Version, claims.ExpiresAt
	v.AuthTime, v.AMR, v.SecondFactor = claims.AuthTime, claims.AMR, s.Factors.Required
}

// actingAs gives the context the user as the actor of an auth verb.
func actingAs(ctx context.Context, u *ent.User, verb string) context.Context {
	return access.Elevated(access.NewContext(ctx, &access.Viewer{UserID: u.ID, Username: u.Username}), verb)
}

// conclude puts an attempt that failed on record, in a transaction of its own
// that outlives the rollback. A success is on record with the session that it
// opened, in the same transaction, and is only counted here.
func (s *Service) conclude(ctx context.Context, event string, u *ent.User, err error) {
	if err == nil {
		s.Security.Count(event)
		return
	}
	s.tell(ctx, event, u, err)
}

// tell puts an attempt on record, whatever came of it, in a transaction of its
// own.
func (s *Service) tell(ctx context.Context, event string, u *ent.User, err error) {
	e := audit.Event{Name: event, Err: err}
	if fault.CodeOf(err) == fault.CodeSecondFactorRequired {
		e.Name, e.Err, err = audit.EventFactorAsked, nil, nil // the password was right
	}
	if u != nil && u.ID != uuid.Nil {
		e.Subject = &u.ID
		if err == nil {
			e.UserID, e.Actor = u.ID, u.Username
		}
	}
	s.Security.Record(ctx, e)
}
