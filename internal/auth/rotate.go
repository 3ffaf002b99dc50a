package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"clinicgraph/ent"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/refreshtoken"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/user"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/seal"
)

// A refresh token is good once. A client that lost the answer, and one with
// several windows, may present it again for a moment and gets the same successor;
// whoever presents it later has a copy. RFC 9700, section 4.14.2.
const (
	// grace is how long after its exchange a token may come again. It does not
	// grow with each time.
	grace = 10 * time.Second

	// parallel is how long after the exchange others count as sent at the same
	// time: windows of one browser, not repetitions.
	parallel = time.Second

	// maxRepeats bounds the repetitions after that.
	maxRepeats = 3
)

// Refresh exchanges a refresh token for its successor and a fresh access token;
// the account, the session and the rights are looked at anew. Who presents a
// token that was exchanged before ends the session, but for the repetitions that
// judge allows. Errors: UNAUTHENTICATED.
func (s *Service) Refresh(ctx context.Context, plain string) (renewed *Session, err error) {
	var p *presented
	defer func() {
		var u *ent.User
		if p != nil {
			u = p.user
		}
		s.conclude(ctx, audit.EventRefresh, u, err)
	}()
	hash, err := ParseRefreshToken(plain)
	if err != nil {
		return nil, err
	}
	var alarm error // what is answered although the transaction commits
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
		renewed, alarm = nil, nil
		if p, err = s.present(access.System(ctx, "refresh"), c, hash); err != nil {
			return err
		}
		if p == nil || !canIssue(p.user, p.session, s.Now()) {
			return unauthenticated(errors.New("refresh token: unknown, or account or session have ended"))
		}
		ctx, err := s.actingIn(ctx, c, p.user, p.session, "refreshSession")
		if err != nil {
			return err
		}
		switch judge(p.token, p.successor, s.Now()) {
		case good:
			renewed, err = s.rotate(ctx, c, p, plain)
		case repeated:
			renewed, err = s.repeat(ctx, c, p, plain)
		case reused:
			alarm = unauthenticated(errors.New("refresh token: used again"))
			err = s.compromise(ctx, c, p)
		default:
			err = unauthenticated(errors.New("refresh token: expired or revoked"))
		}
		return err
	})
	if err == nil && alarm != nil {
		s.Security.Count(audit.EventReuse)
		s.Security.Log.WarnContext(ctx, "refresh token used again, session ended", "session", p.session.ID, "generation", p.token.Generation)
		err = alarm
	}
	return renewed, err
}

// presented is a refresh token that somebody presents, with what it hangs on. The
// session's row is locked: who presents a token of the same session waits.
type presented struct {
	token, successor *ent.RefreshToken // successor: nil while there is none
	session          *ent.UserSession
	user             *ent.User
}

// present finds the token of a hash; nil for an unknown one. Locks are taken in
// the order that verbs do who end sessions: the user's row, then the session's.
func (s *Service) present(ctx context.Context, c *ent.Client, hash []byte) (*presented, error) {
	found, err := c.RefreshToken.Query().Where(refreshtoken.TokenHash(hash)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the refresh token: %w", err)
	}
	users, sessions := c.User.Query().Where(user.ID(found.UserID)), c.UserSession.Query().Where(usersession.ID(found.SessionID))
	if s.Store.DB.LocksRows() {
		users, sessions = users.ForUpdate(entsql.WithLockClause("FOR KEY SHARE")), sessions.ForUpdate()
	}
	p := &presented{}
	if p.user, err = users.Only(ctx); err == nil {
		p.session, err = sessions.Only(ctx)
	}
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load the session of a refresh token: %w", err)
	}
	// Somebody else may have exchanged it while we waited.
	if p.token, err = c.RefreshToken.Query().Where(refreshtoken.ID(found.ID)).Only(ctx); err != nil {
		return nil, fmt.Errorf("load the refresh token: %w", err)
	}
	if p.token.ReplacedBy != nil {
		p.successor, err = c.RefreshToken.Query().Where(refreshtoken.ID(*p.token.ReplacedBy)).Only(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return nil, fmt.Errorf("load the successor of a refresh token: %w", err)
		}
	}
	return p, nil
}

// worth is what a presented refresh token is worth.
type worth int

const (
	refused  worth = iota // nothing
	good                  // its first exchange
	repeated              // the answer to that again
	reused                // an alarm
)

// judge says what a refresh token of a live session is worth at now. Only the
// immediate predecessor of a token that nobody has used can be repeated, within
// the grace period, and three times at most once others cannot have been on their
// way in parallel.
func judge(token, successor *ent.RefreshToken, now time.Time) worth {
	expired := !now.Before(token.ExpiresAt)
	switch {
	case token.RevokedAt != nil:
		return refused
	case token.UsedAt == nil && expired:
		return refused
	case token.UsedAt == nil:
		return good
	}
	age := now.Sub(*token.UsedAt)
	switch {
	case successor == nil || successor.UsedAt != nil || successor.RevokedAt != nil:
		return reused
	case age > grace:
		return reused
	case age > parallel && token.ReuseCount >= maxRepeats:
		return reused
	case expired:
		return refused
	default:
		return repeated
	}
}

// rotate makes the successor and marks the token as used, once: another server
// may hold no lock, and still only one of two wins.
func (s *Service) rotate(ctx context.Context, c *ent.Client, p *presented, plain string) (*Session, error) {
	now, next := s.Now(), newSuccessor()
	key, err := seal.New([]byte(plain), purposeSuccessor)
	if err != nil {
		return nil, err
	}
	err = c.RefreshToken.UpdateOne(p.token).Where(refreshtoken.UsedAtIsNil(), refreshtoken.RevokedAtIsNil(), refreshtoken.ExpiresAtGT(now)).
		SetUsedAt(now).SetReplacedBy(next.id).SetSuccessorSealed(key.Seal([]byte(next.plain), p.token.ID.String())).Exec(ctx)
	if ent.IsNotFound(err) {
		return nil, unauthenticated(err)
	}
	if err != nil {
		return nil, fmt.Errorf("use the refresh token: %w", err)
	}
	v, err := viewerIn(ctx, c, p.user)
	if err != nil {
		return nil, err
	}
	idle, _ := lifetime(v.Grants, now)
	ends := now.Add(idle)
	if p.session.ExpiresAt.Before(ends) {
		ends = p.session.ExpiresAt
	}
	session, err := c.UserSession.UpdateOne(p.session).SetLastActivityAt(now).SetIdleExpiresAt(ends).SetLastIPAddress(access.RequestOf(ctx).IP).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep the session: %w", err)
	}
	if err := s.keep(ctx, c, session, next, p.token); err != nil {
		return nil, err
	}
	if err := s.refreshed(ctx, c, session, ""); err != nil {
		return nil, err
	}
	return s.issue(p.user, v, session, next)
}

// repeat gives the successor once more, and a fresh access token.
func (s *Service) repeat(ctx context.Context, c *ent.Client, p *presented, plain string) (*Session, error) {
	if s.Now().Sub(*p.token.UsedAt) > parallel {
		if err := c.RefreshToken.UpdateOne(p.token).AddReuseCount(1).Exec(ctx); err != nil {
			return nil, fmt.Errorf("count the repetition: %w", err)
		}
	}
	key, err := seal.New([]byte(plain), purposeSuccessor)
	if err != nil {
		return nil, err
	}
	next, err := key.Open(p.token.SuccessorSealed, p.token.ID.String())
	if err != nil {
		return nil, fmt.Errorf("successor of a refresh token: %w", err)
	}
	v, err := viewerIn(ctx, c, p.user)
	if err != nil {
		return nil, err
	}
	if err := s.refreshed(ctx, c, p.session, "repeated"); err != nil {
		return nil, err
	}
	return s.issue(p.user, v, p.session, successor{id: p.successor.ID, plain: string(next)})
}

// refreshed puts an exchange on record.
func (s *Service) refreshed(ctx context.Context, c *ent.Client, session *ent.UserSession, details string) error {
	if err := note(ctx, c, session, sessionlog.EventTokenRefresh, details); err != nil {
		return err
	}
	return audit.Write(ctx, c, audit.Event{Name: audit.EventRefresh, Subject: &session.UserID, Details: details})
}

// compromise ends the session of a token that was used again: it or its successor
// is in the hands of somebody else, and nobody can tell in whose.
func (s *Service) compromise(ctx context.Context, c *ent.Client, p *presented) error {
	if err := s.endSession(ctx, c, p.session.ID, usersession.StatusCompromised, "refresh token used again"); err != nil {
		return err
	}
	// Whoever sent it need not be the owner, so the owner is told.
	ctx = access.System(ctx, "refreshSession")
	err := audit.Write(ctx, c, audit.Event{
		Name: audit.EventReuse, Subject: &p.session.ID, Err: unauthenticated(nil),
		Details: fmt.Sprintf("severity high, user %s, generation %d", p.user.ID, p.token.Generation),
	})
	if err != nil {
		return err
	}
	if err := s.noticeReuse(ctx, c, p.user); err != nil {
		return err
	}
	return notifications.Tell(ctx, c, notifications.News{To: p.user.ID, Kind: notification.KindSessionCompromised, About: p.session.ID})
}

// purposeSuccessor separates the keys that refresh tokens give from all others.
const purposeSuccessor = "refresh token successor"

// keep stores a refresh token of the session; parent is the one that it was
// exchanged for, nil for the first.
func (s *Service) keep(ctx context.Context, c *ent.Client, session *ent.UserSession, next successor, parent *ent.RefreshToken) error {
	r := access.RequestOf(ctx)
	create := c.RefreshToken.Create().SetID(next.id).SetUserID(session.UserID).SetSessionID(session.ID).
		SetTokenHash(next.hash).SetGeneration(1).
		SetIPAddress(r.IP).SetUserAgent(audit.Clip(r.UserAgent)).SetExpiresAt(session.IdleExpiresAt)
	if parent != nil {
		create.SetParentID(parent.ID).SetGeneration(parent.Generation + 1)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("make refresh token: %w", err)
	}
	return nil
}
