package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreview"
	"clinicgraph/ent/accessreviewitem"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// ItemStanding says what has become of the grant of an item since; a value of the
// published enum AccessReviewItemStanding.
type ItemStanding string

// The standings.
const (
	ItemUnchanged ItemStanding = "UNCHANGED"
	ItemChanged   ItemStanding = "CHANGED"
	ItemGone      ItemStanding = "GONE"
)

// StandingOf compares an item with its grant, which is loaded with it where it is
// there.
func StandingOf(i *ent.AccessReviewItem) ItemStanding {
	var same bool
	switch r, d := i.Edges.UserRole, i.Edges.UserPermission; {
	case r != nil:
		same = sameEnd(r.ExpiresAt, i.ExpiresAt)
	case d != nil:
		same = d.Allowed && i.Scope != nil && string(d.Scope) == string(*i.Scope) && sameEnd(d.ExpiresAt, i.ExpiresAt)
	default:
		return ItemGone
	}
	if same {
		return ItemUnchanged
	}
	return ItemChanged
}

func sameEnd(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// MayDecide says whether the viewer may attest an item of a review, of a user of
// the unit. Errors: FORBIDDEN, INVALID_TRANSITION.
func MayDecide(v *access.Viewer, i *ent.AccessReviewItem, review *ent.AccessReview, unit *uuid.UUID) error {
	switch {
	case v.UserID == i.UserID:
		return fault.Forbidden("Nobody decides about their own access. Ask another reviewer.")
	case !v.Reaches(access.AccessReviewDecide, false, unit):
		return errOutOfReach(access.AccessReviewDecide)
	case review.Status == accessreview.StatusClosed:
		return fault.New(fault.CodeInvalidTransition, "The review is closed.")
	case i.Status != accessreviewitem.StatusPending:
		return fault.New(fault.CodeInvalidTransition, "Somebody has decided about this already.")
	default:
		return nil
	}
}

// MayTake says whether the viewer may decide about an item and remove its grant, of
// a user who holds what is held. Emergency access is ended by whoever decides: it
// was never anybody's to keep, and who took it is for its time wider than most.
// Errors: FORBIDDEN, INVALID_TRANSITION.
func MayTake(v *access.Viewer, i *ent.AccessReviewItem, review *ent.AccessReview, u *ent.User, held []access.Grant, now time.Time) error {
	if err := MayDecide(v, i, review, u.OrganizationalUnitID); err != nil {
		return err
	}
	verb, permission := "revokeRole", access.RoleAssign
	switch i.Kind {
	case accessreviewitem.KindBreakGlass:
		return nil
	case accessreviewitem.KindPermission:
		verb, permission = "removeUserPermission", access.PermissionGrant
	}
	if !v.Can(permission) {
		return fault.Forbidden("This needs the permission %s.", permission)
	}
	return MayAct(v, verb, u, held, now)
}

// AttestItem says that a grant was right as the review found it, and marks it as
// reviewed if it still is what it was. Errors: NOT_FOUND, BAD_USER_INPUT, FORBIDDEN
// (own access, out of reach), INVALID_TRANSITION for what is decided or closed.
func (s *Service) AttestItem(ctx context.Context, id uuid.UUID, reason *string) (*ent.AccessReviewItem, error) {
	return s.decide(ctx, audit.EventReviewAttest, id, reason, accessreviewitem.StatusAttested, func(ctx context.Context, c *ent.Client, i *ent.AccessReviewItem, u *ent.User) error {
		v := access.FromContext(ctx)
		if err := MayDecide(v, i, i.Edges.Review, u.OrganizationalUnitID); err != nil {
			return err
		}
		elevated, now := access.Elevated(ctx, "attestAccessReviewItem"), s.Now()
		d := i.Edges.UserPermission
		switch {
		case i.Kind == accessreviewitem.KindBreakGlass && d != nil && ended(d.ExpiresAt, now):
			return c.UserPermission.DeleteOne(d).Exec(elevated) // the review was all that it was kept for
		case StandingOf(i) != ItemUnchanged:
			return nil
		case d != nil:
			return d.Update().SetLastReviewedAt(now).SetLastReviewedByID(v.UserID).Exec(elevated)
		default:
			return i.Edges.UserRole.Update().SetLastReviewedAt(now).SetLastReviewedByID(v.UserID).Exec(elevated)
		}
	})
}

func ended(end *time.Time, now time.Time) bool { return end != nil && !now.Before(*end) }

// RevokeItem says that a grant is not right, and removes it as it is now, by the
// rules of RevokeRole and RemoveUserPermission. Errors: those of AttestItem,
// FORBIDDEN also for a wider user and without the permission to take it away,
// CONFLICT when nobody could give roles any more.
func (s *Service) RevokeItem(ctx context.Context, id uuid.UUID, reason string) (*ent.AccessReviewItem, error) {
	return s.decide(ctx, audit.EventReviewRevoke, id, &reason, accessreviewitem.StatusRevoked, func(ctx context.Context, c *ent.Client, i *ent.AccessReviewItem, u *ent.User) error {
		elevated := access.Elevated(ctx, "revokeAccessReviewItem")
		held, err := readGrants(elevated, c, u.ID)
		if err != nil {
			return err
		}
		if err := MayTake(access.FromContext(ctx), i, i.Edges.Review, u, held, s.Now()); err != nil {
			return err
		}
		switch r, d := i.Edges.UserRole, i.Edges.UserPermission; {
		case r != nil:
			return s.takeRole(elevated, c, r)
		case d != nil && !d.Allowed:
			return nil // somebody has made a denial of it, which stays
		case d != nil:
			if err := c.UserPermission.DeleteOne(d).Exec(elevated); err != nil {
				return fmt.Errorf("remove direct permission: %w", err)
			}
			return s.keepsAdministrator(ctx, c)
		default:
			return nil // gone already
		}
	})
}

// decide puts a decision about an item on record, with its effect on the grant.
func (s *Service) decide(ctx context.Context, event string, id uuid.UUID, reason *string, status accessreviewitem.Status,
	effect func(context.Context, *ent.Client, *ent.AccessReviewItem, *ent.User) error,
) (decided *ent.AccessReviewItem, err error) {
	var whose *uuid.UUID
	defer func() {
		s.tell(ctx, event, whose, access.AccessReviewDecide, err, because(id.String(), reason))
	}()
	if reason != nil {
		said, err := Stated(*reason, minReason, maxReason)
		if err != nil {
			return nil, err
		}
		reason = &said
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		// Of two decisions, and of a decision and a change of the grant, one comes
		// first.
		ctx, err := s.administering(ctx, c, access.AccessReviewDecide)
		if err != nil {
			return err
		}
		item, err := c.AccessReviewItem.Query().Where(accessreviewitem.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load item: %w", err)
		}
		whose = &item.UserID
		elevated := access.Elevated(ctx, "decideAccessReviewItem")
		u, err := loadItem(elevated, c, item)
		if err != nil {
			return err
		}
		if err := effect(ctx, c, item, u); err != nil {
			return err
		}
		update := item.Update().SetStatus(status).SetDecidedAt(s.Now()).SetNillableNote(reason)
		if v := access.FromContext(ctx); v.UserID != uuid.Nil {
			update.SetDecidedByID(v.UserID)
		}
		if decided, err = update.Save(elevated); err != nil {
			return fmt.Errorf("decide about item: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return decided.Unwrap(), nil
}

// loadItem reads what a decision about an item looks at, and gives whose the grant
// is. The context is elevated.
func loadItem(ctx context.Context, c *ent.Client, i *ent.AccessReviewItem) (u *ent.User, err error) {
	if i.Edges.Review, err = c.AccessReview.Get(ctx, i.ReviewID); err != nil {
		return nil, fmt.Errorf("load review of the item: %w", err)
	}
	if i.UserRoleID != nil {
		if i.Edges.UserRole, err = c.UserRole.Query().Where(userrole.ID(*i.UserRoleID)).Only(ctx); err != nil {
			return nil, fmt.Errorf("load assignment of the item: %w", err)
		}
	}
	if i.UserPermissionID != nil {
		if i.Edges.UserPermission, err = c.UserPermission.Query().Where(userpermission.ID(*i.UserPermissionID)).Only(ctx); err != nil {
			return nil, fmt.Errorf("load direct permission of the item: %w", err)
		}
	}
	if u, err = c.User.Query().Where(user.ID(i.UserID)).Only(access.WithDeleted(ctx)); err != nil {
		return nil, fmt.Errorf("load whose grant it is: %w", err)
	}
	return u, nil
}
