package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"fmt"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// mailed is the kind of the tokens in links.
const mailed opaque = "ot_"

// How long the links are good. A reset opens an account that somebody uses, and
// whoever asked for it is there, so it is short (OWASP ASVS 5.0, 6.4.1). Nobody
// has asked for an invitation: it must survive a week of shifts.
const (
	resetTTL      = 15 * time.Minute
	verifyTTL     = 24 * time.Hour
	invitationTTL = 7 * 24 * time.Hour
)

// mailsAnHour is how many links of a kind an account, or an address, is sent in
// an hour, whoever asks for them.
const mailsAnHour = 3

// errToken is the one answer to every link that is not good: used, too old, made
// up, or overtaken by a change of password or address.
func errToken() error {
	return fault.Invalid("input.token", "This link is no longer good. Please ask for a new one.")
}

// binding is the hash of what a link rests on: it is good no more once that
// changes. Whoever confirms an address may have changed the password meanwhile.
func binding(u *ent.User, purpose onetimetoken.Purpose) []byte {
	text := u.ID.String() + "\x00" + u.EmailKey
	if purpose != onetimetoken.PurposeVerifyEmail {
		text += "\x00" + u.PasswordHash
	}
	hash := sha256.Sum256([]byte(text))
	return hash[:]
}

// mint makes a token for one purpose, once, inside the client's transaction. The
// user is nil where there is no account yet; what goes with it is sealed.
func (s *Service) mint(ctx context.Context, c *ent.Client, purpose onetimetoken.Purpose, u *ent.User, with []byte, ttl time.Duration) (plain string, ends time.Time, err error) {
	plain, hash := mailed.make()
	id, ends := ids.New(ids.OneTimeToken), s.Now().Add(ttl)
	create := c.OneTimeToken.Create().SetID(id).SetPurpose(purpose).SetTokenHash(hash).SetExpiresAt(ends)
	if u != nil {
		create.SetUserID(u.ID).SetBoundTo(binding(u, purpose))
	}
	if len(with) > 0 {
		create.SetPayload(s.OneTime.Seal(with, id.String()))
	}
	if err := create.Exec(ctx); err != nil {
		return "", ends, fmt.Errorf("make one-time token: %w", err)
	}
	return plain, ends, nil
}

// peek finds a token that is good now for one of the purposes, with its user, and
// leaves it good. Errors: BAD_USER_INPUT at "input.token".
func (s *Service) peek(ctx context.Context, c *ent.Client, plain string, purposes ...onetimetoken.Purpose) (*ent.OneTimeToken, error) {
	hash, ok := mailed.hash(plain)
	if !ok {
		return nil, errToken()
	}
	t, err := c.OneTimeToken.Query().Where(onetimetoken.TokenHash(hash), onetimetoken.PurposeIn(purposes...)).
		WithUser().Only(access.System(ctx, "one-time-token"))
	if ent.IsNotFound(err) {
		return nil, errToken()
	}
	if err != nil {
		return nil, fmt.Errorf("look for the one-time token: %w", err)
	}
	if t.UsedAt != nil || !s.Now().Before(t.ExpiresAt) || t.UserID != nil && !s.good(t, t.Edges.User) {
		return nil, errToken()
	}
	return t, nil
}

// good says whether the account is open and what the token rests on is as it was.
func (s *Service) good(t *ent.OneTimeToken, u *ent.User) bool {
	return canIssue(u, nil, s.Now()) && subtle.ConstantTimeCompare(t.BoundTo, binding(u, t.Purpose)) == 1
}

// use spends a token inside the client's transaction: of two who have it one
// wins. It locks the account and looks again at what the token rests on. Errors:
// BAD_USER_INPUT at "input.token".
func (s *Service) use(ctx context.Context, c *ent.Client, t *ent.OneTimeToken) (u *ent.User, err error) {
	ctx = access.System(ctx, "one-time-token")
	if t.UserID != nil {
		if u, err = s.lockAccount(ctx, c, *t.UserID); ent.IsNotFound(err) || err == nil && !s.good(t, u) {
			return nil, errToken()
		}
		if err != nil {
			return nil, fmt.Errorf("lock the account: %w", err)
		}
	}
	err = c.OneTimeToken.UpdateOneID(t.ID).Where(onetimetoken.UsedAtIsNil(), onetimetoken.ExpiresAtGT(s.Now())).
		SetUsedAt(s.Now()).Exec(ctx)
	if ent.IsNotFound(err) {
		return nil, errToken()
	}
	if err != nil {
		return nil, fmt.Errorf("use the one-time token: %w", err)
	}
	return u, nil
}

// enough says whether the account was sent as many links of a kind in the last
// hour as it may be.
func (s *Service) enough(ctx context.Context, c *ent.Client, u *ent.User, purpose onetimetoken.Purpose) (bool, error) {
	n, err := c.OneTimeToken.Query().Where(onetimetoken.UserID(u.ID), onetimetoken.PurposeEQ(purpose),
		onetimetoken.CreatedAtGT(s.Now().Add(-time.Hour))).Count(access.System(ctx, "one-time-token"))
	if err != nil {
		return false, fmt.Errorf("count one-time tokens: %w", err)
	}
	return n >= mailsAnHour, nil
}

// purgeBatch bounds a transaction, so that nobody waits long behind it.
const purgeBatch = 100

// tokensKept is how long a one-time token stays on record after its end: longer
// than the hour in which they are counted.
const tokensKept = 24 * time.Hour

// PurgeOneTimeTokens removes one-time tokens a day after their end, with all that
// went with them, and gives how many.
func (s *Service) PurgeOneTimeTokens(ctx context.Context) (removed int, err error) {
	ctx = access.System(ctx, "one-time-token-purge")
	for {
		n := 0
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			old, err := c.OneTimeToken.Query().Where(onetimetoken.ExpiresAtLTE(s.Now().Add(-tokensKept))).
				Order(onetimetoken.ByExpiresAt()).Limit(purgeBatch).All(ctx)
			if err != nil {
				return err
			}
			for n = 0; n < len(old); n++ {
				// Two servers may be at it: what is gone is gone.
				if err := c.OneTimeToken.DeleteOne(old[n]).Exec(ctx); err != nil && !ent.IsNotFound(err) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, fmt.Errorf("remove old one-time tokens: %w", err)
		}
		removed += n
		if n < purgeBatch {
			return removed, nil
		}
	}
}
