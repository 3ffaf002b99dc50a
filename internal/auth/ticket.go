package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strconv"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// Between the password and the second factor there is a ticket and no token: it
// opens nothing but completeLogin.
const (
	ticketTTL   = 5 * time.Minute
	ticketTries = 5
)

// ticketed is the kind of the tickets.
const ticketed opaque = "mt_"

// askFactor answers a right password of an account with a second factor. Fresh is
// the hash to keep from now on, "" for the one that is.
func (s *Service) askFactor(ctx context.Context, u *ent.User, kinds []string, fresh string) error {
	plain, hash := ticketed.make()
	err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if fresh != "" {
			if err := c.User.UpdateOneID(u.ID).SetPasswordHash(fresh).Exec(actingAs(ctx, u, "login")); err != nil {
				return fmt.Errorf("keep the new hash: %w", err)
			}
		}
		return c.OneTimeToken.Create().SetUserID(u.ID).SetPurpose(onetimetoken.PurposeSecondFactor).SetTokenHash(hash).
			SetBoundTo(s.boundTo(ctx, u)).SetExpiresAt(s.Now().Add(ticketTTL)).Exec(access.System(ctx, "login"))
	})
	if err != nil {
		return err
	}
	asked := fault.New(fault.CodeSecondFactorRequired, "The password was right. Now a second factor is needed (completeLogin).")
	asked.Ticket, asked.Factors = plain, kinds
	return asked
}

// boundTo is the hash of what must not change between the two steps: the device
// that asks, known or by its program and address, and what the account's tokens
// rest on. A new password in between ends the sign-in.
func (s *Service) boundTo(ctx context.Context, u *ent.User) []byte {
	r := access.RequestOf(ctx)
	device := s.knownDevice(u.ID, r.Device)
	if device == "" {
		device = r.UserAgent + "\x00" + r.IP
	}
	hash := sha256.Sum256([]byte(device + "\x00" + u.ID.String() + "\x00" + strconv.Itoa(int(u.TokenEpoch))))
	return hash[:]
}

func errTicket(cause error) error {
	return fault.Wrap(fault.CodeUnauthenticated, cause, "This sign-in is no longer good. Please begin anew with the password.")
}

// ticket finds a ticket that is good now, with its user.
func (s *Service) ticket(ctx context.Context, plain string) (*ent.OneTimeToken, error) {
	hash, ok := ticketed.hash(plain)
	if !ok {
		return nil, errTicket(nil)
	}
	t, err := s.Store.Client.OneTimeToken.Query().Where(onetimetoken.TokenHash(hash), onetimetoken.PurposeEQ(onetimetoken.PurposeSecondFactor)).
		WithUser().Only(access.System(ctx, "completeLogin"))
	if ent.IsNotFound(err) {
		return nil, errTicket(err)
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("look for the ticket: %w", err))
	}
	u, now := t.Edges.User, s.Now()
	if !canIssue(u, nil, now) || t.UsedAt != nil || t.Attempts >= ticketTries || !now.Before(t.ExpiresAt) ||
		string(t.BoundTo) != string(s.boundTo(ctx, u)) {
		return nil, errTicket(nil)
	}
	return t, nil
}

// CompleteLogin opens the session that Login has asked a second factor for. Each
// try counts before it is looked at, on the ticket and on the account: parallel
// guesses get no free ones. Errors: BAD_USER_INPUT, INVALID_CREDENTIALS for a
// factor that is not right, UNAUTHENTICATED for a ticket that is no longer good.
func (s *Service) CompleteLogin(ctx context.Context, ticket string, p Proof, device string) (opened *Session, err error) {
	if err := p.check("code, recoveryCode and passkey"); err != nil {
		return nil, err
	}
	began := time.Now()
	defer func() { s.floor(ctx, began, err) }()
	var u *ent.User
	defer func() { s.conclude(ctx, audit.EventLogin, u, err) }()
	t, err := s.ticket(ctx, ticket)
	if err != nil {
		return nil, err
	}
	u = t.Edges.User
	ok, err := s.guarded(ctx, u, "completeLogin", func(ctx context.Context) (bool, error) {
		if err := s.spendTry(ctx, t); err != nil {
			return false, err
		}
		factor, err := s.showFactor(p)
		if err == nil {
			opened, err = s.redeem(ctx, t, factor, device)
		}
		return s.factorVerdict(ctx, u, err)
	})
	if err == nil && !ok {
		err = errFactor()
	}
	return opened, err
}

// factorVerdict says of a look at a factor whether it was right. A wrong one is
// no error: the guard keeps its charge.
func (s *Service) factorVerdict(ctx context.Context, u *ent.User, err error) (bool, error) {
	if err != nil && fault.CodeOf(err) == fault.CodeInvalidCredentials {
		s.tellClone(ctx, u, err)
		return false, nil
	}
	return err == nil, err
}

// spendTry counts a try on the ticket.
func (s *Service) spendTry(ctx context.Context, t *ent.OneTimeToken) error {
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		err := c.OneTimeToken.UpdateOneID(t.ID).Where(onetimetoken.UsedAtIsNil(), onetimetoken.AttemptsLT(ticketTries)).
			AddAttempts(1).Exec(access.System(ctx, "completeLogin"))
		if ent.IsNotFound(err) {
			return errTicket(err)
		}
		if err != nil {
			return fmt.Errorf("count a try on the ticket: %w", err)
		}
		return nil
	})
}

// redeem uses up factor and ticket and opens the session, or does nothing.
func (s *Service) redeem(ctx context.Context, t *ent.OneTimeToken, factor shown, device string) (opened *Session, err error) {
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		u, err := s.lockUser(access.System(ctx, "completeLogin"), c, t.Edges.User.ID)
		if err != nil {
			return err
		}
		if !canIssue(u, nil, s.Now()) || u.TokenEpoch != t.Edges.User.TokenEpoch {
			return errTicket(nil)
		}
		ctx := actingAs(ctx, u, "completeLogin")
		amr, err := s.proveFactor(ctx, c, u, factor)
		if err != nil {
			return err
		}
		err = c.OneTimeToken.UpdateOneID(t.ID).Where(onetimetoken.UsedAtIsNil()).SetUsedAt(s.Now()).Exec(ctx)
		if ent.IsNotFound(err) {
			return errTicket(err)
		}
		if err != nil {
			return fmt.Errorf("use the ticket: %w", err)
		}
		if err := s.welcome(ctx, c, u, ""); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, opening{Event: audit.EventLogin, Device: device, AMR: append([]string{"pwd"}, amr...)})
		return err
	})
	return opened, err
}
