package auth

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/apitoken"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
)

const (
	// apiTokens begin with cg_, and end with a checksum: scanners of leaked secrets
	// know them.
	apiTokens opaque = "cg_"

	apiTokenHint    = 4 // characters at its end that its owner knows it by
	apiTokensMost   = 20
	apiTokenNameMax = 64
)

// NewAPIToken is a token for a program, in its owner's words.
type NewAPIToken struct {
	Name      string
	Scopes    []string // permissions
	ExpiresAt time.Time
}

// CreateAPIToken makes a token with which a program acts for the caller, and gives
// it in plain, once. Errors: BAD_USER_INPUT, FORBIDDEN for a scope that the caller
// does not hold, CONFLICT beyond 20 live tokens.
func (s *Service) CreateAPIToken(ctx context.Context, in NewAPIToken) (made *ent.ApiToken, plain string, err error) {
	v, now := access.FromContext(ctx), s.Now()
	defer func() {
		var subject *uuid.UUID
		if made != nil {
			subject = &made.ID
		}
		s.record(ctx, audit.EventAPITokenCreate, subject, "", err, "")
	}()
	if !v.InPerson() {
		return nil, "", errNotInPerson()
	}
	if err := in.check(v, now); err != nil {
		return nil, "", err
	}
	plain, hash := apiTokens.make()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		elevated := access.Elevated(ctx, "createApiToken")
		// The owner's row is the lock: parallel requests count each other's tokens.
		q := c.User.Query().Where(user.ID(v.UserID))
		if s.Store.DB.LocksRows() {
			q = q.ForUpdate()
		}
		u, err := q.Only(elevated)
		if err != nil {
			return fmt.Errorf("lock account: %w", err)
		}
		live, err := c.ApiToken.Query().Where(apitoken.UserID(v.UserID), apitoken.RevokedAtIsNil(), apitoken.ExpiresAtGT(now)).Count(elevated)
		if err != nil {
			return fmt.Errorf("count api tokens: %w", err)
		}
		if live >= apiTokensMost {
			return fault.Conflict("You have %d live tokens already. Revoke one that you do not need.", apiTokensMost)
		}
		made, err = c.ApiToken.Create().SetUserID(v.UserID).SetName(in.Name).SetScopes(in.Scopes).SetExpiresAt(in.ExpiresAt).
			SetTokenHash(hash).SetHint(plain[len(plain)-apiTokenHint:]).Save(elevated)
		if err != nil {
			return fmt.Errorf("make api token: %w", err)
		}
		return s.notice(ctx, c, u, notify.TokenAdded, notify.Facts{Program: in.Name})
	})
	if err != nil {
		return nil, "", err
	}
	return made.Unwrap(), plain, nil
}

// check trims the name, and refuses what cannot be a token of the viewer.
func (in *NewAPIToken) check(v *access.Viewer, now time.Time) error {
	in.Name = strings.TrimSpace(in.Name)
	if n := utf8.RuneCountInString(in.Name); n == 0 || n > apiTokenNameMax || strings.ContainsFunc(in.Name, unicode.IsControl) {
		return fault.Invalid("input.name", "A name has 1 to %d characters, on one line.", apiTokenNameMax)
	}
	if len(in.Scopes) == 0 {
		return fault.Invalid("input.scopes", "A token names at least one permission.")
	}
	for i, p := range in.Scopes {
		path := fmt.Sprintf("input.scopes.%d", i)
		switch {
		case !access.Known(p):
			return fault.Invalid(path, "There is no permission %.100q.", p)
		case !access.Grantable(p):
			return fault.Invalid(path, "Nothing asks for the permission %s yet.", p)
		case slices.Contains(in.Scopes[:i], p):
			return fault.Invalid(path, "The permission %s is listed twice.", p)
		case !v.Can(p):
			return fault.Forbidden("You do not hold %s yourself.", p)
		}
	}
	if !in.ExpiresAt.After(now) || in.ExpiresAt.After(now.AddDate(1, 0, 0)) {
		return fault.Invalid("input.expiresAt", "The end is in the future, and at most a year from now.")
	}
	return nil
}

// MayRevokeToken says whether the viewer may end a token that they see, of an
// account of the unit (nil: of none). Errors: FORBIDDEN.
func MayRevokeToken(v *access.Viewer, own bool, unit *uuid.UUID) error {
	if !own && !v.Reaches(access.SessionRevoke, false, unit) {
		return fault.Forbidden("You may not revoke this token.")
	}
	return nil
}

// RevokeAPIToken ends a token: the caller's own, or one that the permission
// session:revoke reaches. One that has ended stays as it is. Errors: NOT_FOUND,
// FORBIDDEN.
func (s *Service) RevokeAPIToken(ctx context.Context, id uuid.UUID) (revoked *ent.ApiToken, err error) {
	v := access.FromContext(ctx)
	defer func() { s.record(ctx, audit.EventAPITokenRevoke, &id, "", err, "") }()
	if !v.InPerson() {
		return nil, errNotInPerson()
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		elevated := access.Elevated(ctx, "revokeApiToken")
		find := c.ApiToken.Query().Where(apitoken.ID(id))
		seen, err := find.Clone().Where(apitoken.UserID(v.UserID)).Exist(elevated) // the own ones need no permission
		if err == nil && !seen {
			seen, err = find.Clone().Exist(ctx)
		}
		if err != nil {
			return fmt.Errorf("look for the api token: %w", err)
		}
		if !seen {
			return fault.Missing()
		}
		row, err := find.WithUser().Only(elevated)
		if err != nil {
			return fmt.Errorf("load api token: %w", err)
		}
		own, unit := row.UserID == v.UserID, (*uuid.UUID)(nil)
		if row.Edges.User != nil {
			unit = row.Edges.User.OrganizationalUnitID
		}
		if err := MayRevokeToken(v, own, unit); err != nil {
			return err
		}
		if revoked = row; row.RevokedAt != nil {
			return nil
		}
		reason := "revoked by its owner"
		if !own {
			reason = "revoked by an administrator"
		}
		if revoked, err = row.Update().SetRevokedAt(s.Now()).SetRevokeReason(reason).Save(elevated); err != nil {
			return fmt.Errorf("revoke api token: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return revoked.Unwrap(), nil
}
