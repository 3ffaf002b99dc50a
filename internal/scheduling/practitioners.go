package scheduling

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/practitionerprofile"
	"clinicgraph/ent/workinghours"
	"clinicgraph/internal/fault"
)

// NewPractitioner is what makes a user somebody whom customers can book.
type NewPractitioner struct {
	UserID      uuid.UUID
	Unit        *uuid.UUID
	Title       string // before the name, such as Dr.
	DisplayName string // as customers see it
	Specialty   string
	Timezone    string // IANA name, of the working hours
}

// CreatePractitioner makes a profile, which takes bookings once it has working
// hours and offers a service. The caller is the system: the graph has no verb
// for it yet. Errors: BAD_USER_INPUT, CONFLICT when the user has a profile.
func (s *Service) CreatePractitioner(ctx context.Context, n NewPractitioner) (made *ent.PractitionerProfile, err error) {
	if strings.TrimSpace(n.DisplayName) == "" {
		return nil, fault.Invalid("input.displayName", "A practitioner has a name that customers see.")
	}
	if _, err := LoadZone(n.Timezone); err != nil {
		return nil, inInput(err)
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		made, err = c.PractitionerProfile.Create().SetUserID(n.UserID).SetNillableUnitID(n.Unit).
			SetTitle(n.Title).SetDisplayName(n.DisplayName).SetSpecialty(n.Specialty).SetTimezone(n.Timezone).Save(ctx)
		if err != nil {
			return fmt.Errorf("make practitioner: %w", err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// SetWorkingHours says anew when a practitioner works, week by week; what was
// booked stays. A break is the time between two stretches. The caller is the
// system: the graph has no verb for it yet. Errors: NOT_FOUND, and
// BAD_USER_INPUT at "input.hours.N" for a stretch that cannot be or is longer
// than a day.
func (s *Service) SetWorkingHours(ctx context.Context, practitioner uuid.UUID, hours []WeeklyHours) error {
	for i, h := range hours {
		err := h.Validate()
		if err == nil && h.End-dayMinutes > h.Start {
			err = fault.Invalid("endsAt", "Working hours are at most 24 hours long.")
		}
		if f, ok := fault.As(err); ok {
			path := fmt.Sprintf("input.hours.%d.%s", i, f.Fields[0].Path)
			return fault.Invalid(path, "%s", f.Message)
		}
	}
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		p, err := c.PractitionerProfile.Query().Where(practitionerprofile.ID(practitioner)).Only(ctx)
		if ent.IsNotFound(err) {
			return fault.Missing()
		}
		if err != nil {
			return fmt.Errorf("load practitioner: %w", err)
		}
		old, err := c.WorkingHours.Query().Where(workinghours.PractitionerID(p.ID)).All(ctx)
		if err != nil {
			return fmt.Errorf("load working hours: %w", err)
		}
		for _, w := range old {
			if err := w.Update().SetDeletedAt(s.Now()).Exec(ctx); err != nil {
				return fmt.Errorf("end working hours: %w", err)
			}
		}
		for _, h := range hours {
			create := c.WorkingHours.Create().SetPractitionerID(p.ID).SetWeekday(isoWeekday(h.Weekday)).
				SetStartsAt(int32(h.Start)).SetEndsAt(int32(h.End % dayMinutes)) // the column holds the clock's time
			if h.ValidFrom != "" {
				create.SetValidFrom(h.ValidFrom)
			}
			if h.ValidTo != "" {
				create.SetValidTo(h.ValidTo)
			}
			if err := create.Exec(ctx); err != nil {
				return fmt.Errorf("make working hours: %w", err)
			}
		}
		return nil
	})
}

// isoWeekday counts Monday as 1 and Sunday as 7, as ISO 8601 does.
func isoWeekday(d time.Weekday) int32 {
	if d == time.Sunday {
		return 7
	}
	return int32(d)
}
