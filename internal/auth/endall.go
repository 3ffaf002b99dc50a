package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
)

// EndAll ends every session of the user inside the client's transaction, those
// included in which the user acts for somebody else: refresh tokens and access
// tokens are good no more from the commit on. It is for whoever shuts an account.
func (s *Service) EndAll(ctx context.Context, c *ent.Client, user uuid.UUID, reason string) error {
	ctx = access.Elevated(ctx, "endSessions")
	u, err := c.User.UpdateOneID(user).AddTokenEpoch(1).Save(ctx)
	if err != nil {
		return fmt.Errorf("end access tokens: %w", err)
	}
	if _, err := s.endSessions(ctx, c, user, reason); err != nil {
		return err
	}
	lent, err := c.UserSession.Query().Where(usersession.ImpersonatorID(user), usersession.StatusEQ(usersession.StatusActive)).
		Order(usersession.ByID()).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look for sessions: %w", err)
	}
	for _, id := range lent {
		if err := s.endSession(ctx, c, id, usersession.StatusRevoked, reason); err != nil {
			return err
		}
	}
	return s.revoke(ctx, c, Revocation{User: user, Epoch: u.TokenEpoch, Reason: blacklistedtoken.ReasonAdmin})
}

// SendReset mails the account's owner a link to set a new password, inside the
// client's transaction; another invitation where none was set yet, since nobody
// waits at the mailbox for what somebody else has asked for.
func (s *Service) SendReset(ctx context.Context, c *ent.Client, u *ent.User) error {
	if u.PasswordHash == "" {
		return s.Invite(ctx, c, u)
	}
	return s.sendReset(access.Elevated(ctx, "requirePasswordChange"), c, u)
}
