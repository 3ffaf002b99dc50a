package auth

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/store"
)

const (
	maxAuthenticators = 10
	maxFactorName     = 64
)

// Enrolment is an app that has yet to show that it knows its secret.
type Enrolment struct {
	Authenticator *ent.Authenticator
	Secret, URI   string // for the owner's app, shown once
}

// Confirmed is an authenticator that counts from now on. Codes are the recovery
// codes, shown once; nil where the account has some already.
type Confirmed struct {
	Authenticator *ent.Authenticator
	Codes         []string
}

// EnrolTotp makes the secret of an app that shows codes. It counts for nothing
// before ConfirmTotp; an earlier one that never did is forgotten. Errors:
// BAD_USER_INPUT, CONFLICT.
func (s *Service) EnrolTotp(ctx context.Context, name string) (made Enrolment, err error) {
	name, err = factorName(name, "Authenticator app")
	if err != nil {
		return made, err
	}
	secret := newTOTPSecret()
	err = s.ownFactors(ctx, "enrolTotp", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		if err := forgetUnconfirmed(ctx, c, u); err != nil {
			return err
		}
		if err := room(ctx, c, u); err != nil {
			return err
		}
		made.Authenticator, err = c.Authenticator.Create().SetUserID(u.ID).SetKind(authenticator.KindTotp).SetName(name).
			SetSecretSealed(s.Factors.seal.Seal(secret, "totp "+u.ID.String())).Save(ctx)
		if err != nil {
			return fmt.Errorf("make authenticator: %w", err)
		}
		made.Secret, made.URI = totpText(secret), totpURI(secret, factorIssuer, u.Username)
		return nil
	})
	if err != nil {
		return Enrolment{}, err
	}
	made.Authenticator.Unwrap()
	return made, nil
}

// ConfirmTotp takes the first code of an app. From then on it is asked for at
// each sign-in, and the session counts as one with a second factor. Errors:
// NOT_FOUND, INVALID_CREDENTIALS.
func (s *Service) ConfirmTotp(ctx context.Context, id uuid.UUID, code string) (done Confirmed, err error) {
	defer func() { s.tellFactor(ctx, audit.EventFactorAdd, "TOTP", err) }()
	err = s.ownFactors(ctx, "confirmTotp", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		a, err := ownFactor(ctx, c, u, id)
		if err != nil {
			return err
		}
		if err := MayConfirm(access.FromContext(ctx), a); err != nil {
			return err
		}
		step, ok, err := s.matchesApp(u, a, code)
		if err != nil {
			return err
		}
		if !ok {
			return errFactor()
		}
		done, err = s.confirm(ctx, c, u, a.Update().SetLastStep(step), "otp")
		return err
	})
	if err != nil {
		return Confirmed{}, err
	}
	done.Authenticator.Unwrap()
	return done, nil
}

// confirm makes an authenticator count, gives recovery codes where the account
// has none, and notes on the session that its owner has shown the factor.
func (s *Service) confirm(ctx context.Context, c *ent.Client, u *ent.User, update *ent.AuthenticatorUpdateOne, amr string) (done Confirmed, err error) {
	now := s.Now()
	if done.Authenticator, err = update.SetConfirmedAt(now).SetLastUsedAt(now).Save(ctx); err != nil {
		return done, fmt.Errorf("confirm authenticator: %w", err)
	}
	left, err := RecoveryCodesLeft(ctx, c, u.ID)
	if err != nil {
		return done, err
	}
	if left == 0 {
		if done.Codes, err = s.newCodes(ctx, c, u); err != nil {
			return done, err
		}
	}
	if _, err = s.proven(ctx, c, amr, "mfa"); err != nil {
		return done, err
	}
	return done, s.noticeFactor(ctx, c, u, notify.FactorAdded, done.Authenticator.Name)
}

// RenameAuthenticator gives an authenticator of the caller another name. Errors:
// NOT_FOUND, BAD_USER_INPUT.
func (s *Service) RenameAuthenticator(ctx context.Context, id uuid.UUID, name string) (renamed *ent.Authenticator, err error) {
	if name, err = factorName(name, ""); err != nil {
		return nil, err
	}
	err = s.ownFactors(ctx, "renameAuthenticator", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		renamed, err = c.Authenticator.UpdateOneID(id).Where(authenticator.UserID(u.ID)).SetName(name).Save(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return renamed.Unwrap(), nil
}

// RemoveAuthenticator takes an authenticator of the caller away. With the last
// one that counts go the recovery codes: the password is enough again. Errors:
// NOT_FOUND.
func (s *Service) RemoveAuthenticator(ctx context.Context, id uuid.UUID) (err error) {
	kind := ""
	defer func() { s.tellFactor(ctx, audit.EventFactorRemove, kind, err) }()
	return s.ownFactors(ctx, "removeAuthenticator", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		a, err := ownFactor(ctx, c, u, id)
		if err != nil {
			return err
		}
		kind = a.Kind.String()
		if err := c.Authenticator.DeleteOne(a).Exec(ctx); err != nil {
			return fmt.Errorf("remove authenticator: %w", err)
		}
		if a.ConfirmedAt == nil {
			return nil
		}
		if err := s.noticeFactor(ctx, c, u, notify.FactorRemoved, a.Name); err != nil {
			return err
		}
		kinds, err := factorsOf(ctx, c, u)
		if err != nil || len(kinds) > 0 {
			return err
		}
		return forgetCodes(ctx, c, u)
	})
}

// ownFactor loads an authenticator of the user. Errors: NOT_FOUND.
func ownFactor(ctx context.Context, c *ent.Client, u *ent.User, id uuid.UUID) (*ent.Authenticator, error) {
	a, err := c.Authenticator.Query().Where(authenticator.ID(id), authenticator.UserID(u.ID)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	if err != nil {
		return nil, fmt.Errorf("load authenticator: %w", err)
	}
	return a, nil
}

// MayKeep says whether an authenticator is the viewer's to rename and to remove.
// Errors: NOT_FOUND.
func MayKeep(v *access.Viewer, a *ent.Authenticator) error {
	if v.UserID != a.UserID {
		return fault.Missing()
	}
	return nil
}

// MayConfirm says whether the viewer may confirm an authenticator with a code: an
// app of their own that is not confirmed yet. Errors: NOT_FOUND.
func MayConfirm(v *access.Viewer, a *ent.Authenticator) error {
	if a.Kind != authenticator.KindTotp || a.ConfirmedAt != nil {
		return fault.Missing()
	}
	return MayKeep(v, a)
}

func forgetUnconfirmed(ctx context.Context, c *ent.Client, u *ent.User) error {
	old, err := c.Authenticator.Query().Where(authenticator.UserID(u.ID), authenticator.ConfirmedAtIsNil()).All(ctx)
	if err != nil {
		return fmt.Errorf("look for authenticators: %w", err)
	}
	for _, a := range old {
		if err := c.Authenticator.DeleteOne(a).Exec(ctx); err != nil {
			return fmt.Errorf("forget authenticator: %w", err)
		}
	}
	return nil
}

// room refuses one authenticator more than an account may have.
func room(ctx context.Context, c *ent.Client, u *ent.User) error {
	n, err := c.Authenticator.Query().Where(authenticator.UserID(u.ID)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count authenticators: %w", err)
	}
	if n >= maxAuthenticators {
		return fault.Conflict("An account has at most %d authenticators. Remove one first.", maxAuthenticators)
	}
	return nil
}

// ownFactors runs the body of a verb about the caller's own factors, under the
// lock of the account's row: two verbs at once see each other's work.
func (s *Service) ownFactors(ctx context.Context, verb string, body func(context.Context, *ent.Client, *ent.User) error) error {
	v := access.FromContext(ctx)
	if v.SessionID == uuid.Nil {
		return fault.Forbidden("Only who has signed in changes authenticators.")
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, verb)
		u, err := s.lockUser(ctx, c, v.UserID)
		if err != nil {
			return err
		}
		return body(ctx, c, u)
	})
}

func (s *Service) lockUser(ctx context.Context, c *ent.Client, id uuid.UUID) (*ent.User, error) {
	u, err := s.lockAccount(ctx, c, id)
	if ent.IsNotFound(err) {
		return nil, unauthenticated(err)
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("load account: %w", err))
	}
	return u, nil
}

// proven notes on the caller's session what its owner has shown, without
// repeating what is there.
func (s *Service) proven(ctx context.Context, c *ent.Client, amr ...string) (*ent.UserSession, error) {
	id := access.FromContext(ctx).SessionID
	session, err := c.UserSession.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("load session: %w", err)
	}
	all := slices.Clone(session.Amr)
	for _, a := range amr {
		if !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	if len(all) == len(session.Amr) {
		return session, nil
	}
	if session, err = c.UserSession.UpdateOneID(id).SetAmr(all).Save(ctx); err != nil {
		return nil, fmt.Errorf("note the factor on the session: %w", err)
	}
	return session, nil
}

func factorName(name, instead string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		name = instead
	}
	if n := utf8.RuneCountInString(name); n == 0 || n > maxFactorName {
		return "", fault.Invalid("input.name", "A name has 1 to %d characters.", maxFactorName)
	}
	return name, nil
}

// tellFactor puts a change of the caller's factors on record.
func (s *Service) tellFactor(ctx context.Context, event, kind string, err error) {
	id := access.FromContext(ctx).UserID
	s.Security.Record(ctx, audit.Event{Name: event, Subject: &id, Details: kind, Err: err})
}
