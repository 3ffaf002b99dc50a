package scheduling

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/practitionerprofile"
	"clinicgraph/ent/practitionerservice"
	"clinicgraph/ent/predicate"
	"clinicgraph/ent/user"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/store"
)

// Service has the verbs of bookings and appointments.
type Service struct {
	Store *store.Store
	Now   func() time.Time
}

// FreeSlot is a time at which a practitioner can be booked.
type FreeSlot struct {
	StartsAt, EndsAt time.Time
	Practitioner     *ent.PractitionerProfile
}

// Bounds of one search for slots.
const (
	maxPractitioners = 100
	maxSlots         = 2000
)

// longestClaim is the most that one claim can take: the longest duration and both
// buffers of ent/schema.ServiceSetting.
const longestClaim = (1440 + 240 + 240) * time.Minute

// AvailableSlots lists when a service can be booked, from from until before to,
// by start and then by practitioner, at most 2,000. Without practitioners all who offer the
// service are asked; those named who do not offer it have no slots. Errors:
// NOT_FOUND for a service or practitioner that the caller does not see,
// BAD_USER_INPUT.
func (s *Service) AvailableSlots(ctx context.Context, service uuid.UUID, practitioners []uuid.UUID, from, to time.Time) ([]FreeSlot, error) {
	if err := CheckRange(from, to); err != nil {
		return nil, err
	}
	if len(practitioners) > maxPractitioners {
		return nil, fault.Invalid("practitionerIds", "At most %d practitioners can be asked at once.", maxPractitioners)
	}
	c := s.Store.Client
	_, setting, err := catalog.Bookable(ctx, c, "serviceId", service)
	if err != nil {
		return nil, err
	}
	found, err := s.offering(ctx, c, service, practitioners)
	if err != nil {
		return nil, err
	}
	var free []FreeSlot
	for _, p := range found {
		rule, open, busy, err := s.calendar(ctx, c, p, setting, from, to)
		if err != nil {
			return nil, err
		}
		slots, err := Slots(rule, open, busy, from, to, s.Now())
		if err != nil {
			return nil, err
		}
		for _, slot := range slots {
			free = append(free, FreeSlot{slot.Start, slot.End, p})
		}
	}
	sortSlots(free)
	return free[:min(len(free), maxSlots)], nil
}

// offering loads the practitioners who take bookings of the service, of those
// named or of all.
func (s *Service) offering(ctx context.Context, c *ent.Client, service uuid.UUID, named []uuid.UUID) ([]*ent.PractitionerProfile, error) {
	q := c.PractitionerProfile.Query()
	if len(named) > 0 {
		seen, err := q.Clone().Where(practitionerprofile.IDIn(named...)).Count(ctx)
		if err != nil {
			return nil, fmt.Errorf("count practitioners: %w", err)
		}
		if seen != len(unique(named)) {
			return nil, fault.Missing()
		}
		q = q.Where(practitionerprofile.IDIn(named...))
	}
	found, err := q.Where(
		accepting(),
		practitionerprofile.HasPractitionerServicesWith(practitionerservice.ServiceID(service)),
	).Order(practitionerprofile.ByID()).Limit(maxPractitioners).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("load practitioners: %w", err)
	}
	return found, nil
}

// accepting is the condition for practitioners who take bookings: they say so, and
// their account is open.
func accepting() predicate.PractitionerProfile {
	return practitionerprofile.And(practitionerprofile.IsAccepting(true), practitionerprofile.HasUserWith(user.IsActive(true), user.DeletedAtIsNil()))
}

func unique(ids []uuid.UUID) map[uuid.UUID]bool {
	set := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

func ruleOf(s *ent.ServiceSetting, zone *time.Location) SlotRule {
	minutes := func(n int32) time.Duration { return time.Duration(n) * time.Minute }
	return SlotRule{
		Duration:     minutes(s.DurationMinutes),
		BufferBefore: minutes(s.BufferBeforeMinutes),
		BufferAfter:  minutes(s.BufferAfterMinutes),
		Step:         minutes(s.IntervalMinutes),
		Notice:       minutes(s.NoticeMinutes),
		Horizon:      time.Duration(s.HorizonDays) * 24 * time.Hour,
		Zone:         zone,
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func sortSlots(free []FreeSlot) {
	slices.SortFunc(free, func(a, b FreeSlot) int {
		return cmp.Or(a.StartsAt.Compare(b.StartsAt), bytes.Compare(a.Practitioner.ID[:], b.Practitioner.ID[:]))
	})
}
