package auth

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/passwordhistory"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// formerPasswords is how many passwords before the current one do not come back.
const formerPasswords = 5

// mustBeNew refuses a password that the account has now, or has had lately.
// Errors: BAD_USER_INPUT at the path, OVERLOADED.
func (s *Service) mustBeNew(ctx context.Context, u *ent.User, password, path string) error {
	former, err := s.Store.Client.PasswordHistory.Query().Where(passwordhistory.UserID(u.ID)).
		Order(ent.Desc(passwordhistory.FieldID)).Limit(formerPasswords).All(access.System(ctx, "password-history"))
	if err != nil {
		return store.Classify(fmt.Errorf("read former passwords: %w", err))
	}
	hashes := []string{u.PasswordHash}
	for _, f := range former {
		hashes = append(hashes, f.PasswordHash)
	}
	known, err := s.Passwords.AnyOf(ctx, hashes, password)
	if err != nil {
		return err
	}
	if known {
		return fault.Invalid(path, "You have this password, or have had it lately. Please choose a new one.")
	}
	return nil
}

// remember keeps the account's password as a former one, inside the client's
// transaction, and forgets those that are too old to matter.
func (s *Service) remember(ctx context.Context, c *ent.Client, id uuid.UUID) error {
	u, err := c.User.Query().Where(user.ID(id)).Only(ctx)
	if err != nil {
		return fmt.Errorf("load account: %w", err)
	}
	if u.PasswordHash == "" {
		return nil
	}
	set := u.CreatedAt
	if u.PasswordChangedAt != nil {
		set = *u.PasswordChangedAt
	}
	err = c.PasswordHistory.Create().SetUserID(u.ID).SetPasswordHash(u.PasswordHash).SetChangedAt(set).SetNillableChangedByID(u.PasswordChangedByID).Exec(ctx)
	if err != nil {
		return fmt.Errorf("remember the former password: %w", err)
	}
	old, err := c.PasswordHistory.Query().Where(passwordhistory.UserID(u.ID)).Order(ent.Desc(passwordhistory.FieldID)).Offset(formerPasswords).IDs(ctx)
	if err != nil {
		return fmt.Errorf("look for older passwords: %w", err)
	}
	for _, id := range old {
		if err := c.PasswordHistory.DeleteOneID(id).Exec(ctx); err != nil {
			return fmt.Errorf("forget an older password: %w", err)
		}
	}
	return nil
}
