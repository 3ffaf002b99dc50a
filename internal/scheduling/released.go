package scheduling

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/appointment"
	"clinicgraph/ent/practitionerprofile"
	"clinicgraph/ent/practitionerservice"
	"clinicgraph/internal/access"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/fault"
)

// Watch says whether slots of a service can be watched: the errors are those of
// AvailableSlots.
func (s *Service) Watch(ctx context.Context, service uuid.UUID, practitioners []uuid.UUID) error {
	if len(practitioners) > maxPractitioners {
		return fault.Invalid("practitionerIds", "At most %d practitioners can be watched at once.", maxPractitioners)
	}
	if _, _, err := catalog.Bookable(ctx, s.Store.Client, "serviceId", service); err != nil {
		return err
	}
	_, err := s.offering(ctx, s.Store.Client, service, practitioners)
	return err
}

// Released lists the slots of a service that can be booked again because an
// appointment has given its time back: those with its practitioner whose time
// overlaps it. Without practitioners all are meant. There are none while the
// appointment keeps its time, and none that the caller could not find with
// AvailableSlots: whose appointment it was plays no part.
func (s *Service) Released(ctx context.Context, service uuid.UUID, practitioners []uuid.UUID, id uuid.UUID) ([]FreeSlot, error) {
	c := s.Store.Client
	a, err := c.Appointment.Query().Where(appointment.ID(id)).Only(access.Elevated(ctx, "slotReleased"))
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("load appointment: %w", err)
	}
	if err != nil || AppointmentStatus(a.Status).Blocks() || len(practitioners) > 0 && !slices.Contains(practitioners, a.PractitionerID) {
		return nil, nil
	}
	p, err := c.PractitionerProfile.Query().Where(practitionerprofile.ID(a.PractitionerID), accepting(),
		practitionerprofile.HasPractitionerServicesWith(practitionerservice.ServiceID(service))).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("load practitioner: %w", err)
	}
	_, setting, err := catalog.Bookable(ctx, c, "serviceId", service)
	if err != nil {
		return nil, err
	}
	// A start before from or from to on leaves the time alone.
	rule := ruleOf(setting, nil)
	from, to := a.BusyFrom.Add(-rule.Duration-rule.BufferAfter), a.BusyTo.Add(rule.BufferBefore)
	rule, open, busy, err := s.calendar(ctx, c, p, setting, from, to)
	if err != nil {
		return nil, err
	}
	slots, err := Slots(rule, open, busy, from, to, s.Now())
	if err != nil {
		return nil, err
	}
	var free []FreeSlot
	for _, slot := range slots {
		if rule.Claim(slot.Start).Overlaps(Interval{a.BusyFrom, a.BusyTo}) {
			free = append(free, FreeSlot{slot.Start, slot.End, p})
		}
	}
	return free, nil
}
