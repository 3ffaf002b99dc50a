package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/recoverycode"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
)

const (
	recoveryCodes  = 10
	recoveryLen    = 16 // letters of five bits: 80 bits, which nobody guesses online or off
	recoveryGroups = 4
)

// newRecoveryCodes gives ten codes such as "7k2m-9xw4-pq8r-tv3w", shown once.
func newRecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		raw := make([]byte, recoveryLen)
		rand.Read(raw)
		var b strings.Builder
		for j, r := range raw {
			if j > 0 && j%(recoveryLen/recoveryGroups) == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(onetimeAlphabet[int(r)%len(onetimeAlphabet)])
		}
		codes[i] = b.String()
	}
	return codes
}

// hashRecoveryCode is what is stored of a code: keyed, so that the database
// alone cannot be searched, and of its owner, so that a row moved to another
// account is worth nothing. Case, blanks and dashes do not count, and letters
// that are not in the alphabet are read as what they look like.
func hashRecoveryCode(key Secret, owner uuid.UUID, code string) []byte {
	code = strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(code))
	mac := hmac.New(sha256.New, key.Reveal())
	mac.Write(owner[:])
	mac.Write([]byte(code))
	return mac.Sum(nil)
}

// RegenerateRecoveryCodes gives ten new recovery codes; the old ones are good no
// more. Errors: CONFLICT without an authenticator.
func (s *Service) RegenerateRecoveryCodes(ctx context.Context) (codes []string, err error) {
	defer func() { s.tellFactor(ctx, audit.EventRecoveryCodes, "", err) }()
	err = s.ownFactors(ctx, "regenerateRecoveryCodes", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		kinds, err := factorsOf(ctx, c, u)
		if err != nil {
			return err
		}
		if len(kinds) == 0 {
			return fault.Conflict("Recovery codes stand in for an authenticator. Enrol one first.")
		}
		if codes, err = s.newCodes(ctx, c, u); err != nil {
			return err
		}
		return s.notice(ctx, c, u, notify.NewRecoveryCodes)
	})
	return codes, err
}

// newCodes replaces the account's recovery codes.
func (s *Service) newCodes(ctx context.Context, c *ent.Client, u *ent.User) ([]string, error) {
	if err := forgetCodes(ctx, c, u); err != nil {
		return nil, err
	}
	codes := newRecoveryCodes()
	rows := make([]*ent.RecoveryCodeCreate, len(codes))
	for i, code := range codes {
		rows[i] = c.RecoveryCode.Create().SetUserID(u.ID).SetCodeHash(hashRecoveryCode(s.Factors.recovery[0], u.ID, code))
	}
	if err := c.RecoveryCode.CreateBulk(rows...).Exec(ctx); err != nil {
		return nil, fmt.Errorf("make recovery codes: %w", err)
	}
	return codes, nil
}

func forgetCodes(ctx context.Context, c *ent.Client, u *ent.User) error {
	old, err := c.RecoveryCode.Query().Where(recoverycode.UserID(u.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("look for recovery codes: %w", err)
	}
	for _, code := range old {
		if err := c.RecoveryCode.DeleteOne(code).Exec(ctx); err != nil {
			return fmt.Errorf("forget recovery code: %w", err)
		}
	}
	return nil
}
