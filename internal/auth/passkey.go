package auth

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// challengeTTL is how long a browser may take to answer.
const challengeTTL = 5 * time.Minute

// passkeyOwner is an account as WebAuthn sees it. The handle on the device is
// the account's id and nothing that names a person (WebAuthn 14.6.1).
type passkeyOwner struct {
	user        *ent.User
	credentials []webauthn.Credential
}

func (o passkeyOwner) WebAuthnID() []byte                         { return o.user.ID[:] }
func (o passkeyOwner) WebAuthnName() string                       { return o.user.Username }
func (o passkeyOwner) WebAuthnDisplayName() string                { return o.user.Username }
func (o passkeyOwner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

// BeginPasskeyRegistration gives the options for a browser to make a passkey
// (PublicKeyCredentialCreationOptionsJSON). Errors: CONFLICT, FORBIDDEN where the
// server has no host name for passkeys.
func (s *Service) BeginPasskeyRegistration(ctx context.Context) (options map[string]any, err error) {
	if err := s.havePasskeys(); err != nil {
		return nil, err
	}
	err = s.ownFactors(ctx, "beginPasskeyRegistration", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		if err := room(ctx, c, u); err != nil {
			return err
		}
		owner, err := s.passkeysOf(ctx, c, u)
		if err != nil {
			return err
		}
		known := make([]protocol.CredentialDescriptor, len(owner.credentials))
		for i, k := range owner.credentials {
			known[i] = k.Descriptor()
		}
		creation, session, err := s.Factors.passkeys.BeginRegistration(owner, webauthn.WithExclusions(known))
		if err != nil {
			return fmt.Errorf("begin the registration of a passkey: %w", err)
		}
		if err := s.challenge(ctx, c, u, session); err != nil {
			return err
		}
		options, err = asMap(creation.Response)
		return err
	})
	return options, err
}

// FinishPasskeyRegistration takes what a browser has made. The passkey counts at
// once. Errors: BAD_USER_INPUT, CONFLICT, INVALID_CREDENTIALS for what does not
// answer the challenge.
func (s *Service) FinishPasskeyRegistration(ctx context.Context, name string, passkey map[string]any) (done Confirmed, err error) {
	if name, err = factorName(name, "Passkey"); err != nil {
		return done, err
	}
	if err := s.havePasskeys(); err != nil {
		return done, err
	}
	defer func() { s.tellFactor(ctx, audit.EventFactorAdd, "PASSKEY", err) }()
	parsed, err := parsePasskey(passkey, protocol.ParseCredentialCreationResponseBytes)
	if err != nil {
		return done, err
	}
	session, owner, err := s.takeChallenge(ctx, parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return done, err
	}
	err = s.ownFactors(ctx, "finishPasskeyRegistration", func(ctx context.Context, c *ent.Client, u *ent.User) error {
		if owner == nil || *owner != u.ID {
			return errFactor()
		}
		made, err := s.Factors.passkeys.CreateCredential(passkeyOwner{user: u}, session, parsed)
		if err != nil {
			return fault.Wrap(fault.CodeInvalidCredentials, err, "This passkey does not answer what was asked.")
		}
		if err := room(ctx, c, u); err != nil {
			return err
		}
		made.Attestation = webauthn.CredentialAttestation{} // asked of nobody, and large
		row, err := c.Authenticator.Create().SetUserID(u.ID).SetKind(authenticator.KindPasskey).SetName(name).
			SetCredentialID(made.ID).SetCredential(s.sealPasskey(u, made)).Save(ctx)
		if ent.IsConstraintError(err) {
			return fault.Wrap(fault.CodeConflict, err, "This passkey is registered already.")
		}
		if err != nil {
			return fmt.Errorf("keep the passkey: %w", err)
		}
		done, err = s.confirm(ctx, c, u, row.Update(), keyKind(made))
		return err
	})
	if err != nil {
		return Confirmed{}, err
	}
	done.Authenticator.Unwrap()
	return done, nil
}

// keyKind says where the key lives (RFC 8176): in the device for good, or in
// software that may copy it to others of its owner's.
func keyKind(k *webauthn.Credential) string {
	if k.Flags.BackupEligible {
		return "swk"
	}
	return "hwk"
}

// passkeysOf opens the account's passkeys.
func (s *Service) passkeysOf(ctx context.Context, c *ent.Client, u *ent.User) (passkeyOwner, error) {
	owner := passkeyOwner{user: u}
	rows, err := c.Authenticator.Query().Where(authenticator.UserID(u.ID), authenticator.KindEQ(authenticator.KindPasskey),
		authenticator.ConfirmedAtNotNil()).Order(authenticator.ByID()).All(ctx)
	if err != nil {
		return owner, fmt.Errorf("look for passkeys: %w", err)
	}
	for _, row := range rows {
		var k webauthn.Credential
		plain, err := s.Factors.seal.Open(row.Credential, "passkey "+u.ID.String())
		if err == nil {
			err = json.Unmarshal(plain, &k)
		}
		if err != nil {
			return owner, fmt.Errorf("open passkey %s: %w", row.ID, err)
		}
		owner.credentials = append(owner.credentials, k)
	}
	return owner, nil
}

// sealPasskey seals the key with its counter, so that who can write to the
// database can neither put a key of their own there nor turn the counter back.
func (s *Service) sealPasskey(u *ent.User, k *webauthn.Credential) []byte {
	plain, err := json.Marshal(k)
	if err != nil {
		panic(err) // bytes, numbers and texts
	}
	return s.Factors.seal.Seal(plain, "passkey "+u.ID.String())
}

// challenge keeps what a registration rests on. The challenge itself, 256 random
// bits, is the one-time token: the answer brings it back.
func (s *Service) challenge(ctx context.Context, c *ent.Client, u *ent.User, session *webauthn.SessionData) error {
	hash, err := hashChallenge(session.Challenge)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(session)
	if err != nil {
		return fmt.Errorf("keep a challenge: %w", err)
	}
	err = c.OneTimeToken.Create().SetPurpose(onetimetoken.PurposePasskeyRegistration).SetUserID(u.ID).SetTokenHash(hash).
		SetPayload(s.Factors.seal.Seal(plain, "challenge "+hex.EncodeToString(hash))).
		SetExpiresAt(s.Now().Add(challengeTTL)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("keep a challenge: %w", err)
	}
	return nil
}

func hashChallenge(challenge string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil {
		return nil, errFactor()
	}
	hash := sha256.Sum256(raw)
	return hash[:], nil
}

// takeChallenge uses a challenge up, in a transaction of its own: an answer is
// looked at once, right or wrong.
func (s *Service) takeChallenge(ctx context.Context, challenge string) (session webauthn.SessionData, owner *uuid.UUID, err error) {
	hash, err := hashChallenge(challenge)
	if err != nil {
		return session, nil, err
	}
	var payload []byte
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.System(ctx, "passkey")
		t, err := c.OneTimeToken.Query().Where(onetimetoken.TokenHash(hash), onetimetoken.PurposeEQ(onetimetoken.PurposePasskeyRegistration), onetimetoken.ExpiresAtGT(s.Now())).Only(ctx)
		if err == nil {
			payload, owner = t.Payload, t.UserID
			err = c.OneTimeToken.UpdateOneID(t.ID).Where(onetimetoken.UsedAtIsNil()).SetUsedAt(s.Now()).Exec(ctx)
		}
		if ent.IsNotFound(err) {
			return errFactor()
		}
		if err != nil {
			return fmt.Errorf("take a challenge: %w", err)
		}
		return nil
	})
	if err != nil {
		return session, nil, err
	}
	plain, err := s.Factors.seal.Open(payload, "challenge "+hex.EncodeToString(hash))
	if err == nil {
		err = json.Unmarshal(plain, &session)
	}
	if err != nil {
		return session, nil, fmt.Errorf("open a challenge: %w", err)
	}
	return session, owner, nil
}

func (s *Service) havePasskeys() error {
	if s.Factors.passkeys == nil {
		return fault.Forbidden("This server has no host name that passkeys could be for.")
	}
	return nil
}

// parsePasskey reads what a browser gives. Its errors say what is malformed; they
// are for the log.
func parsePasskey[T any](passkey map[string]any, parse func([]byte) (T, error)) (parsed T, err error) {
	text, err := json.Marshal(passkey)
	if err == nil {
		parsed, err = parse(text)
	}
	if err != nil {
		wrong := fault.Invalid("input.passkey", "This is no answer of a browser (PublicKeyCredential.toJSON).")
		wrong.Err = err
		return parsed, wrong
	}
	return parsed, nil
}

// asMap gives a structure the form of the scalar JSON.
func asMap(v any) (m map[string]any, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	return m, err
}
