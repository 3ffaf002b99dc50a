package scheduling

import (
	"context"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/resourceclaim"
	"clinicgraph/ent/workinghours"
	"clinicgraph/internal/access"
)

// calendar reads what decides about a practitioner's time for starts from from
// until before to: the rule of the service, the working hours and the claims.
func (s *Service) calendar(ctx context.Context, c *ent.Client, p *ent.PractitionerProfile, setting *ent.ServiceSetting, from, to time.Time) (rule SlotRule, open, busy []Interval, err error) {
	zone, err := LoadZone(p.Timezone)
	if err != nil {
		return rule, nil, nil, err
	}
	rule = ruleOf(setting, zone)
	reach := rule.Reach(from, to)
	hours, busy, err := s.times(access.Elevated(ctx, "calendar"), c, p.ID, reach)
	if err != nil {
		return rule, nil, nil, fmt.Errorf("load working hours and claims: %w", err)
	}
	return rule, Expand(hours, zone, reach), busy, nil
}

// times reads the working hours of a practitioner and the claims within reach by one
// statement.
func (s *Service) times(ctx context.Context, c *ent.Client, practitioner uuid.UUID, reach Interval) (hours []WeeklyHours, busy []Interval, err error) {
	rows, err := c.Read(ctx, s.timing(ctx, c, practitioner, reach))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var claim Interval
		var weekday, start, end int
		var h WeeklyHours
		if err := rows.Scan(some(&claim.Start), some(&claim.End), some(&weekday), some(&start), some(&end), some(&h.ValidFrom), some(&h.ValidTo)); err != nil {
			return nil, nil, err
		}
		if weekday == 0 {
			busy = append(busy, claim)
			continue
		}
		h.Weekday, h.Start, h.End = time.Weekday(weekday%7), start, end // ISO 8601 counts Sunday as 7, Go as 0
		hours = append(hours, h)
	}
	return hours, busy, nil
}

// timing is the statement of times. A row is a claim, or hours behind two nulls: the
// claims come first, since SQLite knows columns of times by the first part.
func (s *Service) timing(ctx context.Context, c *ent.Client, practitioner uuid.UUID, reach Interval) entsql.Querier {
	none := entsql.Raw("NULL")
	claims := seen(ctx, c, ent.TypeResourceClaim, resourceclaim.Table, resourceclaim.FieldBusyFrom, resourceclaim.FieldBusyTo).
		AppendSelectExpr(none, none, none, none, none)
	entsql.AndPredicates(
		resourceclaim.ResourceKindEQ(resourceclaim.ResourceKindPractitioner), resourceclaim.ResourceID(practitioner),
		resourceclaim.BusyToGT(reach.Start), resourceclaim.BusyFromLT(reach.End),
		resourceclaim.BusyFromGT(reach.Start.Add(-longestClaim)), // else the index is read from the first claim on
	)(claims)

	from := entsql.Table(workinghours.Table)
	hours := entsql.SelectExpr(none, none).AppendSelect(from.Columns(workinghours.FieldWeekday, workinghours.FieldStartsAt, workinghours.FieldEndsAt,
		workinghours.FieldValidFrom, workinghours.FieldValidTo)...).From(from).WithContext(ctx)
	workinghours.PractitionerID(practitioner)(hours)
	c.Visible(ent.TypeWorkingHours)(hours)
	return s.sql(func(b *entsql.Builder) { b.Join(claims).WriteString(" UNION ALL ").Join(hours) })
}

// closing is the error of reading rows, whatever it was: they end, and tell of it.
func closing(rows *entsql.Rows, err error) error {
	return errors.Join(err, rows.Err(), rows.Close())
}
