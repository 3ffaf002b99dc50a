package accounts

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/rolepermission"
	"clinicgraph/internal/access"
)

// lastUses says of each grant when its holder last used anything that it gives. A
// use counts for every grant that gives what was used, as it does for UNUSED.
func (s *Service) lastUses(ctx context.Context, c *ent.Client, page []Found) error {
	if s.Uses == nil || len(page) == 0 {
		return nil
	}
	holders, roles := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, f := range page {
		holders[f.holder()] = true
		if f.Role != nil {
			roles[f.Role.RoleID] = true
		}
	}
	rows, err := c.RolePermission.Query().Where(rolepermission.RoleIDIn(slices.Collect(maps.Keys(roles))...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read what roles give: %w", err)
	}
	gives := map[uuid.UUID][]access.Grant{}
	for _, row := range rows {
		gives[row.RoleID] = append(gives[row.RoleID], access.Grant{Permission: row.Permission})
	}
	used, err := s.Uses.LastUsed(ctx, slices.Collect(maps.Keys(holders))...)
	if err != nil {
		return err
	}
	for i := range page {
		f := &page[i]
		var given []access.Grant
		if f.Role != nil {
			given = gives[f.Role.RoleID]
		} else {
			given = []access.Grant{{Permission: f.Direct.Permission}}
		}
		for use, day := range used {
			if use.User == f.holder() && slices.ContainsFunc(given, func(g access.Grant) bool { return g.Covers(use.Permission) }) && (f.LastUsed == nil || day.After(*f.LastUsed)) {
				f.LastUsed = &day
			}
		}
	}
	return nil
}
