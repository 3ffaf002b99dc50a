package auth

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/store"
)

// resetsPerAddress is how often one address of the network may ask for a new
// password in an hour. Many people may share one; an account itself gets three
// mails an hour, whoever asks.
const resetsPerAddress = 30

// maxLogin is the longest login, in bytes.
const maxLogin = 254

// RequestReset has a link to set a new password mailed to the account of a user
// name or an address, if there is one that may be used. Nothing here looks for
// it: the answer and its time are the same for every login. Errors:
// BAD_USER_INPUT, RATE_LIMITED.
func (s *Service) RequestReset(ctx context.Context, login string) (err error) {
	defer func() { s.tell(ctx, audit.EventResetRequest, nil, err) }()
	if login == "" || len(login) > maxLogin {
		return fault.Invalid("input.login", "This is neither a user name nor an e-mail address.")
	}
	if err := s.takeTurn(ctx, "reset", resetsPerAddress); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return s.Mail.Errand(access.System(ctx, "requestPasswordReset"), c, errandReset, []byte(login))
	})
}

// answerReset mails the link. An account that is shut gets none; neither does one
// that was sent three in the last hour.
func (s *Service) answerReset(ctx context.Context, c *ent.Client, asked []byte) error {
	key := accounts.LoginKey(string(asked))
	u, err := c.User.Query().Where(user.Or(user.UsernameKey(key), user.EmailKey(key))).Only(ctx)
	if ent.IsNotFound(err) || err == nil && !canIssue(u, nil, s.Now()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the account: %w", err)
	}
	if full, err := s.enough(ctx, c, u, onetimetoken.PurposeResetPassword); err != nil || full {
		return err
	}
	return s.sendReset(ctx, c, u)
}

// sendReset mails the account's owner a link to set a new password, inside the
// client's transaction.
func (s *Service) sendReset(ctx context.Context, c *ent.Client, u *ent.User) error {
	token, ends, err := s.mint(ctx, c, onetimetoken.PurposeResetPassword, u, nil, resetTTL)
	if err != nil {
		return err
	}
	return s.Mail.Write(ctx, c, notify.Message{Template: notify.ResetPassword, User: u, Token: token, Until: ends})
}

// Invite mails the owner of an account that was made for them a link to set the
// first password, good for seven days, inside the client's transaction.
func (s *Service) Invite(ctx context.Context, c *ent.Client, u *ent.User) error {
	ctx = access.Elevated(ctx, "invite")
	token, ends, err := s.mint(ctx, c, onetimetoken.PurposeResetPassword, u, nil, invitationTTL)
	if err != nil {
		return err
	}
	return s.Mail.Write(ctx, c, notify.Message{
		Template: notify.Invitation, User: u, Token: token, Until: ends, Facts: notify.Facts{Username: u.Username},
	})
}

// ResetPassword sets a new password by a link that was mailed. The link is good
// once, and a password that is refused leaves it good. All sessions end, the lock
// of failed sign-ins is lifted, and the address counts as confirmed. It signs
// nobody in, so a second factor is asked for as ever. Errors: BAD_USER_INPUT,
// OVERLOADED.
func (s *Service) ResetPassword(ctx context.Context, plain, next string) (err error) {
	var u *ent.User
	defer func() { s.tell(ctx, audit.EventPasswordReset, u, err) }()
	t, err := s.peek(ctx, s.Store.Client, plain, onetimetoken.PurposeResetPassword)
	if err != nil {
		return store.Classify(err)
	}
	u = t.Edges.User
	hash, err := s.newHash(ctx, u, next, "input.newPassword")
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(c *ent.Client, tx *sql.Tx) error {
		owner, err := s.use(ctx, c, t)
		if err != nil {
			return err
		}
		ctx := actingAs(ctx, owner, "resetPassword")
		if _, err := s.setPassword(ctx, c, owner.ID, hash, uuid.Nil); err != nil {
			return err
		}
		if owner.EmailVerifiedAt == nil {
			if err := c.User.UpdateOneID(owner.ID).SetEmailVerifiedAt(s.Now()).Exec(ctx); err != nil {
				return fmt.Errorf("note the address: %w", err)
			}
		}
		return s.ClearBlock(ctx, tx, owner.ID)
	})
}
