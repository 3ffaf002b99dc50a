package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/internal/access"
)

// A challenge of a sign-in is 16 random bytes, which no two share, its end in
// seconds, and a MAC over both, who is asked and the device that asks. It is kept
// by whoever asked for it, so that strangers cannot fill the database; the answer
// brings it back, and only one that was right is put on record, so that it is good
// once (WebAuthn Level 3, 13.4.3).
const (
	challengeRandom = 16
	challengeHead   = challengeRandom + 8
)

// newChallenge makes the challenge for a passkey of the owner; of anybody, where
// that is the zero id.
func (s *Service) newChallenge(ctx context.Context, owner uuid.UUID) []byte {
	head := make([]byte, challengeRandom, challengeHead+sha256.Size)
	rand.Read(head)
	head = binary.BigEndian.AppendUint64(head, uint64(s.Now().Add(challengeTTL).Unix()))
	return append(head, s.challengeMAC(owner, asking(ctx)[0], head)...)
}

// asking is what the device of ctx goes by: the token that it is known by, where it
// shows one, and like a ticket its program and address.
func asking(ctx context.Context) (names []string) {
	r := access.RequestOf(ctx)
	if r.Device != "" {
		names = append(names, r.Device)
	}
	return append(names, r.UserAgent+"\x00"+r.IP)
}

func (s *Service) challengeMAC(owner uuid.UUID, device string, head []byte) []byte {
	mac := hmac.New(sha256.New, s.Factors.challenges.Reveal())
	mac.Write(head)
	mac.Write(owner[:])
	mac.Write([]byte(device))
	return mac.Sum(nil)
}

// madeFor says whether the challenge is one of this clinic's, for the owner and
// the device of ctx, and good still.
func (s *Service) madeFor(ctx context.Context, owner uuid.UUID, challenge []byte) bool {
	if len(challenge) != challengeHead+sha256.Size {
		return false
	}
	head, mac := challenge[:challengeHead], challenge[challengeHead:]
	return s.Now().Before(challengeEnd(challenge)) && slices.ContainsFunc(asking(ctx), func(device string) bool {
		return hmac.Equal(mac, s.challengeMAC(owner, device, head))
	})
}

func challengeEnd(challenge []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint64(challenge[challengeRandom:])), 0).UTC()
}

// spendChallenge uses a challenge up, in the client's transaction: of two answers
// to it one wins. Errors: INVALID_CREDENTIALS.
func (s *Service) spendChallenge(ctx context.Context, c *ent.Client, u *ent.User, challenge []byte) error {
	hash := sha256.Sum256(challenge)
	err := c.OneTimeToken.Create().SetUserID(u.ID).SetPurpose(onetimetoken.PurposePasskeySignIn).SetTokenHash(hash[:]).
		SetExpiresAt(challengeEnd(challenge)).SetUsedAt(s.Now()).Exec(ctx)
	if ent.IsConstraintError(err) {
		return errFactor()
	}
	if err != nil {
		return fmt.Errorf("use up a challenge: %w", err)
	}
	return nil
}
