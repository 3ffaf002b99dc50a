package accounts

import (
	"fmt"
	"slices"
	"time"

	"clinicgraph/internal/access"
)

// Lack is something without which a permission does not work.
type Lack struct {
	Code    LackCode
	Message string
}

// LackCode is a value of the published enum PermissionLackCode.
type LackCode string

// The codes. Those of blocks have the names of the blocks.
const (
	LackDenied LackCode = "DENIED"
	LackGrant  LackCode = "NOT_GRANTED"
	LackBegun  LackCode = "NOT_YET_VALID"
	LackValid  LackCode = "EXPIRED"
	LackRole   LackCode = "ROLE_INACTIVE"
	LackSight  LackCode = "OBJECT_NOT_SHOWN"
	LackReach  LackCode = "OUT_OF_SCOPE"
)

var blockMessages = map[access.Block]string{
	access.BlockDeleted:  "The account is deleted.",
	access.BlockClosed:   "The account is closed: nobody signs in to it.",
	access.BlockLocked:   "The account is locked: nobody signs in to it until somebody unlocks it.",
	access.BlockPassword: "The password must be changed before anything else.",
	access.BlockFactor:   "The permission works only in a session that has shown a second factor.",
}

// Missing lists what stands in the way, the account first; nothing where the
// permission works, and covers the object that was asked about.
func (e *Explanation) Missing() []Lack {
	var lacks []Lack
	for _, b := range []access.Block{e.Shut, e.Block} {
		if b != "" {
			lacks = append(lacks, Lack{LackCode(b), blockMessages[b]})
		}
	}
	lacks = append(lacks, e.ungranted()...)
	if o := e.Object; o != nil {
		switch {
		case !o.Shown:
			lacks = append(lacks, Lack{LackSight, "The rows that the user sees do not have this object."})
		case e.Granted != access.ScopeNone && o.Relation > e.Granted:
			lacks = append(lacks, Lack{LackReach, fmt.Sprintf("The permission is granted for %s; this object needs %s.", e.Granted, o.Relation)})
		}
	}
	return lacks
}

// ungranted says why the rows give nothing.
func (e *Explanation) ungranted() (lacks []Lack) {
	if e.Granted != access.ScopeNone {
		return nil
	}
	allowed := false
	for _, r := range e.Rows {
		switch {
		case !r.Allowed && r.Standing == access.Decides:
			lacks = append(lacks, Lack{LackDenied, fmt.Sprintf("A denial of %s beats whatever else is granted%s.", r.Permission, until(r.ExpiresAt))})
		case !r.Allowed:
		case r.Standing == access.Pending:
			lacks, allowed = append(lacks, Lack{LackBegun, fmt.Sprintf("%s begins at %s.", r.origin(), r.ValidFrom.UTC().Format(time.RFC3339))}), true
		case r.Standing == access.Expired:
			lacks, allowed = append(lacks, Lack{LackValid, fmt.Sprintf("%s ended at %s.", r.origin(), r.ExpiresAt.UTC().Format(time.RFC3339))}), true
		case r.Standing == access.Suspended:
			lacks, allowed = append(lacks, Lack{LackRole, fmt.Sprintf("The role %s is inactive.", r.Role)}), true
		default:
			allowed = true
		}
	}
	if !allowed {
		lacks = append(lacks, Lack{LackGrant, fmt.Sprintf("No role of the user and no direct permission gives %s.", e.Permission)})
	}
	return slices.CompactFunc(lacks, func(a, b Lack) bool { return a == b })
}

// origin names where a row comes from, for people.
func (r Row) origin() string {
	if r.Source == access.SourceRole {
		return fmt.Sprintf("The role %s, which gives %s,", r.Role, r.Permission)
	}
	if r.Source == access.SourceEmergency {
		return fmt.Sprintf("The emergency access to %s", r.Permission)
	}
	return fmt.Sprintf("The direct permission %s", r.Permission)
}

func until(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return " until " + end.UTC().Format(time.RFC3339)
}
