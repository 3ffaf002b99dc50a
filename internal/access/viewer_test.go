package access

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestScopeFollowsTheClock(t *testing.T) {
	now := noon
	v := &Viewer{UserID: uuid.New(), Now: func() time.Time { return now }, Grants: []Grant{
		{Permission: BookingRead, Scope: ScopeAny, Allowed: true, ExpiresAt: noon.Add(time.Minute)},
	}}
	if got := v.Scope(BookingRead); got != ScopeAny {
		t.Fatalf("before the end: %s", got)
	}
	now = noon.Add(time.Minute)
	if got := v.Scope(BookingRead); got != ScopeNone {
		t.Fatalf("at the end: %s", got)
	}
}

func TestWhoMustChangeThePasswordMayDoNothing(t *testing.T) {
	v := &Viewer{UserID: uuid.New(), MustChangePassword: true, Grants: []Grant{{Permission: "*:*", Scope: ScopeAny, Allowed: true}}}
	for _, p := range Registry() {
		if v.Can(p.Name) {
			t.Errorf("may %s", p.Name)
		}
	}
}

func TestReaches(t *testing.T) {
	unit, other := uuid.New(), uuid.New()
	none := uuid.Nil
	tests := map[string]struct {
		scope Scope
		own   bool
		unit  *uuid.UUID
		want  bool
	}{
		"any reaches all":                          {ScopeAny, false, nil, true},
		"unit reaches the own unit":                {ScopeUnit, false, &unit, true},
		"unit does not reach another":              {ScopeUnit, false, &other, false},
		"unit does not reach what has none":        {ScopeUnit, false, nil, false},
		"unit does not reach the empty unit":       {ScopeUnit, false, &none, false},
		"unit reaches what is the caller's anyway": {ScopeUnit, true, &other, true},
		"own reaches the own":                      {ScopeOwn, true, &other, true},
		"own does not reach the unit":              {ScopeOwn, false, &unit, false},
		"none reaches nothing":                     {ScopeNone, true, &unit, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := &Viewer{UserID: uuid.New(), Units: []uuid.UUID{unit}}
			if test.scope != ScopeNone {
				v.Grants = []Grant{{Permission: BookingRead, Scope: test.scope, Allowed: true}}
			}
			if got := v.Reaches(BookingRead, test.own, test.unit); got != test.want {
				t.Errorf("Reaches = %t, want %t", got, test.want)
			}
		})
	}
}

func TestReachingTheEmptyUnitWithoutAUnit(t *testing.T) {
	none := uuid.Nil
	v := &Viewer{UserID: uuid.New(), Grants: []Grant{{Permission: BookingRead, Scope: ScopeUnit, Allowed: true}}}
	if v.Reaches(BookingRead, false, &none) {
		t.Error("a user without a unit reaches objects without one")
	}
}

func TestElevationKeepsTheActorAndLiftsTheRows(t *testing.T) {
	v := &Viewer{UserID: uuid.New(), Username: "anna", Grants: []Grant{{Permission: BookingRead, Scope: ScopeOwn, Allowed: true}}}
	ctx := NewContext(context.Background(), v)
	lifted := FromContext(Elevated(ctx, "verb"))
	if !lifted.Unrestricted() || lifted.Actor() != "anna" || lifted.Scope(BookingRead) != ScopeOwn {
		t.Errorf("lifted: unrestricted %t, actor %s, scope %s", lifted.Unrestricted(), lifted.Actor(), lifted.Scope(BookingRead))
	}
	if FromContext(ctx).Unrestricted() {
		t.Error("the caller's own context was lifted with it")
	}
}

func TestElevationNeedsSomebody(t *testing.T) {
	if FromContext(Elevated(context.Background(), "verb")) != nil {
		t.Error("elevation made somebody out of nobody")
	}
}

func TestBecomingChangesTheRestOfTheRequestOnly(t *testing.T) {
	ctx := NewContext(context.Background(), &Viewer{})
	before := Elevated(ctx, "verb")
	Become(ctx, &Viewer{UserID: uuid.New(), Username: "anna"})
	if got := FromContext(ctx).Actor(); got != "anna" {
		t.Errorf("after signing in the actor is %s", got)
	}
	if got := FromContext(before).Actor(); got != "anonymous" {
		t.Errorf("what was lifted before is now %s", got)
	}
}
