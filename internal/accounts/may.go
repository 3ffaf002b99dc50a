package accounts

import (
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// The rules of who may do what with accounts and roles, as verbs ask them and as
// the graph tells them ahead. What only the rows of others can say is not among
// them: that somebody must be left who can give roles.

// act is a verb about an account.
type act struct {
	permission string                // must reach the account; "": to hold what the door asks for is enough
	refuse     func(*ent.User) error // by the account's state; nil: none does
}

var acts = map[string]act{
	"updateUser": {permission: access.UserUpdate},
	"lockUser": {access.UserLock, func(u *ent.User) error {
		if u.IsLocked {
			return errAlready("locked")
		}
		return nil
	}},
	"unlockUser": {permission: access.UserLock},
	"deactivateUser": {access.UserDeactivate, func(u *ent.User) error {
		if !u.IsActive {
			return errAlready("closed")
		}
		return nil
	}},
	"reactivateUser": {access.UserDeactivate, func(u *ent.User) error {
		if u.IsActive {
			return errAlready("open")
		}
		return nil
	}},
	"requirePasswordChange": {permission: access.UserUpdate},
	"deleteUser":            {permission: access.UserDelete},
	"assignRole":            {},
	"revokeRole":            {},
	"setUserPermission":     {},
	"removeUserPermission":  {},
}

func errAlready(state string) error {
	return fault.New(fault.CodeInvalidTransition, "The account is %s already.", state)
}

// MayAct says whether the viewer may do to an account what the verb ("lockUser")
// does; held is what the account holds. Of the own account nothing but updateUser,
// which there changes the profile alone. Errors: FORBIDDEN, INVALID_TRANSITION.
func MayAct(v *access.Viewer, verb string, u *ent.User, held []access.Grant, now time.Time) error {
	a, known := acts[verb]
	if !known {
		return fault.Forbidden("There is no verb %s about accounts.", verb)
	}
	if verb == "updateUser" && v.UserID == u.ID {
		return nil
	}
	if err := mayTouch(v, u, held, now); err != nil {
		return err
	}
	if a.permission != "" && !v.Reaches(a.permission, false, u.OrganizationalUnitID) {
		return errOutOfReach(a.permission)
	}
	if a.refuse != nil {
		return a.refuse(u)
	}
	return nil
}

// mayTouch refuses the viewer itself and whoever may do more than the viewer.
func mayTouch(v *access.Viewer, u *ent.User, held []access.Grant, now time.Time) error {
	if v.UserID == u.ID {
		return errOwnAccess()
	}
	if v.System() != "" {
		return nil
	}
	if p := access.Exceeds(held, v.Grants, now); p != "" {
		return fault.Forbidden("This user may do what you may not (%s), so you cannot change their access.", p)
	}
	return nil
}

// MayEdit says whether the viewer may say anew what a role permits, which is
// loaded with its permissions; own says that it is one of the viewer's. Errors:
// FORBIDDEN.
func MayEdit(v *access.Viewer, r *ent.Role, own bool, now time.Time) error {
	switch {
	case r.IsSystem:
		return fault.Forbidden("The role %s belongs to every clinic and stays as it is. Make a role of your own.", r.Name)
	case own && v.UserID != uuid.Nil:
		return errOwnAccess()
	default:
		return MayGive(v, r, now)
	}
}

// MayGive refuses to give a role, which is loaded with its permissions, to whoever
// holds less than it permits. Errors: FORBIDDEN.
func MayGive(v *access.Viewer, r *ent.Role, now time.Time) error {
	return holds(v, permitted(r), now)
}

// holds refuses to grant what the viewer does not hold itself.
func holds(v *access.Viewer, wanted []access.Grant, now time.Time) error {
	if v.System() != "" {
		return nil
	}
	if p := access.Exceeds(wanted, v.Grants, now); p != "" {
		return fault.Forbidden("You cannot grant %s: you do not hold it yourself, or not as far.", p)
	}
	return nil
}

func errOwnAccess() error {
	return fault.Forbidden("Nobody changes their own access. Ask another administrator.")
}

func errOutOfReach(permission string) error {
	return fault.Forbidden("Your permission %s does not reach accounts outside of your unit.", permission)
}
