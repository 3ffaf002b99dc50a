package auth

import (
	"context"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/authenticator"
	"clinicgraph/ent/recoverycode"
	"clinicgraph/internal/access"
	"clinicgraph/internal/seal"
)

// factorIssuer is what apps and devices show beside the account.
const factorIssuer = "ClinicGraph"

const (
	labelRecovery   = "clinicgraph/v1/recovery-codes"
	labelChallenges = "clinicgraph/v1/passkey-challenges"
)

// RelyingParty says for whom passkeys are (WebAuthn 4): the host name that
// browsers see, and the origins whose pages may ask for one.
type RelyingParty struct {
	ID      string // "": no passkeys
	Origins []string
}

// Factors is what second factors are kept and checked with.
type Factors struct {
	// Required says for what one must have been given.
	Required access.FactorRule

	seal       *seal.Key
	recovery   []Secret           // of recovery codes: that of today, and the former ones
	challenges Secret             // signs those of a sign-in
	passkeys   *webauthn.WebAuthn // nil: no host name to have them for
}

// NewFactors derives its keys from the secret of what is sealed.
func NewFactors(keys Keys, party RelyingParty, required access.FactorRule) (*Factors, error) {
	key, err := keys.Sealer("factors")
	if err != nil {
		return nil, err
	}
	f := &Factors{Required: required, seal: key}
	for _, k := range append([]Keys{keys}, keys.Former...) {
		recovery, err := derive(k.Sealing, labelRecovery)
		if err != nil {
			return nil, fmt.Errorf("key of recovery codes: %w", err)
		}
		f.recovery = append(f.recovery, recovery)
	}
	if f.challenges, err = derive(keys.Sealing, labelChallenges); err != nil {
		return nil, fmt.Errorf("key of challenges: %w", err)
	}
	if party.ID == "" {
		return f, nil
	}
	f.passkeys, err = webauthn.New(&webauthn.Config{
		RPID: party.ID, RPDisplayName: factorIssuer, RPOrigins: party.Origins,
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(), UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of %s: %w", party.ID, err)
	}
	return f, nil
}

// The kinds of factor that completeLogin takes, in the words of the graph.
const (
	factorTOTP     = "TOTP"
	factorPasskey  = "PASSKEY"
	factorRecovery = "RECOVERY_CODE"
)

// factorsOf names the kinds of factor that the account has to give beside its
// password; none where nothing is confirmed.
func factorsOf(ctx context.Context, c *ent.Client, u *ent.User) (kinds []string, err error) {
	confirmed, err := c.Authenticator.Query().Where(authenticator.UserID(u.ID), authenticator.ConfirmedAtNotNil()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for authenticators: %w", err)
	}
	if len(confirmed) == 0 {
		return nil, nil
	}
	has := map[authenticator.Kind]bool{}
	for _, a := range confirmed {
		has[a.Kind] = true
	}
	if has[authenticator.KindTotp] {
		kinds = append(kinds, factorTOTP)
	}
	if has[authenticator.KindPasskey] {
		kinds = append(kinds, factorPasskey)
	}
	left, err := RecoveryCodesLeft(ctx, c, u.ID)
	if left > 0 {
		kinds = append(kinds, factorRecovery)
	}
	return kinds, err
}

// RecoveryCodesLeft counts the account's recovery codes that are still good. The
// context must be unrestricted.
func RecoveryCodesLeft(ctx context.Context, c *ent.Client, owner uuid.UUID) (int, error) {
	n, err := c.RecoveryCode.Query().Where(recoverycode.UserID(owner), recoverycode.UsedAtIsNil()).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return n, nil
}
