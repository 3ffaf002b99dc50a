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
	"clinicgraph/internal/store"
)

// program says who a personal token acts as: its owner, with what the owner holds
// now of the token's scopes. Every request reads the token's row, so that what
// ends it (its end, its revocation, the owner's account) ends it at once, on every
// server. Errors: UNAUTHENTICATED, UNAVAILABLE.
func (s *Service) program(ctx context.Context, plain string) (*access.Viewer, error) {
	hash, ok := apiTokens.hash(plain)
	if !ok {
		return nil, unauthenticated(errors.New("api token: malformed"))
	}
	system := access.System(ctx, "authenticate")
	row, err := s.Store.Client.ApiToken.Query().Where(apitoken.TokenHash(hash)).WithUser().Only(system)
	if err != nil {
		return nil, notFound(err)
	}
	v, err := s.programOf(system, row)
	if err == nil {
		s.note(ctx, row)
	}
	return v, err
}

// programAgain looks again at what the viewer of a personal token rests on.
func (s *Service) programAgain(ctx context.Context, id uuid.UUID) (*access.Viewer, error) {
	system := access.System(ctx, "authenticate")
	row, err := s.Store.Client.ApiToken.Query().Where(apitoken.ID(id)).WithUser().Only(system)
	if err != nil {
		return nil, notFound(err)
	}
	return s.programOf(system, row)
}

func notFound(err error) error {
	if ent.IsNotFound(err) {
		return unauthenticated(err)
	}
	return store.Classify(fmt.Errorf("load api token: %w", err))
}

func (s *Service) programOf(system context.Context, row *ent.ApiToken) (*access.Viewer, error) {
	u := row.Edges.User
	if row.RevokedAt != nil || !s.Now().Before(row.ExpiresAt) || !canIssue(u, nil, s.Now()) {
		return nil, unauthenticated(nil)
	}
	v, err := accounts.Viewer(system, s.Store.Client, u)
	if err != nil {
		return nil, store.Classify(err)
	}
	v.Grants = access.Narrow(v.Grants, row.Scopes)
	v.TokenID, v.Now, v.Until, v.TokenEpoch = row.ID, s.Now, row.ExpiresAt, int64(u.TokenEpoch)
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
