package access

import (
	"strings"
	"time"
)

// Scope says how far a permission reaches. The zero value is no permission.
type Scope uint8

// The scopes, narrow to wide: a wider one includes the narrower.
const (
	ScopeNone Scope = iota
	ScopeOwn        // rows that belong to the caller
	ScopeUnit       // rows of the caller's organizational unit
	ScopeAny        // all rows
)

var scopeNames = [...]string{"NONE", "OWN", "UNIT", "ANY"}

// String gives the name that the database and the graph use.
func (s Scope) String() string {
	if int(s) < len(scopeNames) {
		return scopeNames[s]
	}
	return "NONE"
}

// ParseScope reads a scope's name; an unknown one is ScopeNone and false.
func ParseScope(name string) (Scope, bool) {
	for i, n := range scopeNames {
		if n == name {
			return Scope(i), true
		}
	}
	return ScopeNone, false
}

// Source says where a grant comes from.
type Source string

// A grant stands on the user itself or on one of its roles; or the user took it in
// an emergency.
const (
	SourceUser      Source = "USER"
	SourceRole      Source = "ROLE"
	SourceEmergency Source = "BREAK_GLASS"
)

// Grant is one row that speaks about a permission: of an active role of the
// user, or of the user itself. Permission may be a wildcard ("booking:*", "*:*").
type Grant struct {
	Permission string
	Scope      Scope
	Allowed    bool
	Source     Source
	Role       string    // the role's name, for SourceRole
	ValidFrom  time.Time // zero: from the beginning
	ExpiresAt  time.Time // zero: never; the instant itself is expired
}

// ActiveAt says whether the grant counts at now: ValidFrom <= now < ExpiresAt.
func (g Grant) ActiveAt(now time.Time) bool {
	return !now.Before(g.ValidFrom) && (g.ExpiresAt.IsZero() || now.Before(g.ExpiresAt))
}

// Covers says whether the grant speaks about the permission, by name or by a
// wildcard above it.
func (g Grant) Covers(permission string) bool {
	if g.Permission == permission || g.Permission == "*:*" {
		return true
	}
	resource, _, _ := strings.Cut(permission, ":")
	prefix, isWild := strings.CutSuffix(g.Permission, ":*")
	return isWild && prefix == resource
}

// Decide answers how far the permission reaches at now: an active deny beats
// every allow, of the allows the widest counts, and without one the answer is
// ScopeNone. The order of grants does not matter.
func Decide(grants []Grant, permission string, now time.Time) Scope {
	return judge(grants, permission, now, nil)
}

// judge is the decision. Where told is given, it gets what each grant that speaks
// about the permission had to do with the answer: who asks for reasons gets those
// of this decision and of no other.
func judge(grants []Grant, permission string, now time.Time, told *[]Reason) Scope {
	widest, denied := ScopeNone, false
	for i := range grants {
		g := &grants[i]
		if !g.Covers(permission) {
			continue
		}
		active := g.ActiveAt(now)
		switch {
		case !active:
		case g.Allowed:
			widest = max(widest, g.Scope)
		default:
			denied = true
		}
		if told != nil {
			*told = append(*told, Reason{Grant: *g, Standing: g.outOfTime(now)})
		}
	}
	if denied {
		widest = ScopeNone
	}
	if told != nil {
		for i := range *told {
			(*told)[i].settle(widest, denied)
		}
	}
	return widest
}

// Effective is the decision about every permission of the registry, good until
// a grant begins or ends.
type Effective struct {
	scopes     [maxRegistry + 1]Scope // by number
	validUntil time.Time              // zero: for good
}

// Evaluate decides about every permission of the registry at now.
func Evaluate(grants []Grant, now time.Time) *Effective {
	e := &Effective{}
	for i, p := range registry {
		e.scopes[i+1] = Decide(grants, p.Name, now)
	}
	for _, g := range grants {
		for _, edge := range []time.Time{g.ValidFrom, g.ExpiresAt} {
			if edge.After(now) && (e.validUntil.IsZero() || edge.Before(e.validUntil)) {
				e.validUntil = edge
			}
		}
	}
	return e
}

// Scope gives the decision about one permission.
func (e *Effective) Scope(permission string) Scope { return e.scopes[NumberOf(permission)] }

// StaleAt says whether a grant has begun or ended since the evaluation.
func (e *Effective) StaleAt(now time.Time) bool {
	return !e.validUntil.IsZero() && !now.Before(e.validUntil)
}

// Held is one permission that a viewer holds, and where the widest grant of it
// comes from.
type Held struct {
	Name      string
	Scope     Scope
	Source    Source
	Role      string
	ExpiresAt time.Time // zero: never
}

// Holding lists the permissions that the grants give at now and that something
// asks for, in the order of the
// registry. Of several grants that decide the one that lasts longest is named.
func Holding(grants []Grant, now time.Time) []Held {
	var held []Held
	var reasons []Reason
	for _, p := range registry {
		if p.Reserved { // a wildcard covers it, and nothing asks
			continue
		}
		reasons = reasons[:0]
		scope := judge(grants, p.Name, now, &reasons)
		if scope == ScopeNone {
			continue
		}
		h := Held{Name: p.Name, Scope: scope}
		for _, r := range reasons {
			if r.Standing == Decides && (h.Source == "" || outlasts(r.ExpiresAt, h.ExpiresAt)) {
				h.Source, h.Role, h.ExpiresAt = r.Source, r.Role, r.ExpiresAt
			}
		}
		held = append(held, h)
	}
	return held
}

func outlasts(a, b time.Time) bool {
	return !b.IsZero() && (a.IsZero() || a.After(b))
}
