package auth

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/onetimetoken"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/ratelimit"
	"clinicgraph/internal/store"
)

// The errands of this package: what is looked at behind the answer, so that the
// answer and its time say nothing about who has an account.
const (
	errandRegister    = "register"
	errandReset       = "reset-password"
	errandChangeEmail = "change-email"
)

// Errands are what the outbox does for this package.
func (s *Service) Errands() map[string]func(context.Context, *ent.Client, []byte) error {
	return map[string]func(context.Context, *ent.Client, []byte) error{
		errandRegister: s.answerRegistration, errandReset: s.answerReset, errandChangeEmail: s.answerChange,
	}
}

// VerifyEmail takes the token of a link that was mailed to an address: it
// completes a registration, confirms the address of an account, or gives the
// account its new one. It signs nobody in: who chose the password of a
// registration need not be who reads the mail. Errors: BAD_USER_INPUT at
// "input.token", CONFLICT where user name or address have gone to another account.
func (s *Service) VerifyEmail(ctx context.Context, plain string) (err error) {
	var u *ent.User
	defer func() { s.tell(ctx, audit.EventEmailVerify, u, err) }()
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		t, err := s.peek(ctx, c, plain, onetimetoken.PurposeVerifyEmail, onetimetoken.PurposeChangeEmail)
		if err != nil {
			return err
		}
		owner, err := s.use(ctx, c, t)
		if err != nil {
			return err
		}
		switch {
		case owner == nil:
			u, err = s.complete(ctx, c, t)
		case t.Purpose == onetimetoken.PurposeChangeEmail:
			u, err = s.changeTo(actingAs(ctx, owner, "verifyEmail"), c, owner, t)
		case owner.EmailVerifiedAt == nil:
			u, err = c.User.UpdateOneID(owner.ID).SetEmailVerifiedAt(s.Now()).Save(actingAs(ctx, owner, "verifyEmail"))
		default:
			u = owner
		}
		return err
	})
}

// askToConfirm mails the link that confirms the account's address.
func (s *Service) askToConfirm(ctx context.Context, c *ent.Client, u *ent.User) error {
	if s.Mail == nil {
		return nil
	}
	token, ends, err := s.mint(ctx, c, onetimetoken.PurposeVerifyEmail, u, nil, verifyTTL)
	if err != nil {
		return err
	}
	return s.Mail.Write(ctx, c, notify.Message{Template: notify.ConfirmAddress, User: u, Token: token, Until: ends})
}

// RequestVerification mails the caller the link that confirms the address, at
// most three times an hour. Errors: CONFLICT where it is confirmed, RATE_LIMITED.
func (s *Service) RequestVerification(ctx context.Context) error {
	v := access.FromContext(ctx)
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, "requestEmailVerification")
		u, err := s.lockAccount(ctx, c, v.UserID)
		if err != nil {
			return fmt.Errorf("load account: %w", err)
		}
		if u.EmailVerifiedAt != nil {
			return fault.Conflict("The e-mail address is confirmed already.")
		}
		if full, err := s.enough(ctx, c, u, onetimetoken.PurposeVerifyEmail); err != nil || full {
			return orTooMany(err)
		}
		return s.askToConfirm(ctx, c, u)
	})
}

// orTooMany is the error, or that an account was sent enough for an hour.
func orTooMany(err error) error {
	if err != nil {
		return err
	}
	f := fault.New(fault.CodeRateLimited, "This was asked for %d times in an hour. Please look into your mail, or try again later.", mailsAnHour)
	f.RetryAfter = time.Hour
	return f
}

// change is an address that an account is to have.
type change struct {
	User  uuid.UUID
	Email string
	Bound []byte // what the account was like when it was asked for
}

// ChangeEmail asks for another address for the caller's account. It takes effect
// once the link that is mailed there is opened; the old address is told at once,
// and again then. Whether another account has the new one is not told. Password
// is the current one; nil is enough as long as a proof of who the caller is counts
// as fresh (CLINICGRAPH_STEP_UP). Errors: BAD_USER_INPUT, INVALID_CREDENTIALS,
// STEP_UP_REQUIRED, RATE_LIMITED, OVERLOADED.
func (s *Service) ChangeEmail(ctx context.Context, address string, password *string) (err error) {
	v := access.FromContext(ctx)
	var u *ent.User
	defer func() { s.tell(ctx, audit.EventEmailChange, u, err) }()
	if err := accounts.CheckEmail("input.newEmail", address); err != nil {
		return err
	}
	if u, err = s.Store.Client.User.Query().Where(user.ID(v.UserID)).Only(access.System(ctx, "changeEmail")); err != nil {
		return store.Classify(fmt.Errorf("load account: %w", err))
	}
	if accounts.LoginKey(address) == u.EmailKey {
		return fault.Invalid("input.newEmail", "This is the address of the account already.")
	}
	if err := s.sure(ctx, u, password); err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, "changeEmail")
		// Counted by what the old address is told.
		n, err := s.Mail.Recent(ctx, c, u.Email, s.Now().Add(-time.Hour), notify.ChangeRequested)
		if err != nil || n >= mailsAnHour {
			return orTooMany(err)
		}
		asked, err := json.Marshal(change{u.ID, address, binding(u, onetimetoken.PurposeChangeEmail)})
		if err != nil {
			return err
		}
		if err := s.notice(ctx, c, u, notify.ChangeRequested); err != nil {
			return err
		}
		return s.Mail.Errand(ctx, c, errandChangeEmail, asked)
	})
}

// sure asks for the password, or for a proof that is not old.
func (s *Service) sure(ctx context.Context, u *ent.User, password *string) error {
	if password == nil {
		if v := access.FromContext(ctx); s.Now().Sub(v.AuthTime) > s.StepUp {
			return fault.New(fault.CodeStepUpRequired, "Please prove anew who you are, or give the current password.")
		}
		return nil
	}
	v, _, err := s.guardedPassword(ctx, s.suspect(ctx, u, ""), "changeEmail", *password, nil)
	if err == nil && v != right {
		err = fault.New(fault.CodeInvalidCredentials, "The current password is wrong.")
	}
	return err
}

// answerChange mails the link to the new address, or that there is an account
// with it already.
func (s *Service) answerChange(ctx context.Context, c *ent.Client, asked []byte) error {
	var want change
	if err := json.Unmarshal(asked, &want); err != nil {
		return err
	}
	u, err := c.User.Query().Where(user.ID(want.User)).Only(ctx)
	if ent.IsNotFound(err) || err == nil && (!canIssue(u, nil, s.Now()) || string(binding(u, onetimetoken.PurposeChangeEmail)) != string(want.Bound)) {
		return nil // overtaken
	}
	if err != nil {
		return fmt.Errorf("load account: %w", err)
	}
	n, err := s.Mail.Recent(ctx, c, want.Email, s.Now().Add(-time.Hour), notify.ConfirmChange, notify.AddressInUse)
	if err != nil || n >= mailsAnHour {
		return err
	}
	other, err := accounts.ByEmail(ctx, c, want.Email)
	if err != nil {
		return err
	}
	if other != nil {
		return s.Mail.Write(ctx, c, notify.Message{Template: notify.AddressInUse, User: other})
	}
	token, ends, err := s.mint(ctx, c, onetimetoken.PurposeChangeEmail, u, []byte(want.Email), verifyTTL)
	if err != nil {
		return err
	}
	return s.Mail.Write(ctx, c, notify.Message{Template: notify.ConfirmChange, To: want.Email, Token: token, Until: ends})
}

// changeTo gives the account the address that the token came to, and tells the
// old one.
func (s *Service) changeTo(ctx context.Context, c *ent.Client, u *ent.User, t *ent.OneTimeToken) (*ent.User, error) {
	address, err := s.OneTime.Open(t.Payload, t.ID.String())
	if err != nil {
		return nil, fmt.Errorf("open the new address: %w", err)
	}
	if err := s.TellMoved(ctx, c, u); err != nil {
		return nil, err
	}
	return accounts.SetEmail(ctx, c, u.ID, string(address), s.Now())
}

// takeTurn counts what an address of the network asks for by mail: an hour's
// quota, refilled evenly.
func (s *Service) takeTurn(ctx context.Context, action string, quota int) error {
	return ratelimit.Take(ctx, s.Store, action+" "+ratelimit.Network(access.RequestOf(ctx).IP).String(), quota, time.Hour, s.Now())
}
