package scheduling_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/product"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

var monday = time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC)

// practice is a practitioner with an hour-long service and no hours yet.
func practice(t *testing.T, s *store.Store) (svc *scheduling.Service, doctor *ent.PractitionerProfile, service uuid.UUID) {
	t.Helper()
	now := func() time.Time { return monday }
	svc = &scheduling.Service{Store: s, Now: now}
	ctx := access.System(t.Context(), "test")
	var u *ent.User
	err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
		u, err = accounts.CreateUser(ctx, c, accounts.NewUser{Username: "doctor", Email: "doctor@example.org", GivenName: "Ada", Surname: "Nagy"}, monday)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	doctor, err = svc.CreatePractitioner(ctx, scheduling.NewPractitioner{UserID: u.ID, DisplayName: "Dr. Ada Nagy", Timezone: "Europe/Warsaw"})
	if err != nil {
		t.Fatal(err)
	}
	offer := &catalog.Service{Store: s}
	p, err := offer.CreateProduct(ctx, catalog.NewProduct{
		SKU: "A", Name: "A", Kind: product.KindService, Price: money.Amount{Minor: 1, Currency: "EUR"},
		Scheduling: &catalog.Scheduling{DurationMinutes: 60, IntervalMinutes: 60, HorizonDays: 30, HoldMinutes: 60},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := offer.OfferService(ctx, doctor.ID, p.ID); err != nil {
		t.Fatal(err)
	}
	return svc, doctor, p.ID
}

func at(day time.Weekday, start, end int) scheduling.WeeklyHours {
	return scheduling.WeeklyHours{Weekday: day, Start: start * 60, End: end * 60}
}

func TestSetWorkingHoursReplacesWhatWasThere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		svc, doctor, service := practice(t, s)
		ctx := access.System(t.Context(), "test")
		for _, step := range []struct {
			hours []scheduling.WeeklyHours
			want  []string
		}{
			{nil, nil},
			{[]scheduling.WeeklyHours{at(time.Monday, 9, 11), at(time.Monday, 12, 13)}, []string{"Mon 09:00", "Mon 10:00", "Mon 12:00"}},
			{[]scheduling.WeeklyHours{at(time.Sunday, 23, 25)}, []string{"Sun 23:00", "Mon 00:00"}},
			{[]scheduling.WeeklyHours{at(time.Tuesday, 22, 24)}, []string{"Tue 22:00", "Tue 23:00"}},
		} {
			if err := svc.SetWorkingHours(ctx, doctor.ID, step.hours); err != nil {
				t.Fatal(err)
			}
			free, err := svc.AvailableSlots(ctx, service, nil, monday, monday.AddDate(0, 0, 7))
			if err != nil {
				t.Fatal(err)
			}
			zone, err := scheduling.LoadZone("Europe/Warsaw")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, slot := range free {
				got = append(got, slot.StartsAt.In(zone).Format("Mon 15:04"))
			}
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("slots with the hours %v (-want +got):\n%s", step.hours, diff)
			}
		}
	})
}

func TestSetWorkingHoursRefuses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		svc, doctor, _ := practice(t, s)
		ctx := access.System(t.Context(), "test")
		long := at(time.Monday, 8, 33)
		err := svc.SetWorkingHours(ctx, doctor.ID, []scheduling.WeeklyHours{at(time.Monday, 8, 9), long})
		if f, ok := fault.As(err); !ok || f.Code != fault.CodeBadUserInput || f.Fields[0].Path != "input.hours.1.endsAt" {
			t.Errorf("more than a day: %v", err)
		}
		never := at(time.Monday, 8, 9)
		never.ValidFrom = "soon"
		err = svc.SetWorkingHours(ctx, doctor.ID, []scheduling.WeeklyHours{never})
		if f, ok := fault.As(err); !ok || f.Code != fault.CodeBadUserInput || f.Fields[0].Path != "input.hours.0.validFrom" {
			t.Errorf("a day that is none: %v", err)
		}
		if err := svc.SetWorkingHours(ctx, ids.New(ids.PractitionerProfile), nil); fault.CodeOf(err) != fault.CodeNotFound {
			t.Errorf("nobody's hours: %v", err)
		}
	})
}

func TestCreatePractitionerRefuses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		svc, doctor, _ := practice(t, s)
		create := func(n scheduling.NewPractitioner) error {
			_, err := svc.CreatePractitioner(access.System(context.Background(), "test"), n)
			return err
		}
		for name, tc := range map[string]struct {
			n    scheduling.NewPractitioner
			want fault.Code
		}{
			"a second profile":         {scheduling.NewPractitioner{UserID: doctor.UserID, DisplayName: "A", Timezone: "UTC"}, fault.CodeConflict},
			"no name":                  {scheduling.NewPractitioner{UserID: doctor.UserID, Timezone: "UTC"}, fault.CodeBadUserInput},
			"a zone that there is not": {scheduling.NewPractitioner{UserID: doctor.UserID, DisplayName: "A", Timezone: "Mars"}, fault.CodeBadUserInput},
		} {
			if err := create(tc.n); fault.CodeOf(err) != tc.want {
				t.Errorf("%s: %v, want %s", name, err, tc.want)
			}
		}
	})
}
