package house_test

import (
	"slices"
	"strings"
	"testing"

	"clinicgraph/ent"
)

// behindTheTypesDoor lists the personal fields that the permission of their type
// opens, and why that is enough.
var behindTheTypesDoor = map[string]string{
	"User.email":                 "what an account is found and told by: whoever may see accounts administers them",
	"GivenName.firstName":        "shown where somebody who bears it is",
	"Surname.surname":            "shown where somebody who bears it is",
	"AccessReviewItem.username":  "who holds the grant that is reviewed",
	"ApiToken.lastUsedIp":        "of the log that the permission is for",
	"AuditLog.ipAddress":         "of the log that the permission is for",
	"OperationLog.ipAddress":     "of the log that the permission is for",
	"SessionLog.ipAddress":       "of the log that the permission is for",
	"RefreshToken.ipAddress":     "where an account is signed in is what the permission shows",
	"UserSession.lastIpAddress":  "where an account is signed in is what the permission shows",
	"RateLimitLog.key":           "who is blocked is what the permission shows",
	"UserSession.ipAddress":      "where an account is signed in is what the permission shows",
	"BlacklistedToken.ipAddress": "of the log that the permission is for",
}

// TestEveryPersonalFieldHasAPermissionOfItsOwn: or is listed above, with the reason.
func TestEveryPersonalFieldHasAPermissionOfItsOwn(t *testing.T) {
	schema, seen := published(t), map[string]bool{}
	for entity, meta := range ent.Meta {
		def := schema.Types[entity]
		if def == nil {
			continue
		}
		for column := range meta.Personal {
			field := def.Fields.ForName(graphName(column))
			if field == nil {
				continue // not shown
			}
			name := entity + "." + field.Name
			seen[name] = true
			own := slices.Contains(doors(field.Directives), "hasPermission")
			if listed := behindTheTypesDoor[name] != ""; own == listed {
				t.Errorf("%s: permission of its own %t, listed as behind that of its type %t", name, own, listed)
			}
			if own && field.Type.NonNull {
				t.Errorf("%s is not nullable: a refusal would take more than the field", name)
			}
		}
	}
	for name := range behindTheTypesDoor {
		if !seen[name] {
			t.Errorf("%s is listed, and no personal field that is shown", name)
		}
	}
}

// TestNobodyFiltersOrOrdersByAFieldOfItsOwnPermission: a filter asks the permission
// and not the object, so it would tell of rows that the permission does not reach.
func TestNobodyFiltersOrOrdersByAFieldOfItsOwnPermission(t *testing.T) {
	schema := published(t)
	for entity := range ent.Meta {
		def := schema.Types[entity]
		if def == nil {
			continue
		}
		for _, f := range def.Fields {
			if target := schema.Types[f.Type.Name()]; !slices.Contains(doors(f.Directives), "hasPermission") || target.Kind == "OBJECT" {
				continue
			}
			if where := schema.Types[entity+"WhereInput"]; where != nil {
				for _, by := range where.Fields {
					if strings.HasPrefix(by.Name, f.Name) {
						t.Errorf("%s can be filtered by %s", entity, by.Name)
					}
				}
			}
			if order := schema.Types[entity+"OrderField"]; order != nil {
				for _, by := range order.EnumValues {
					if graphName(strings.ToLower(by.Name)) == f.Name {
						t.Errorf("%s can be ordered by %s", entity, by.Name)
					}
				}
			}
		}
	}
}

// graphName is how the graph spells a column.
func graphName(column string) string {
	words := strings.Split(column, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
