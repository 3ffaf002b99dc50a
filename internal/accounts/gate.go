package accounts

import (
	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// Shut says why nobody acts with the account, whatever it may do: it is deleted,
// closed or locked by an administrator. "" is an account in order. What failed
// sign-ins bring upon an account shuts nobody out who is in.
func Shut(u *ent.User) access.Block {
	switch {
	case u.DeletedAt != nil:
		return access.BlockDeleted
	case !u.IsActive:
		return access.BlockClosed
	case u.IsLocked:
		return access.BlockLocked
	default:
		return ""
	}
}
