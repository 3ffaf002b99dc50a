package auth

import (
	"context"
	"crypto/sha256"
	stdsql "database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

// revocationMargin is how much longer than its tokens a revocation is kept: a
// refresh at work while it commits may sign one token more.
const revocationMargin = time.Minute

// Revocation refuses access tokens before they expire: all of a session, those
// of a user of an earlier epoch, or one. Exactly one of Session, Epoch and Token
// is set.
type Revocation struct {
	User    uuid.UUID // whose tokens they are
	Session uuid.UUID
	Epoch   int32 // that the user's tokens must have reached
	Token   TokenID
	Reason  blacklistedtoken.Reason
}

// revoke puts the revocation on record in the caller's transaction. It holds on
// this server from the commit, before the client is answered, and on the others
// within a second; see Revocations. It says nothing of sessions and refresh
// tokens: whoever calls it ends those.
func (s *Service) revoke(ctx context.Context, c *ent.Client, r Revocation) error {
	create := c.BlacklistedToken.Create().SetUserID(r.User).SetReason(r.Reason)
	switch {
	case r.Session != uuid.Nil:
		create.SetKind(blacklistedtoken.KindSession).SetSessionID(r.Session).SetTokenHash(digest(r.Session[:]))
	case r.Epoch > 0:
		epoch := binary.BigEndian.AppendUint32(r.User[:], uint32(r.Epoch))
		create.SetKind(blacklistedtoken.KindUser).SetTokenEpoch(r.Epoch).SetTokenHash(digest(epoch))
	case r.Token != TokenID{}:
		create.SetKind(blacklistedtoken.KindToken).SetTokenHash(digest(r.Token[:]))
	default:
		return errors.New("revoke: nothing is named")
	}
	now := s.Now()
	err := create.SetRevokedAt(now).SetExpiresAt(now.Add(s.Tokens.ttl+tokenLeeway+revocationMargin)).
		SetIPAddress(access.RequestOf(ctx).IP).
		OnConflict(sql.ConflictColumns(blacklistedtoken.FieldTokenHash), sql.DoNothing()).Exec(ctx)
	if err != nil && !errors.Is(err, stdsql.ErrNoRows) { // it is on record already
		return fmt.Errorf("revoke tokens: %w", err)
	}
	return nil
}

// reasonOf is why the tokens of a session end with that status.
func reasonOf(status usersession.Status) blacklistedtoken.Reason {
	switch status {
	case usersession.StatusLoggedOut:
		return blacklistedtoken.ReasonLogout
	case usersession.StatusCompromised:
		return blacklistedtoken.ReasonCompromised
	case usersession.StatusEvicted:
		return blacklistedtoken.ReasonEvicted
	case usersession.StatusExpired, usersession.StatusIdleExpired:
		return blacklistedtoken.ReasonExpired
	default:
		return blacklistedtoken.ReasonRevoked
	}
}

func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// Hook has a revocation hold on this server once its transaction has committed,
// before the commit returns, whoever made it. Where nobody knows whether it has
// committed it holds as well: somebody may have to sign in again, and nobody
// stays who was sent away.
func (r *Revocations) Hook() ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			value, err := next.Mutate(ctx, m)
			made, ok := m.(*ent.BlacklistedTokenMutation)
			if err != nil || !ok || !m.Op().Is(ent.OpCreate) {
				return value, err
			}
			row := rowOf(made)
			if err := store.AfterCommit(made, func() { r.add(row) }); err != nil {
				return nil, fmt.Errorf("revoke tokens: %w", err)
			}
			return value, nil
		})
	}
}

// PurgeRevocations removes the rows that no token can match any more, batch by
// batch, until none is left or ctx ends, and gives how many it removed.
func (s *Service) PurgeRevocations(ctx context.Context) (removed int, err error) {
	for n := purgeBatch; n == purgeBatch; removed += n {
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *stdsql.Tx) error {
			over, err := c.BlacklistedToken.Query().Where(blacklistedtoken.ExpiresAtLTE(s.Now())).
				Order(blacklistedtoken.ByExpiresAt()).Limit(purgeBatch).IDs(ctx)
			if err == nil {
				n, err = c.BlacklistedToken.Delete().Where(blacklistedtoken.IDIn(over...)).Exec(ctx)
			}
			return err
		})
		if err != nil {
			return removed, fmt.Errorf("remove expired revocations: %w", err)
		}
	}
	return removed, nil
}

// rowOf is the row that the mutation makes.
func rowOf(m *ent.BlacklistedTokenMutation) *ent.BlacklistedToken {
	row := &ent.BlacklistedToken{}
	row.Kind, _ = m.Kind()
	row.UserID, _ = m.UserID()
	row.TokenHash, _ = m.TokenHash()
	row.ExpiresAt, _ = m.ExpiresAt()
	if id, ok := m.SessionID(); ok {
		row.SessionID = &id
	}
	if epoch, ok := m.TokenEpoch(); ok {
		row.TokenEpoch = &epoch
	}
	return row
}
