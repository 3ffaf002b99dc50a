package auth

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// changesPerHour is how often a password may be changed: each change looks at all
// former ones, which takes as many hashes.
var changesPerHour = guardRule{free: 5, window: time.Hour}

// ChangePassword sets a new password, ends all sessions of the account and opens
// a new one. It is open to users who must change it. Errors: INVALID_CREDENTIALS,
// BAD_USER_INPUT, RATE_LIMITED, OVERLOADED.
func (s *Service) ChangePassword(ctx context.Context, current, next string) (opened *Session, err error) {
	v := access.FromContext(ctx)
	var u *ent.User
	defer func() { s.conclude(ctx, audit.EventPasswordChange, u, err) }()
	system := access.System(ctx, "changePassword")
	if u, err = s.Store.Client.User.Query().Where(user.ID(v.UserID)).Only(system); err != nil {
		return nil, store.Classify(fmt.Errorf("load account: %w", err))
	}
	proved, _, err := s.guardedPassword(ctx, s.suspect(ctx, u, ""), "changePassword", current, nil)
	if err != nil {
		return nil, err
	}
	if proved != right {
		return nil, fault.New(fault.CodeInvalidCredentials, "The current password is wrong.")
	}
	if err := s.checkPolicy(ctx, u, next, "input.newPassword"); err != nil { // costs no hash
		return nil, err
	}
	if err := s.quota(ctx, u, "changePassword", changesPerHour); err != nil {
		return nil, err
	}
	hash, err := s.newHash(ctx, u, next, "input.newPassword")
	if err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx := access.Elevated(ctx, "changePassword")
		if u, err = s.setPassword(ctx, c, v.UserID, hash, v.UserID); err != nil {
			return err
		}
		opened, err = s.open(ctx, c, u, opening{Event: audit.EventPasswordChange, AMR: v.AMR})
		return err
	})
	return opened, err
}

// renamed gives a fault's fields another path.
func renamed(err error, path string) error {
	f, ok := fault.As(err)
	if !ok || len(f.Fields) == 0 {
		return err
	}
	moved := *f
	moved.Fields = []fault.Field{{Path: path, Message: f.Fields[0].Message}}
	return &moved
}
