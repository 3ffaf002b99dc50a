package auth

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/sessionlog"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// Reproved is what a client gets for proving anew who it is: an access token
// that says so. The refresh token stays what it is.
type Reproved struct {
	AccessToken string
	ExpiresAt   time.Time
	Viewer      *access.Viewer
}

// Reauthenticate proves anew who the caller is, with the password or with a
// factor: what asks for that (@stepUp) works again for a while. A factor makes
// the session one with a second factor. Errors: BAD_USER_INPUT,
// INVALID_CREDENTIALS, OVERLOADED, and FORBIDDEN where no session is.
func (s *Service) Reauthenticate(ctx context.Context, p Proof) (done *Reproved, err error) {
	if err := p.check("password, code, recoveryCode and passkey"); err != nil {
		return nil, err
	}
	v := access.FromContext(ctx)
	if v.SessionID == uuid.Nil {
		return nil, fault.Forbidden("Only who has signed in proves anew who they are.")
	}
	u, err := s.Store.Client.User.Query().Where(user.ID(v.UserID)).Only(access.System(ctx, "reauthenticate"))
	if err != nil {
		return nil, store.Classify(fmt.Errorf("load account: %w", err))
	}
	defer func() { s.tell(ctx, audit.EventReauthenticate, u, err) }()
	ok := false
	if p.Password != nil {
		var verdict verdict
		verdict, _, err = s.guardedPassword(ctx, s.suspect(ctx, u, ""), "reauthenticate", *p.Password, nil)
		if ok = verdict == right; ok && err == nil {
			done, err = s.reprove(ctx, v, shown{Proof: p})
		}
	} else {
		ok, err = s.guarded(ctx, u, "reauthenticate", func(ctx context.Context) (bool, error) {
			factor, err := s.showFactor(p)
			if err == nil {
				done, err = s.reprove(ctx, v, factor)
			}
			return s.factorVerdict(ctx, u, err)
		})
	}
	if err == nil && !ok {
		err = errFactor()
	}
	return done, err
}

// reprove checks the factor, if there is one, and notes the time on the session.
func (s *Service) reprove(ctx context.Context, v *access.Viewer, factor shown) (done *Reproved, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, now := access.Elevated(ctx, "reauthenticate"), s.Now()
		u, err := s.lockUser(ctx, c, v.UserID)
		if err != nil {
			return err
		}
		amr := []string{"pwd"}
		if factor.Password == nil {
			if amr, err = s.proveFactor(ctx, c, u, factor); err != nil {
				return err
			}
		}
		session, err := s.proven(ctx, c, amr...)
		if err != nil {
			return err
		}
		if !canIssue(u, session, now) {
			return unauthenticated(nil)
		}
		if session, err = c.UserSession.UpdateOneID(session.ID).SetReauthenticatedAt(now).Save(ctx); err != nil {
			return fmt.Errorf("note the proof on the session: %w", err)
		}
		if err := note(ctx, c, session, sessionlog.EventReauthenticate, ""); err != nil {
			return err
		}
		acts, err := accounts.Viewer(ctx, c, u)
		if err != nil {
			return err
		}
		token, expires, err := s.accessToken(u, acts, session)
		if err != nil {
			return err
		}
		done = &Reproved{AccessToken: token, ExpiresAt: expires, Viewer: acts}
		return nil
	})
	return done, err
}
