package auth

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/predicate"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// Adoption is what came of an exchange of the secret so far.
type Adoption struct {
	Resealed        int // factors that a former secret had sealed, until now
	FactorsLost     int // factors that no secret here opens
	PasswordsFormer int // accounts whose password hash still needs a former secret
	PasswordsLost   int // accounts whose password hash needs a secret that is not here
}

// AdoptSecret seals the second factors anew that a former secret has sealed, and
// counts the password hashes that no sign-in has renewed yet. Servers do so when
// they start with a former secret; two may at once.
func (s *Service) AdoptSecret(ctx context.Context) (done Adoption, err error) {
	ctx = access.System(ctx, "secret")
	rows, err := s.Store.Client.Authenticator.Query().All(ctx)
	if err != nil {
		return done, store.Classify(fmt.Errorf("look for authenticators: %w", err))
	}
	for _, row := range rows {
		renewed, err := s.Factors.renew(row)
		if err != nil {
			done.FactorsLost++
		}
		if renewed == nil {
			continue
		}
		if err := s.adopt(ctx, row.ID, row.UserID); err != nil {
			return done, err
		}
		done.Resealed++
	}
	hashed := func(has predicate.User) (int, error) {
		return s.Store.Client.User.Query().Where(user.PasswordHashHasPrefix("$argon2id$"), has).Count(ctx)
	}
	current := ofPepper(s.Passwords.kid)
	known := []predicate.User{current}
	for kid := range s.Passwords.peppers {
		known = append(known, ofPepper(kid))
	}
	if done.PasswordsLost, err = hashed(user.Not(user.Or(known...))); err != nil {
		return done, store.Classify(fmt.Errorf("count password hashes: %w", err))
	}
	others, err := hashed(user.Not(current))
	if err != nil {
		return done, store.Classify(fmt.Errorf("count password hashes: %w", err))
	}
	done.PasswordsFormer = others - done.PasswordsLost
	return done, nil
}

// ofPepper finds the hashes that were made with a pepper.
func ofPepper(kid string) predicate.User { return user.PasswordHashContains(",kid=" + kid + "$") }

// adopt seals one factor anew under the lock of its account: a passkey in use
// counts meanwhile.
func (s *Service) adopt(ctx context.Context, id, owner uuid.UUID) error {
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if _, err := s.lockAccount(ctx, c, owner); err != nil {
			return fmt.Errorf("lock the account: %w", err)
		}
		row, err := c.Authenticator.Get(ctx, id)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("load authenticator: %w", err)
		}
		renewed, err := s.Factors.renew(row)
		if err != nil || renewed == nil {
			return err
		}
		update := row.Update()
		if row.Kind == authenticator.KindTotp {
			update.SetSecretSealed(renewed)
		} else {
			update.SetCredential(renewed)
		}
		return update.Exec(ctx)
	})
}

// renew seals what the factor is known by anew, nil where that is not needed.
func (f *Factors) renew(row *ent.Authenticator) (renewed []byte, err error) {
	if row.Kind == authenticator.KindTotp {
		renewed, err = f.seal.Renew(row.SecretSealed, "totp "+row.UserID.String())
	} else {
		renewed, err = f.seal.Renew(row.Credential, "passkey "+row.UserID.String())
	}
	if err != nil {
		return nil, fmt.Errorf("open authenticator %s: %w", row.ID, err)
	}
	return renewed, nil
}
