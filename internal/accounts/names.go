// Package accounts owns users and what they may do: names, units, roles and
// direct permissions, and the rules of who may grant what to whom. It never
// checks a password and never issues a token.
package accounts

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"
	"golang.org/x/text/unicode/norm"

	"clinicgraph/ent"
	"clinicgraph/ent/givenname"
	"clinicgraph/ent/surname"
	"clinicgraph/internal/fault"
)

// maxName is the longest name, in bytes.
const maxName = 200

// NormalName trims a person's name, folds white space and composes it (NFC).
// Errors: BAD_USER_INPUT at path when nothing is left or it is too long.
func NormalName(path, name string) (string, error) {
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	if name == "" || len(name) > maxName {
		return "", fault.Invalid(path, "A name has 1 to %d bytes.", maxName)
	}
	return name, nil
}

// GivenName finds or makes the row of a given name. The context must be elevated.
func GivenName(ctx context.Context, c *ent.Client, path, name string) (*ent.GivenName, error) {
	name, err := NormalName(path, name)
	if err != nil {
		return nil, err
	}
	find := c.GivenName.Query().Where(givenname.FirstName(name))
	row, err := find.Clone().Only(ctx)
	if !ent.IsNotFound(err) {
		return row, err
	}
	err = c.GivenName.Create().SetFirstName(name).
		OnConflict(sql.ConflictColumns(givenname.FieldFirstName), sql.DoNothing()).Exec(ctx)
	if err != nil && !lostRace(err) {
		return nil, fmt.Errorf("make given name: %w", err)
	}
	return find.Only(ctx)
}

// Surname finds or makes the row of a family name. The context must be elevated.
func Surname(ctx context.Context, c *ent.Client, path, name string) (*ent.Surname, error) {
	name, err := NormalName(path, name)
	if err != nil {
		return nil, err
	}
	find := c.Surname.Query().Where(surname.Surname(name))
	row, err := find.Clone().Only(ctx)
	if !ent.IsNotFound(err) {
		return row, err
	}
	err = c.Surname.Create().SetSurname(name).
		OnConflict(sql.ConflictColumns(surname.FieldSurname), sql.DoNothing()).Exec(ctx)
	if err != nil && !lostRace(err) {
		return nil, fmt.Errorf("make family name: %w", err)
	}
	return find.Only(ctx)
}
