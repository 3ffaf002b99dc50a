package accounts

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/internal/fault"
)

// NewUnit is what an organizational unit is made of.
type NewUnit struct {
	Name, Description string
	Kind              organizationalunit.Kind
	Timezone          string     // IANA name
	Parent            *uuid.UUID // nil: the root of a tree
}

// CreateUnit makes a unit inside the client's transaction, under an elevated
// context. Errors: BAD_USER_INPUT for a name or a time zone, CONFLICT for a name
// in use.
func CreateUnit(ctx context.Context, c *ent.Client, n NewUnit) (*ent.OrganizationalUnit, error) {
	name := strings.TrimSpace(n.Name)
	if name == "" || len(name) > maxName {
		return nil, fault.Invalid("input.name", "A unit's name has 1 to %d bytes.", maxName)
	}
	if err := checkTimezone(n.Timezone); err != nil {
		return nil, err
	}
	taken, err := c.OrganizationalUnit.Query().Where(organizationalunit.Name(name)).Exist(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for the unit: %w", err)
	}
	if taken {
		return nil, fault.Conflict("There is a unit of this name already.")
	}
	create := c.OrganizationalUnit.Create().SetName(name).SetKind(n.Kind).SetTimezone(n.Timezone).SetNillableParentID(n.Parent)
	if n.Description != "" {
		create.SetDescription(n.Description)
	}
	made, err := create.Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("make unit: %w", err)
	}
	return made, nil
}
