package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/apitoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
)

// program says who a personal token acts as: its owner, with what the owner holds
// now of the token's scopes. Every request reads the token's row, so that its end
// and its revocation end it at once, on every server; that of the owner's account
// does within a second. Errors: UNAUTHENTICATED, UNAVAILABLE.
func (s *Service) program(ctx context.Context, plain string) (*access.Viewer, error) {
	hash, ok := apiTokens.hash(plain)
	if !ok {
		return nil, unauthenticated(errors.New("api token: malformed"))
	}
	row, err := s.Store.Client.ApiToken.Query().Where(apitoken.TokenHash(hash)).Only(access.System(ctx, "authenticate"))
	if err != nil {
		return nil, noAccount(fmt.Errorf("load api token: %w", err))
	}
	v, err := s.programOf(ctx, row, s.Authorities.Of)
	if err == nil {
		s.note(ctx, row)
	}
	return v, err
}

// programAgain looks again at what the viewer of a personal token rests on.
func (s *Service) programAgain(ctx context.Context, id uuid.UUID) (*access.Viewer, error) {
	row, err := s.Store.Client.ApiToken.Query().Where(apitoken.ID(id)).Only(access.System(ctx, "authenticate"))
	if err != nil {
		return nil, noAccount(fmt.Errorf("load api token: %w", err))
	}
	return s.programOf(ctx, row, s.Authorities.Read)
}

// programOf gives the viewer of the token's row, with what its owner may do now.
func (s *Service) programOf(ctx context.Context, row *ent.ApiToken, owner func(context.Context, uuid.UUID) (*accounts.Authority, error)) (*access.Viewer, error) {
	a, err := owner(ctx, row.UserID)
	if err != nil {
		return nil, noAccount(err)
	}
	if row.RevokedAt != nil || !s.Now().Before(row.ExpiresAt) || !canIssue(a.User, nil, s.Now()) {
		return nil, unauthenticated(nil)
	}
	v := a.Viewer()
	v.Restrict(row.Scopes)
	v.TokenID, v.Now, v.Until, v.TokenEpoch = row.ID, s.Now, row.ExpiresAt, int64(a.User.TokenEpoch)
	return v, nil
}

// uses remembers which tokens were noted in this minute, so that of the requests
// of a minute one is written down.
type uses struct {
	mu     sync.Mutex
	minute time.Time
	noted  map[uuid.UUID]bool
}

// first says whether this is the first use of the token in the minute, as far as
// this server knows.
func (u *uses) first(id uuid.UUID, minute time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.minute.Equal(minute) {
		u.minute, u.noted = minute, map[uuid.UUID]bool{}
	}
	if u.noted[id] {
		return false
	}
	u.noted[id] = true
	return true
}

// note writes down when, to the minute, and from where a token was used. It is no
// change of the token that anybody made: it bypasses the operation log. That it
// cannot be written is no reason to refuse the program.
func (s *Service) note(ctx context.Context, row *ent.ApiToken) {
	minute := s.Now().Truncate(time.Minute)
	if row.LastUsedAt != nil && !row.LastUsedAt.Before(minute) || !s.uses.first(row.ID, minute) {
		return
	}
	err := s.Store.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE api_tokens SET last_used_at = $1, last_used_ip = $2 WHERE id = $3 AND (last_used_at IS NULL OR last_used_at < $4)`,
			minute, access.RequestOf(ctx).IP, row.ID, minute)
		return err
	})
	if err != nil {
		s.Security.Log.WarnContext(ctx, "use of an api token not noted", "token_id", row.ID, "error", err)
	}
}
