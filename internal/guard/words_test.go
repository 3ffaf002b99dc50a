package guard

import (
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
)

// TestTheWordsSayWhatTheRulesDo: each entity behind a permission is listed with the
// permission that opens its rows, at the scopes that narrow them, and no other.
func TestTheWordsSayWhatTheRulesDo(t *testing.T) {
	listed := map[string]bool{}
	for _, w := range InWords() {
		if listed[w.Entity] {
			t.Errorf("%s is listed twice", w.Entity)
		}
		listed[w.Entity] = true
		if meta := ent.Meta[w.Entity]; meta.Permission != w.Permission {
			t.Errorf("%s: the words name %s, its door asks %s", w.Entity, w.Permission, meta.Permission)
		}
		for scope, narrows := range map[access.Scope]bool{access.ScopeOwn: w.Own != "", access.ScopeUnit: w.Unit != "", access.ScopeAny: false} {
			v := &access.Viewer{UserID: uuid.New(), Units: []uuid.UUID{uuid.New()}, Grants: []access.Grant{{Permission: w.Permission, Scope: scope, Allowed: true}}}
			if got := visible(v, w.Entity) != nil; got != narrows {
				t.Errorf("%s at %s: narrowed %t, in words %t", w.Entity, scope, got, narrows)
			}
		}
		for _, other := range access.Registry() {
			v := &access.Viewer{UserID: uuid.New(), Grants: []access.Grant{{Permission: other.Name, Scope: access.ScopeAny, Allowed: true}}}
			if opens := visible(v, w.Entity) == nil; opens != (other.Name == w.Permission) {
				t.Errorf("%s: %s opens all rows %t", w.Entity, other.Name, opens)
			}
		}
	}
	for entity, meta := range ent.Meta {
		if meta.Permission != "" && !listed[entity] {
			t.Errorf("%s is not in the words", entity)
		}
	}
}

// TestAPermissionIsWholeWhereNoRuleAsksItsScope: what the registry says of scopes is
// what the rules of the rows do.
func TestAPermissionIsWholeWhereNoRuleAsksItsScope(t *testing.T) {
	narrows, reads := map[string]bool{}, map[string]bool{}
	for _, w := range InWords() {
		reads[w.Permission] = true
		narrows[w.Permission] = narrows[w.Permission] || w.Own != "" || w.Unit != ""
	}
	for _, p := range access.Registry() {
		if reads[p.Name] && p.Whole == narrows[p.Name] {
			t.Errorf("%s: whole %t, and its scope narrows rows %t", p.Name, p.Whole, narrows[p.Name])
		}
	}
}

// TestNoRowIsShownToWhoHoldsNothing walks all entities, as somebody who is signed in
// and holds no permission: no row passes any rule, but what the words on the page say
// is for everybody. Nobody at all passes none.
func TestNoRowIsShownToWhoHoldsNothing(t *testing.T) {
	somebody := &access.Viewer{UserID: uuid.New(), Units: []uuid.UUID{uuid.New()}, Profiles: []uuid.UUID{uuid.New()}, Practitioner: true}
	for entity := range ent.Meta {
		for who, v := range map[string]*access.Viewer{"somebody": somebody, "nobody": {}} {
			rule, where := visible(v, entity), "no rule"
			if rule != nil {
				s := sql.Dialect(dialect.Postgres).Select("id").From(sql.Table("rows"))
				rule(s)
				query, args := s.Query()
				_, where, _ = strings.Cut(query, " WHERE ")
				where = fmt.Sprint(where, args)
			}
			closed := where == "FALSE[]"
			switch entity {
			case ent.TypeSex:
				closed = closed == (who == "nobody")
			case ent.TypeNotification: // one's own
				closed = where == fmt.Sprintf(`"rows"."user_id" = $1[%s]`, v.UserID)
			case ent.TypeGivenName, ent.TypeSurname: // those of nobody
				closed = strings.Count(where, "EXISTS")+strings.Count(where, " IN (") == 2 && strings.Count(where, "FALSE") == 2
			}
			if !closed {
				t.Errorf("%s of %s: %s", entity, who, where)
			}
		}
	}
}
