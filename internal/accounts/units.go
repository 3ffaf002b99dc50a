package accounts

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// maxDepth is how many units may hang above each other, the root included: every
// sign-in walks the units below its own.
const maxDepth = 10

// NewUnit is what an organizational unit is made of.
type NewUnit struct {
	Name, Description string
	Kind              organizationalunit.Kind
	Timezone          string     // IANA name
	Parent            *uuid.UUID // nil: the root of a tree
}

// CreateUnit makes a unit inside the client's transaction, under an elevated
// context. Errors: BAD_USER_INPUT for a name, a time zone or a tree that would be
// too deep, CONFLICT for a name in use.
func CreateUnit(ctx context.Context, c *ent.Client, n NewUnit) (*ent.OrganizationalUnit, error) {
	name, err := unitName(ctx, c, n.Name, uuid.Nil)
	if err != nil {
		return nil, err
	}
	if err := checkTimezone(n.Timezone); err != nil {
		return nil, err
	}
	if n.Parent != nil {
		if err := fits(ctx, c, uuid.Nil, *n.Parent); err != nil {
			return nil, err
		}
	}
	create := c.OrganizationalUnit.Create().SetName(name).SetKind(n.Kind).SetTimezone(n.Timezone).SetNillableParentID(n.Parent)
	if n.Description != "" {
		create.SetDescription(n.Description)
	}
	made, err := create.Save(ctx)
	if ent.IsConstraintError(err) {
		return nil, errUnitTaken(err)
	}
	if err != nil {
		return nil, fmt.Errorf("make unit: %w", err)
	}
	return made, nil
}

// unitName gives the name as it is kept, and refuses one that another unit has.
// What holds is the unique index.
func unitName(ctx context.Context, c *ent.Client, name string, of uuid.UUID) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > maxName || !utf8.ValidString(name) {
		return "", fault.Invalid("input.name", "A unit's name has 1 to %d bytes.", maxName)
	}
	taken, err := c.OrganizationalUnit.Query().Where(organizationalunit.Name(name), organizationalunit.IDNEQ(of)).Exist(ctx)
	if err != nil {
		return "", fmt.Errorf("look for the unit: %w", err)
	}
	if taken {
		return "", errUnitTaken(nil)
	}
	return name, nil
}

func errUnitTaken(cause error) error {
	return fault.Wrap(fault.CodeConflict, cause, "There is a unit of this name already.")
}

// fits refuses to hang the unit (uuid.Nil: a new one) below itself, or so deep that
// the tree has more than maxDepth levels. The caller holds the lock under which
// units move.
func fits(ctx context.Context, c *ent.Client, unit, parent uuid.UUID) error {
	units, err := c.OrganizationalUnit.Query().Select(organizationalunit.FieldID, organizationalunit.FieldParentID).All(ctx)
	if err != nil {
		return fmt.Errorf("read the tree of units: %w", err)
	}
	above, below := map[uuid.UUID]uuid.UUID{}, map[uuid.UUID][]uuid.UUID{}
	for _, u := range units {
		if u.ParentID != nil {
			above[u.ID] = *u.ParentID
			below[*u.ParentID] = append(below[*u.ParentID], u.ID)
		}
	}
	depth := 0
	for at := parent; at != uuid.Nil; at = above[at] {
		if at == unit {
			return fault.Invalid("input.parentId", "A unit cannot hang below itself.")
		}
		if depth++; depth > maxDepth {
			break
		}
	}
	if depth+height(below, unit, maxDepth) > maxDepth {
		return fault.Invalid("input.parentId", "Units hang at most %d levels deep.", maxDepth)
	}
	return nil
}

// height is how many levels the unit has, itself included; it looks no further
// than most.
func height(below map[uuid.UUID][]uuid.UUID, unit uuid.UUID, most int) int {
	tallest := 0
	if unit != uuid.Nil && most > 0 {
		for _, child := range below[unit] {
			tallest = max(tallest, height(below, child, most-1))
		}
	}
	return 1 + tallest
}

// MayUnit says whether the viewer may do to a unit what the verb
// ("updateOrganizationalUnit") does; to make one is about the unit above it. A nil
// unit is the top. Errors: FORBIDDEN.
func MayUnit(v *access.Viewer, verb string, unit *uuid.UUID) error {
	permission, known := map[string]string{
		"createOrganizationalUnit": access.UnitCreate, "updateOrganizationalUnit": access.UnitUpdate, "deleteOrganizationalUnit": access.UnitDelete,
	}[verb]
	if !known {
		return fault.Forbidden("There is no verb %s about units.", verb)
	}
	if !v.Reaches(permission, false, unit) {
		return fault.Forbidden("Your permission %s does not reach beyond your unit.", permission)
	}
	return nil
}
