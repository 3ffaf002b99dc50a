package access

import "time"

// Standing says what a row had to do with a decision.
type Standing string

// The standings. Only what decides would be missed: without the others the answer
// is the same.
const (
	Decides   Standing = "DECIDES"   // an active denial, or where there is none an allowance of the widest scope
	Overruled Standing = "OVERRULED" // an allowance that a denial beats
	Narrower  Standing = "NARROWER"  // an allowance that a wider one contains
	Pending   Standing = "PENDING"   // begins later
	Expired   Standing = "EXPIRED"   // has ended
	Suspended Standing = "SUSPENDED" // of a role that does not count; no decision ever meets it
)

// Reason is a grant that speaks about a permission, and what it had to do with
// the decision.
type Reason struct {
	Grant
	Standing Standing
}

// outOfTime is the standing of a grant that does not count at now, "" of one that
// does.
func (g Grant) outOfTime(now time.Time) Standing {
	switch {
	case g.ActiveAt(now):
		return ""
	case now.Before(g.ValidFrom):
		return Pending
	default:
		return Expired
	}
}

// settle says what a grant that counts had to do with the answer.
func (r *Reason) settle(answer Scope, denied bool) {
	switch {
	case r.Standing != "":
	case !r.Allowed:
		r.Standing = Decides
	case denied:
		r.Standing = Overruled
	case r.Scope < answer:
		r.Standing = Narrower
	default:
		r.Standing = Decides
	}
}

// Block is what stands between a user and what the grants give.
type Block string

// The blocks, of accounts that are shut and of viewers.
const (
	BlockDeleted  Block = "ACCOUNT_DELETED"
	BlockClosed   Block = "ACCOUNT_CLOSED"
	BlockLocked   Block = "ACCOUNT_LOCKED"
	BlockPassword Block = "PASSWORD_CHANGE_REQUIRED" // the password must be changed first
	BlockFactor   Block = "SECOND_FACTOR_REQUIRED"   // the session has not shown a second factor
)

// Ruling is a decision about one permission with what it rests on.
type Ruling struct {
	Scope   Scope    // how far the permission reaches
	Granted Scope    // how far the grants alone would let it reach
	Block   Block    // why Scope is none although something is granted, or would be; "": nothing
	Reasons []Reason // the grants that speak about the permission, as they were given
}

// Explain is Scope with what it rests on, for a viewer that is a user.
func (v *Viewer) Explain(permission string) Ruling {
	r := Ruling{Block: v.block(permission)}
	r.Granted = judge(v.Grants, permission, v.Clock(), &r.Reasons)
	if r.Block == "" {
		r.Scope = r.Granted
	}
	return r
}

// block says what keeps the viewer from the permission, whatever is granted.
func (v *Viewer) block(permission string) Block {
	switch {
	case v.MustChangePassword:
		return BlockPassword
	case v.Withheld(permission):
		return BlockFactor
	default:
		return ""
	}
}

// With is the viewer of the same person with other grants: who asks what somebody
// would see asks in their place, and never gives the viewer away.
func (v *Viewer) With(grants []Grant) *Viewer {
	return &Viewer{
		UserID: v.UserID, Units: v.Units, Username: v.Username, MustChangePassword: v.MustChangePassword,
		Profiles: v.Profiles, Practitioner: v.Practitioner, Grants: grants, Now: v.Now, AMR: v.AMR, SecondFactor: v.SecondFactor,
	}
}
