package accounts

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/accessreview"
	"clinicgraph/ent/accessreviewitem"
	"clinicgraph/ent/notification"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/ent/userpermission"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/notifications"
)

const (
	// maxPopulation is how many grants one review asks about: more than people
	// decide about with their eyes open, and what one transaction writes.
	maxPopulation = 1000
	// maxReviewTime is how long a review may take.
	maxReviewTime = 366 * 24 * time.Hour
	maxReviewName = 100
)

// NewReview is a review of grants to be started.
type NewReview struct {
	Name     string
	DueAt    time.Time
	Reviewer *uuid.UUID // nil: the caller
	Population
}

// StartReview freezes grants as they are now, of those that the caller sees and
// holds access_review:decide over, and asks about each. Errors: BAD_USER_INPUT
// (also for a population of none and of more than 1,000), NOT_FOUND for what it
// names and the caller does not see, FORBIDDEN.
func (s *Service) StartReview(ctx context.Context, n NewReview) (made *ent.AccessReview, err error) {
	defer func() {
		s.tell(ctx, audit.EventReviewStart, reviewID(made), access.AccessReviewDecide, err, n.Name)
	}()
	n.Name = strings.TrimSpace(n.Name)
	if count := utf8.RuneCountInString(n.Name); count < 2 || count > maxReviewName || !utf8.ValidString(n.Name) || strings.ContainsFunc(n.Name, unicode.IsControl) {
		return nil, fault.Invalid("input.name", "A review's name has 2 to %d characters, on one line.", maxReviewName)
	}
	if now := s.Now(); !n.DueAt.After(now) || n.DueAt.After(now.Add(maxReviewTime)) {
		return nil, fault.Invalid("input.dueAt", "A review ends in the future, and within a year.")
	}
	if err := s.noteUses(ctx); err != nil {
		return nil, err
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		// Nobody changes grants until this has committed.
		ctx, err := s.administering(ctx, c, access.AccessReviewDecide)
		if err != nil {
			return err
		}
		picked, err := s.population(ctx, c, n.Population)
		if err != nil {
			return err
		}
		grants, err := grantsPicked(ctx, c, both(picked, over(access.FromContext(ctx), access.AccessReviewDecide)), Window{Limit: maxPopulation + 1})
		if err != nil {
			return err
		}
		switch {
		case len(grants) == 0:
			return fault.Invalid("input", "There is no such grant: nothing to review.")
		case len(grants) > maxPopulation:
			return fault.Invalid("input", "These are more than %d grants. Start a review for each unit, role or finding.", maxPopulation)
		}
		if err := s.explainFindings(ctx, c, n.Sought, grants); err != nil {
			return err
		}
		reviewer, err := s.reviewer(ctx, c, n.Reviewer)
		if err != nil {
			return err
		}
		elevated := access.Elevated(ctx, "startAccessReview")
		create := c.AccessReview.Create().SetName(n.Name).SetDueAt(n.DueAt).SetCriteria(n.criteria()).SetReviewerID(reviewer)
		if v := access.FromContext(ctx); v.UserID != uuid.Nil {
			create.SetStartedByID(v.UserID)
		}
		if made, err = create.Save(elevated); err != nil {
			return fmt.Errorf("make review: %w", err)
		}
		if err := freeze(elevated, c, made, grants); err != nil {
			return err
		}
		return notifications.Tell(elevated, c, notifications.News{To: reviewer, Kind: notification.KindAccessReviewStarted, About: made.ID})
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// reviewer gives who is to see to a review: nil is the caller. Somebody who may
// not decide is refused.
func (s *Service) reviewer(ctx context.Context, c *ent.Client, id *uuid.UUID) (uuid.UUID, error) {
	if id == nil {
		return access.FromContext(ctx).UserID, nil
	}
	u, err := c.User.Query().Where(user.ID(*id)).Only(ctx)
	if ent.IsNotFound(err) {
		return uuid.Nil, fault.Missing()
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("load reviewer: %w", err)
	}
	held, err := readGrants(access.Elevated(ctx, "startAccessReview"), c, u.ID)
	if err != nil {
		return uuid.Nil, err
	}
	if Shut(u) != "" || access.Decide(held, access.AccessReviewDecide, s.Now()) == access.ScopeNone {
		return uuid.Nil, fault.Invalid("input.reviewerId", "This user may not decide about grants.")
	}
	return u.ID, nil
}

// freeze writes down what the grants are now, as items of the review.
func freeze(ctx context.Context, c *ent.Client, review *ent.AccessReview, grants []Found) error {
	users, roles := map[uuid.UUID]*ent.User{}, map[uuid.UUID]*ent.Role{}
	var userIDs, roleIDs []uuid.UUID
	for _, g := range grants {
		if g.Role != nil {
			userIDs, roleIDs = append(userIDs, g.Role.UserID), append(roleIDs, g.Role.RoleID)
		} else {
			userIDs = append(userIDs, g.Direct.UserID)
		}
	}
	deleted := access.WithDeleted(ctx)
	people, err := c.User.Query().Where(user.IDIn(userIDs...)).All(deleted)
	if err != nil {
		return fmt.Errorf("read whose grants they are: %w", err)
	}
	for _, u := range people {
		users[u.ID] = u
	}
	named, err := c.Role.Query().Where(role.IDIn(roleIDs...)).All(deleted)
	if err != nil {
		return fmt.Errorf("read roles: %w", err)
	}
	for _, r := range named {
		roles[r.ID] = r
	}
	items := make([]*ent.AccessReviewItemCreate, len(grants))
	for i, g := range grants {
		item := c.AccessReviewItem.Create().SetReviewID(review.ID)
		if r := g.Role; r != nil {
			item.SetKind(accessreviewitem.KindRole).SetUserID(r.UserID).SetUsername(users[r.UserID].Username).SetGrants(roles[r.RoleID].Name).
				SetGrantedAt(r.AssignedAt).SetNillableGrantedByID(r.AssignedByID).SetNillableExpiresAt(r.ExpiresAt).SetNillableReason(r.Reason).SetUserRoleID(r.ID)
		} else {
			d, kind := g.Direct, accessreviewitem.KindPermission
			if d.Origin == userpermission.OriginBreakGlass {
				kind = accessreviewitem.KindBreakGlass
			}
			item.SetKind(kind).SetUserID(d.UserID).SetUsername(users[d.UserID].Username).SetGrants(d.Permission).SetScope(accessreviewitem.Scope(d.Scope)).
				SetGrantedAt(d.CreatedAt).SetNillableGrantedByID(d.GrantedByID).SetNillableExpiresAt(d.ExpiresAt).SetNillableReason(d.Reason).SetUserPermissionID(d.ID)
		}
		reasons := make([]string, len(g.Findings))
		for j, f := range g.Findings {
			reasons[j] = string(f)
		}
		items[i] = item.SetFindings(reasons)
	}
	if err := c.AccessReviewItem.CreateBulk(items...).Exec(ctx); err != nil {
		return fmt.Errorf("freeze grants: %w", err)
	}
	return nil
}

// CloseReview ends a review of which every item is decided. Errors: NOT_FOUND,
// INVALID_TRANSITION while items wait, and for one that is closed.
func (s *Service) CloseReview(ctx context.Context, id uuid.UUID) (closed *ent.AccessReview, err error) {
	defer func() {
		s.tell(ctx, audit.EventReviewClose, &id, access.AccessReviewDecide, err, "")
	}()
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		ctx, err := s.administering(ctx, c, access.AccessReviewDecide)
		if err != nil {
			return err
		}
		review, err := c.AccessReview.Query().Where(accessreview.ID(id)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load review: %w", err)
		}
		elevated := access.Elevated(ctx, "closeAccessReview")
		waiting, err := Waiting(elevated, c, id)
		if err != nil {
			return err
		}
		if err := MayClose(review, waiting); err != nil {
			return err
		}
		update := review.Update().SetStatus(accessreview.StatusClosed).SetClosedAt(s.Now())
		if v := access.FromContext(ctx); v.UserID != uuid.Nil {
			update.SetClosedByID(v.UserID)
		}
		if closed, err = update.Save(elevated); err != nil {
			return fmt.Errorf("close review: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return closed.Unwrap(), nil
}

// Waiting counts the items of a review about which nobody has decided. The context
// must be unrestricted.
func Waiting(ctx context.Context, c *ent.Client, review uuid.UUID) (int, error) {
	n, err := c.AccessReviewItem.Query().Where(accessreviewitem.ReviewID(review), accessreviewitem.StatusEQ(accessreviewitem.StatusPending)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count items that wait: %w", err)
	}
	return n, nil
}

// MayClose says whether a review, of which some items are waiting, may be closed.
// Errors: INVALID_TRANSITION.
func MayClose(review *ent.AccessReview, waiting int) error {
	switch {
	case review.Status == accessreview.StatusClosed:
		return fault.New(fault.CodeInvalidTransition, "The review is closed already.")
	case waiting > 0:
		return fault.New(fault.CodeInvalidTransition, "Nobody has decided about %d of its items yet.", waiting)
	default:
		return nil
	}
}

func reviewID(r *ent.AccessReview) *uuid.UUID {
	if r == nil {
		return nil
	}
	return &r.ID
}
