package access

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Viewer is who acts: a signed-in user, nobody yet (an anonymous request), or
// the system under a name. It is made by the authentication middleware, by
// System, and by the demo clinic for its people; by nothing else.
type Viewer struct {
	UserID             uuid.UUID // zero for anonymous and for the system
	SessionID          uuid.UUID
	Username           string
	MustChangePassword bool
	Units              []uuid.UUID // the user's unit and all below it; none: the user belongs to no unit
	Profiles           []uuid.UUID // the customer profiles of the account
	Practitioner       bool        // the user is one, and has the appointments
	Grants             []Grant
	Now                func() time.Time // nil: time.Now

	// What the access token says: until when the viewer may act at the latest, the
	// epoch of tokens that it belongs to, and what a step-up is measured by. Zero
	// where there is no token.
	Until      time.Time
	TokenEpoch int64
	AuthTime   time.Time // when who this is was last proved
	AMR        []string  // and how: "pwd", "otp", … (RFC 8176)

	// Impersonator is who really acts, in the name of UserID; nil: the user.
	Impersonator *Impersonator
	// TokenID is the personal token that a program has come with instead of a
	// session; zero where there is none.
	TokenID uuid.UUID

	// SecondFactor says for what a second factor must have been given, where there
	// is a session that could have one.
	SecondFactor FactorRule

	// Uses is told what the door lets the viewer through by; nil: nobody is.
	Uses *Uses

	system    string // the system's name for itself
	elevated  string // the verb that lifted the row rules
	effective atomic.Pointer[Effective]
	day       atomic.Int32 // of what it uses; 0: not looked at yet
}

// Impersonator is a user who acts in the name of another one.
type Impersonator struct {
	ID       uuid.UUID
	Username string
}

// Who gives the user who really acts; zero for anonymous and for the system.
func (v *Viewer) Who() uuid.UUID {
	if v.Impersonator != nil {
		return v.Impersonator.ID
	}
	return v.UserID
}

// Anchor names what the viewer came with: a session, or a personal token. Two
// viewers with one anchor are the same.
func (v *Viewer) Anchor() uuid.UUID {
	if v.TokenID != uuid.Nil {
		return v.TokenID
	}
	return v.SessionID
}

// InPerson says that the owner of the account acts, in a session: nobody in their
// name, and no program.
func (v *Viewer) InPerson() bool { return v.Impersonator == nil && v.TokenID == uuid.Nil }

// Anonymous says that nobody is signed in and this is not the system.
func (v *Viewer) Anonymous() bool { return v.UserID == uuid.Nil && v.system == "" }

// System gives the name under which background work acts, "" for people.
func (v *Viewer) System() string { return v.system }

// Unrestricted says that the row rules do not narrow this viewer: the system,
// or a domain verb that has already decided.
func (v *Viewer) Unrestricted() bool { return v.system != "" || v.elevated != "" }

// Actor names who really acts, for the logs: the system's name, the user's name,
// or "anonymous".
func (v *Viewer) Actor() string {
	switch {
	case v.system != "":
		return "system:" + v.system
	case v.Impersonator != nil:
		return v.Impersonator.Username
	case v.UserID != uuid.Nil:
		return v.Username
	default:
		return "anonymous"
	}
}

// Scope says how far the viewer's permission reaches now. A user who must change
// the password has none; the system has all.
func (v *Viewer) Scope(permission string) Scope {
	switch {
	case v == nil:
		return ScopeNone
	case v.system != "":
		return ScopeAny
	case v.block(permission) != "":
		return ScopeNone
	}
	return v.granted(permission)
}

// Pass is Can, asked by the door: what lets the viewer through is used. Who acts
// in somebody's name uses none of theirs.
func (v *Viewer) Pass(permission string) bool {
	return v.PassNumber(NumberOf(permission), permission)
}

// PassNumber is Pass for who has looked up the permission's number before.
func (v *Viewer) PassNumber(number Number, permission string) bool {
	if v == nil || v.Uses == nil || v.Impersonator != nil || v.system != "" {
		return v.Can(permission)
	}
	if v.block(permission) != "" {
		return false
	}
	if v.current().scopes[number] == ScopeNone {
		return false
	}
	v.Uses.note(number, v.today())
	return true
}

// today is the day on which the viewer first used anything. A viewer lives for one
// request, or one event of a subscription, and the clock costs as much as all the
// rest of a decision.
func (v *Viewer) today() Day {
	if day := v.day.Load(); day != 0 {
		return Day(day)
	}
	day := DayOf(v.Clock())
	v.day.Store(int32(day))
	return day
}

// granted is Scope without regard to how the viewer has proven who they are.
func (v *Viewer) granted(permission string) Scope { return v.current().Scope(permission) }

// current gives the decision about the viewer's grants as of now. Where none of
// them begins or ends any more, it does not matter what time it is.
func (v *Viewer) current() *Effective {
	e := v.effective.Load()
	if e != nil && e.validUntil.IsZero() {
		return e
	}
	if now := v.Clock(); e == nil || e.StaleAt(now) {
		e = Evaluate(v.Grants, now)
		v.effective.Store(e)
	}
	return e
}

// Adopt takes over a decision that was made about the same grants; nil is none.
func (v *Viewer) Adopt(e *Effective) { v.effective.Store(e) }

// Restrict leaves the viewer those of the scopes that it holds; see Narrow.
func (v *Viewer) Restrict(scopes []string) {
	v.Grants = Narrow(v.Grants, scopes)
	v.Adopt(nil)
}

// Can says whether the viewer has the permission at any scope.
func (v *Viewer) Can(permission string) bool { return v.Scope(permission) != ScopeNone }

// Clock gives the time that the viewer's grants are judged by.
func (v *Viewer) Clock() time.Time {
	if v.Now == nil {
		return time.Now()
	}
	return v.Now()
}

type viewerKey struct{}

// cell holds the viewer of a context, so that signing in can change who the rest
// of a request acts as.
type cell struct{ viewer atomic.Pointer[Viewer] }

// NewContext gives ctx its viewer.
func NewContext(ctx context.Context, v *Viewer) context.Context {
	c := &cell{}
	c.viewer.Store(v)
	return context.WithValue(ctx, viewerKey{}, c)
}

// FromContext finds who acts; nil where nobody said so, which the base policy
// refuses.
func FromContext(ctx context.Context) *Viewer {
	if c, ok := ctx.Value(viewerKey{}).(*cell); ok {
		return c.viewer.Load()
	}
	return nil
}

// Near gives the context its viewer once more, so that who asks often need not go
// up through all of the request each time.
func Near(ctx context.Context) context.Context {
	if c, ok := ctx.Value(viewerKey{}).(*cell); ok {
		return context.WithValue(ctx, viewerKey{}, c)
	}
	return ctx
}

// Become makes the rest of the request under ctx act as v. Only what has just
// proved who somebody is may call it.
func Become(ctx context.Context, v *Viewer) {
	if c, ok := ctx.Value(viewerKey{}).(*cell); ok {
		c.viewer.Store(v)
	}
}

// System says that background work acts, under the name that the logs will show.
func System(ctx context.Context, name string) context.Context {
	return NewContext(ctx, &Viewer{system: name})
}

// Elevated lifts the row rules for the rest of a domain verb that has decided
// already. Actor and permissions stay the caller's. A caller must not hand the
// context on to anything that answers a client's own query.
func Elevated(ctx context.Context, verb string) context.Context {
	v := FromContext(ctx)
	if v == nil || v.Unrestricted() {
		return ctx
	}
	lifted := &Viewer{
		UserID: v.UserID, SessionID: v.SessionID, Units: v.Units, Username: v.Username,
		MustChangePassword: v.MustChangePassword, Grants: v.Grants, Now: v.Now,
		Until: v.Until, TokenEpoch: v.TokenEpoch, AuthTime: v.AuthTime, AMR: v.AMR, SecondFactor: v.SecondFactor,
		Impersonator: v.Impersonator, TokenID: v.TokenID, elevated: verb,
	}
	lifted.Adopt(v.effective.Load())
	return NewContext(ctx, lifted)
}

// Renewed is the viewer with the rights that it has now, which were read since.
// What it came with, and how it was proven, stays.
func (v *Viewer) Renewed(now *Viewer) *Viewer {
	r := now.With(now.Grants)
	r.Now, r.SessionID, r.TokenID, r.Impersonator = v.Now, v.SessionID, v.TokenID, v.Impersonator
	r.Until, r.TokenEpoch, r.AuthTime, r.AMR, r.SecondFactor = v.Until, v.TokenEpoch, v.AuthTime, v.AMR, v.SecondFactor
	return r
}

// Reaches says whether the viewer's permission covers an object that is the
// caller's own or not and belongs to the unit (nil: to none). A unit covers those
// below it.
func (v *Viewer) Reaches(permission string, own bool, unit *uuid.UUID) bool {
	switch v.Scope(permission) {
	case ScopeAny:
		return true
	case ScopeUnit:
		return own || unit != nil && slices.Contains(v.Units, *unit)
	case ScopeOwn:
		return own
	default:
		return false
	}
}

// SeesOthers says that the viewer may see other people's data, as those who work
// at the clinic do. Their sessions are shorter and their limits are wider.
func (v *Viewer) SeesOthers() bool {
	return v.Scope(CustomerRead) > ScopeOwn || v.Can(AppointmentReadNotes)
}
