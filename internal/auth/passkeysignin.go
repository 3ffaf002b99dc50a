package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// assertion is the answer of a browser to a challenge that has been taken.
type assertion struct {
	parsed  *protocol.ParsedCredentialAssertionData
	session webauthn.SessionData
	owner   *uuid.UUID // whose passkey was asked for; nil: whoever answers
}

// BeginPasskeySignIn gives the options for a browser to answer with a passkey
// (PublicKeyCredentialRequestOptionsJSON). With a ticket it asks for a passkey of
// the ticket's account, as a second factor; without one for any, whose device
// must have verified its user. Errors: UNAUTHENTICATED for a ticket that is no
// longer good, NOT_FOUND where its account has no passkey, FORBIDDEN.
func (s *Service) BeginPasskeySignIn(ctx context.Context, ticket *string) (options map[string]any, err error) {
	if err := s.havePasskeys(); err != nil {
		return nil, err
	}
	system := access.System(ctx, "beginPasskeySignIn")
	var asked *protocol.CredentialAssertion
	var session *webauthn.SessionData
	var owner *uuid.UUID
	if ticket == nil {
		asked, session, err = s.Factors.passkeys.BeginDiscoverableLogin()
	} else {
		t, failed := s.ticket(ctx, *ticket)
		if failed != nil {
			return nil, failed
		}
		keys, failed := s.passkeysOf(system, s.Store.Client, t.Edges.User)
		if failed != nil {
			return nil, store.Classify(failed)
		}
		if len(keys.credentials) == 0 {
			return nil, fault.NotFound("This account has no passkey.")
		}
		owner = &t.Edges.User.ID
		asked, session, err = s.Factors.passkeys.BeginLogin(keys, webauthn.WithUserVerification(protocol.VerificationPreferred))
	}
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return s.challenge(system, c, onetimetoken.PurposePasskeySignIn, owner, session)
	})
	if err != nil {
		return nil, err
	}
	return asMap(asked.Response)
}

// takeAssertion reads what a browser gives and uses its challenge up.
func (s *Service) takeAssertion(ctx context.Context, passkey map[string]any) (*assertion, error) {
	if err := s.havePasskeys(); err != nil {
		return nil, err
	}
	parsed, err := parsePasskey(passkey, protocol.ParseCredentialRequestResponseBytes)
	if err != nil {
		return nil, err
	}
	session, owner, err := s.takeChallenge(ctx, parsed.Response.CollectedClientData.Challenge, onetimetoken.PurposePasskeySignIn)
	return &assertion{parsed, session, owner}, err
}

// errCloned says that the counter of a passkey did not go up: its key may be in
// two places (WebAuthn 6.1.1).
var errCloned = errors.New("the counter of a passkey went back")

// usePasskey checks an assertion against the account's passkeys and keeps the
// counter. Errors: INVALID_CREDENTIALS.
func (s *Service) usePasskey(ctx context.Context, c *ent.Client, u *ent.User, a *assertion) (amr []string, err error) {
	if a.owner != nil && *a.owner != u.ID {
		return nil, errFactor()
	}
	keys, err := s.passkeysOf(ctx, c, u)
	if err != nil {
		return nil, err
	}
	var used *webauthn.Credential
	if a.owner != nil {
		used, err = s.Factors.passkeys.ValidateLogin(keys, a.session, a.parsed)
	} else {
		_, used, err = s.Factors.passkeys.ValidatePasskeyLogin(func([]byte, []byte) (webauthn.User, error) { return keys, nil }, a.session, a.parsed)
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
	a, err := s.takeAssertion(ctx, passkey)
	if err != nil {
		return nil, err
	}
	// What was asked as a second factor need not have verified its user.
	if a.owner != nil {
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
