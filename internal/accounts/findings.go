package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/userpermission"
	"clinicgraph/ent/userrole"
	"clinicgraph/internal/access"
)

// Finding is a reason why the report about grants lists one; a value of the
// published enum AccessFindingReason.
type Finding string

// The findings.
const (
	FindingExpiring Finding = "EXPIRING" // ends soon
	FindingExpired  Finding = "EXPIRED"  // has ended, and is stored still
	FindingUnused   Finding = "UNUSED"   // nothing of what it gives was used of late
	FindingOrphaned Finding = "ORPHANED" // somebody or something that it rests on is gone
	FindingRisky    Finding = "RISKY"    // see Risk
)

// Risk is why a grant that counts, or will, is risky; a value of the published
// enum AccessRisk.
type Risk string

// The risks.
const (
	RiskHigh       Risk = "HIGH_WITHOUT_END" // gives for good what is worth a second factor
	RiskWildcard   Risk = "WILDCARD"         // gives by a wildcard, and so what is to come
	RiskEscalation Risk = "ESCALATION"       // roles and direct permissions are given by one person, for good
	RiskUnending   Risk = "DIRECT_WITHOUT_END"
	RiskNoFactor   Risk = "NO_SECOND_FACTOR" // what is worth a second factor, and the account has none
)

var (
	findings = []Finding{FindingExpiring, FindingExpired, FindingUnused, FindingOrphaned, FindingRisky}
	risks    = []Risk{RiskHigh, RiskWildcard, RiskEscalation, RiskUnending, RiskNoFactor}
)

// Sought is what a report about grants looks for.
type Sought struct {
	Findings []Finding     // none: all
	Ending   time.Duration // EXPIRING is what ends within it
	Idle     time.Duration // UNUSED is what was given before it and not used since
}

// Found is a grant that a report lists, and why. One of Role and Direct is there.
type Found struct {
	Role     *ent.UserRole
	Direct   *ent.UserPermission
	Findings []Finding
	Risks    []Risk
	LastUsed *time.Time // the day on which its holder last used anything that it gives; nil: never of late
}

// holder is the user who has the grant.
func (f Found) holder() uuid.UUID {
	if f.Role != nil {
		return f.Role.UserID
	}
	return f.Direct.UserID
}

// ID is that of the grant.
func (f Found) ID() uuid.UUID {
	if f.Role != nil {
		return f.Role.ID
	}
	return f.Direct.ID
}

// Window is a stretch of a list: the first of what lies between two places, or
// the last.
type Window struct {
	After, Before *uuid.UUID
	Limit         int
	Backward      bool
}

// Findings lists the grants for which a reason is found, of those that the caller
// sees and holds access_review:read over, in the order of their making.
func (s *Service) Findings(ctx context.Context, q Sought, w Window) ([]Found, error) {
	if err := s.noteUses(ctx); err != nil {
		return nil, err
	}
	c := s.Store.Client
	page, err := grantsPicked(ctx, c, both(s.sought(q), over(access.FromContext(ctx), access.AccessReviewRead)), w)
	if err != nil {
		return nil, err
	}
	if err := s.explainFindings(ctx, c, q, page); err != nil {
		return nil, err
	}
	return page, s.lastUses(access.Elevated(ctx, "accessFindings"), c, page)
}

// noteUses has written what this server has yet to write of uses, so that nobody
// who has just used a right is listed as somebody who does not.
func (s *Service) noteUses(ctx context.Context) error {
	if s.Uses == nil {
		return nil
	}
	return s.Uses.Flush(ctx)
}

// CountFindings counts what Findings lists.
func (s *Service) CountFindings(ctx context.Context, q Sought) (int, error) {
	picked := both(s.sought(q), over(access.FromContext(ctx), access.AccessReviewRead))
	roles, err := s.Store.Client.UserRole.Query().Where(picked.role).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count assignments: %w", err)
	}
	direct, err := s.Store.Client.UserPermission.Query().Where(picked.direct, userpermission.Allowed(true)).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count direct permissions: %w", err)
	}
	return roles + direct, nil
}

// grantsPicked reads the grants of both tables, by id. Denials give nothing and are
// left out.
func grantsPicked(ctx context.Context, c *ent.Client, p pick, w Window) ([]Found, error) {
	direction, sign := sql.OrderAsc(), 1
	if w.Backward {
		direction, sign = sql.OrderDesc(), -1
	}
	roles, direct := c.UserRole.Query().Where(p.role), c.UserPermission.Query().Where(p.direct, userpermission.Allowed(true))
	if w.After != nil {
		roles.Where(userrole.IDGT(*w.After))
		direct.Where(userpermission.IDGT(*w.After))
	}
	if w.Before != nil {
		roles.Where(userrole.IDLT(*w.Before))
		direct.Where(userpermission.IDLT(*w.Before))
	}
	given, err := roles.Order(userrole.ByID(direction)).Limit(w.Limit).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read assignments: %w", err)
	}
	allowed, err := direct.Order(userpermission.ByID(direction)).Limit(w.Limit).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read direct permissions: %w", err)
	}
	found := make([]Found, 0, len(given)+len(allowed))
	for _, r := range given {
		found = append(found, Found{Role: r})
	}
	for _, d := range allowed {
		found = append(found, Found{Direct: d})
	}
	slices.SortFunc(found, func(a, b Found) int { return sign * strings.Compare(a.ID().String(), b.ID().String()) })
	found = found[:min(w.Limit, len(found))]
	if w.Backward {
		slices.Reverse(found)
	}
	return found, nil
}

// explainFindings says of each grant all that is found of it, whatever was asked
// for: by the same statements that found it.
func (s *Service) explainFindings(ctx context.Context, c *ent.Client, q Sought, page []Found) error {
	if len(page) == 0 {
		return nil
	}
	at := make(map[uuid.UUID]*Found, len(page))
	ids := make([]uuid.UUID, len(page))
	for i := range page {
		ids[i] = page[i].ID()
		at[ids[i]] = &page[i]
	}
	elevated := access.Elevated(ctx, "accessFindings")
	mark := func(p pick, mark func(*Found)) error {
		var hits []uuid.UUID
		if p.role != nil {
			some, err := c.UserRole.Query().Where(userrole.IDIn(ids...), p.role).IDs(elevated)
			if err != nil {
				return fmt.Errorf("say why assignments are listed: %w", err)
			}
			hits = some
		}
		if p.direct != nil {
			some, err := c.UserPermission.Query().Where(userpermission.IDIn(ids...), p.direct).IDs(elevated)
			if err != nil {
				return fmt.Errorf("say why direct permissions are listed: %w", err)
			}
			hits = append(hits, some...)
		}
		for _, id := range hits {
			mark(at[id])
		}
		return nil
	}
	for _, f := range findings[:len(findings)-1] {
		if err := mark(s.pick(f, q), func(g *Found) { g.Findings = append(g.Findings, f) }); err != nil {
			return err
		}
	}
	for _, r := range risks {
		if err := mark(s.risk(r), func(g *Found) { g.Risks = append(g.Risks, r) }); err != nil {
			return err
		}
	}
	for i := range page {
		if len(page[i].Risks) > 0 {
			page[i].Findings = append(page[i].Findings, FindingRisky)
		}
	}
	return nil
}
