package auth

import (
	"context"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/recoverycode"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
)

// Proof is what somebody shows to prove who they are: exactly one of its fields.
type Proof struct {
	Password, Code, RecoveryCode *string
	Passkey                      map[string]any // PublicKeyCredential.toJSON() of a browser
}

// check refuses none and more than one.
func (p Proof) check(names string) error {
	n := 0
	for _, given := range []bool{p.Password != nil, p.Code != nil, p.RecoveryCode != nil, p.Passkey != nil} {
		if given {
			n++
		}
	}
	if n != 1 {
		return fault.Invalid("input", "Give exactly one of %s.", names)
	}
	return nil
}

// errFactor is the one answer to every factor that is not right.
func errFactor() error {
	return fault.New(fault.CodeInvalidCredentials, "This was not right, or was used before.")
}

// shown is a proof whose passkey, if it is one, has been read.
type shown struct {
	Proof
	assertion *assertion
}

// showFactor reads a passkey.
func (s *Service) showFactor(p Proof) (shown, error) {
	if p.Passkey == nil {
		return shown{Proof: p}, nil
	}
	a, err := s.readAssertion(p.Passkey)
	return shown{p, a}, err
}

// proveFactor checks a second factor of the account and uses it up, in the
// client's transaction. It gives the words of RFC 8176 for it. Errors:
// INVALID_CREDENTIALS.
func (s *Service) proveFactor(ctx context.Context, c *ent.Client, u *ent.User, p shown) (amr []string, err error) {
	switch {
	case p.Code != nil:
		return []string{"otp", "mfa"}, s.useCode(ctx, c, u, *p.Code)
	case p.RecoveryCode != nil:
		return []string{"otp", "mfa"}, s.useRecoveryCode(ctx, c, u, *p.RecoveryCode)
	case p.assertion != nil:
		amr, err := s.usePasskey(ctx, c, u, p.assertion)
		return append(amr, "mfa"), err
	default:
		return nil, errFactor()
	}
}

// useCode takes a code of one of the account's apps. The step is written where it
// is later than the last one: of two tries with one code one wins.
func (s *Service) useCode(ctx context.Context, c *ent.Client, u *ent.User, code string) error {
	apps, err := c.Authenticator.Query().Where(authenticator.UserID(u.ID), authenticator.KindEQ(authenticator.KindTotp),
		authenticator.ConfirmedAtNotNil()).Order(authenticator.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("look for authenticators: %w", err)
	}
	for _, app := range apps {
		step, ok, err := s.matchesApp(u, app, code)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		err = c.Authenticator.UpdateOneID(app.ID).Where(authenticator.LastStepLT(step)).SetLastStep(step).SetLastUsedAt(s.Now()).Exec(ctx)
		if ent.IsNotFound(err) {
			return errFactor()
		}
		if err != nil {
			return fmt.Errorf("use a code: %w", err)
		}
		return nil
	}
	return errFactor()
}

func (s *Service) matchesApp(u *ent.User, app *ent.Authenticator, code string) (step int64, ok bool, err error) {
	secret, err := s.Factors.seal.Open(app.SecretSealed, "totp "+u.ID.String())
	if err != nil {
		return 0, false, fmt.Errorf("open authenticator %s: %w", app.ID, err)
	}
	step, ok = matchTOTP(secret, code, s.Now(), app.LastStep)
	return step, ok, nil
}

// useRecoveryCode takes a recovery code; of two tries with one code one wins.
func (s *Service) useRecoveryCode(ctx context.Context, c *ent.Client, u *ent.User, code string) error {
	var hashes [][]byte
	for _, key := range s.Factors.recovery {
		hashes = append(hashes, hashRecoveryCode(key, u.ID, code))
	}
	id, err := c.RecoveryCode.Query().Where(recoverycode.UserID(u.ID), recoverycode.CodeHashIn(hashes...), recoverycode.UsedAtIsNil()).OnlyID(ctx)
	if err == nil {
		err = c.RecoveryCode.UpdateOneID(id).Where(recoverycode.UsedAtIsNil()).SetUsedAt(s.Now()).Exec(ctx)
	}
	if ent.IsNotFound(err) {
		return errFactor()
	}
	if err != nil {
		return fmt.Errorf("use a recovery code: %w", err)
	}
	return s.notice(ctx, c, u, notify.RecoveryCodeUsed)
}
