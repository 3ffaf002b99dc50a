package auth

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// assertion is the answer of a browser to a challenge.
type assertion struct {
	parsed    *protocol.ParsedCredentialAssertionData
	challenge []byte // as it was signed; it may be anybody's
}

// BeginPasskeySignIn gives the options for a browser to answer with a passkey
// (PublicKeyCredentialRequestOptionsJSON). With a ticket it asks for a passkey of
// the ticket's account, as a second factor; without one for any, whose device
// must have verified its user. It keeps nothing: whoever asks may be nobody we
// know. Errors: UNAUTHENTICATED for a ticket that is no longer good, NOT_FOUND
// where its account has no passkey, FORBIDDEN.
func (s *Service) BeginPasskeySignIn(ctx context.Context, ticket *string) (options map[string]any, err error) {
	if err := s.havePasskeys(); err != nil {
		return nil, err
	}
	var asked *protocol.CredentialAssertion
	if ticket == nil {
		asked, _, err = s.Factors.passkeys.BeginDiscoverableLogin(challenged(s.newChallenge(ctx, uuid.Nil)))
	} else {
		t, failed := s.ticket(ctx, *ticket)
		if failed != nil {
			return nil, failed
		}
		u := t.Edges.User
		keys, failed := s.passkeysOf(access.System(ctx, "beginPasskeySignIn"), s.Store.Client, u)
		if failed != nil {
			return nil, store.Classify(failed)
		}
		if len(keys.credentials) == 0 {
			return nil, fault.NotFound("This account has no passkey.")
		}
		asked, _, err = s.Factors.passkeys.BeginLogin(keys, webauthn.WithUserVerification(protocol.VerificationPreferred), challenged(s.newChallenge(ctx, u.ID)))
	}
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return asMap(asked.Response)
}

// challenged has the options ask with this challenge.
func challenged(challenge []byte) webauthn.LoginOption {
	return func(o *protocol.PublicKeyCredentialRequestOptions) error {
		o.Challenge = challenge
		return nil
	}
}

// readAssertion reads what a browser gives.
func (s *Service) readAssertion(passkey map[string]any) (*assertion, error) {
	if err := s.havePasskeys(); err != nil {
		return nil, err
	}
	parsed, err := parsePasskey(passkey, protocol.ParseCredentialRequestResponseBytes)
	if err != nil {
		return nil, err
	}
	challenge, err := base64.RawURLEncoding.DecodeString(parsed.Response.CollectedClientData.Challenge)
	if err != nil {
		return nil, errFactor()
	}
	return &assertion{parsed, challenge}, nil
}

// errCloned says that the counter of a passkey did not go up: its key may be in
// two places (WebAuthn 6.1.1).
var errCloned = errors.New("the counter of a passkey went back")

// usePasskey checks an assertion against the account's passkeys, uses its
// challenge up and keeps the counter, all of it or nothing. Errors:
// INVALID_CREDENTIALS.
func (s *Service) usePasskey(ctx context.Context, c *ent.Client, u *ent.User, a *assertion) (amr []string, err error) {
	anybody := s.madeFor(ctx, uuid.Nil, a.challenge)
	if !anybody && !s.madeFor(ctx, u.ID, a.challenge) {
		return nil, errFactor()
	}
	// Before the counter is looked at: who sends an answer twice has copied no key.
	if err := s.spendChallenge(ctx, c, u, a.challenge); err != nil {
		return nil, err
	}
	keys, err := s.passkeysOf(ctx, c, u)
	if err != nil {
		return nil, err
	}
	var used *webauthn.Credential
	session := webauthn.SessionData{Challenge: a.parsed.Response.CollectedClientData.Challenge}
	if anybody {
		session.UserVerification = protocol.VerificationRequired
		_, used, err = s.Factors.passkeys.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return keys, nil }, session, a.parsed)
	} else {
		session.UserID, session.UserVerification = u.ID[:], protocol.VerificationPreferred
		used, err = s.Factors.passkeys.ValidateLogin(keys, session, a.parsed)
	}
	if err == nil && used.Authenticator.CloneWarning {
		err = errCloned
	}
	if err != nil {
		return nil, fault.Wrap(fault.CodeInvalidCredentials, err, "This was not right, or was used before.")
	}
	row, err := c.Authenticator.Query().Where(authenticator.UserID(u.ID), authenticator.CredentialID(used.ID)).Only(ctx)
	if err == nil {
		err = row.Update().SetCredential(s.sealPasskey(u, used)).SetLastUsedAt(s.Now()).Exec(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the counter of a passkey: %w", err)
	}
	return []string{keyKind(used), "user"}, nil
}

// tellClone puts the suspicion on record that a passkey was copied.
func (s *Service) tellClone(ctx context.Context, u *ent.User, err error) {
	if u != nil && errors.Is(err, errCloned) {
		s.Security.Record(ctx, audit.Event{Name: audit.EventPasskeyCloned, Subject: &u.ID, Err: err})
	}
}

// SignInWithPasskey opens a session with nothing but a passkey whose device has
// verified its user: two factors in one. Errors: INVALID_CREDENTIALS,
// BAD_USER_INPUT, FORBIDDEN.
func (s *Service) SignInWithPasskey(ctx context.Context, passkey map[string]any, device string) (opened *Session, err error) {
	var u *ent.User
	defer func() { s.conclude(ctx, audit.EventLogin, u, err) }()
	a, err := s.readAssertion(passkey)
	if err != nil {
		return nil, err
	}
	// What was asked as a second factor need not have verified its user.
	if !s.madeFor(ctx, uuid.Nil, a.challenge) {
		return nil, errFactor()
	}
	row, err := s.Store.Client.Authenticator.Query().Where(authenticator.CredentialID(a.parsed.RawID), authenticator.ConfirmedAtNotNil()).
		Only(access.System(ctx, "signInWithPasskey"))
	if ent.IsNotFound(err) {
		return nil, errFactor()
	}
	if err != nil {
		return nil, store.Classify(fmt.Errorf("look for the passkey: %w", err))
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		if u, err = s.lockUser(access.System(ctx, "signInWithPasskey"), c, row.UserID); err != nil {
			return err
		}
		ctx := actingAs(ctx, u, "signInWithPasskey")
		amr, err := s.usePasskey(ctx, c, u, a)
		if err != nil {
			return err
		}
		if !canIssue(u, nil, s.Now()) {
			return errFactor()
		}
		if err := s.welcome(ctx, c, u, ""); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, opening{Event: audit.EventLogin, Device: device, AMR: append(amr, "mfa")})
		return err
	})
	s.tellClone(ctx, u, err)
	return opened, err
}
