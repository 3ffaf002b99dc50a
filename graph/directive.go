package graph

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

// door says who may come in: the declaration of a field or a type.
type door struct {
	kind       string // public, authenticated, hasPermission
	permission string
}

// directives are what gqlgen runs where the schema says so: on a field, and on
// each field that gives a type with a directive. They ask the viewer's snapshot
// and never a database.
func (r *Resolver) directives() generated.DirectiveRoot {
	through := func(d door) func(context.Context, any, graphql.Resolver) (any, error) {
		return func(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
			if err := r.pass(ctx, d); err != nil {
				return nil, err
			}
			return next(ctx)
		}
	}
	return generated.DirectiveRoot{
		Public:        through(door{kind: "public"}),
		Authenticated: through(door{kind: "authenticated"}),
		StepUp: func(ctx context.Context, _ any, next graphql.Resolver) (any, error) {
			if err := fresh(ctx, r.StepUp); err != nil {
				return nil, err
			}
			return next(ctx)
		},
		HasPermission: func(ctx context.Context, obj any, next graphql.Resolver, permission string) (any, error) {
			d := door{"hasPermission", permission}
			if err := r.pass(ctx, d); err != nil {
				return nil, err
			}
			if err := r.covered(ctx, obj, permission); err != nil {
				r.refused(ctx, d, err)
				return nil, err
			}
			if err := note(ctx, obj); err != nil {
				return nil, err
			}
			return next(ctx)
		},
	}
}

// pass is enter with the refusal put on record.
func (r *Resolver) pass(ctx context.Context, d door) error {
	err := enter(ctx, d)
	if err != nil {
		r.refused(ctx, d, err)
	}
	return err
}

// enter answers whether the viewer may come through the door. Errors:
// UNAUTHENTICATED, PASSWORD_CHANGE_REQUIRED, FORBIDDEN.
func enter(ctx context.Context, d door) error {
	v := access.FromContext(ctx)
	switch {
	case d.kind == "public":
		return nil
	case v == nil || v.Anonymous():
		return fault.New(fault.CodeUnauthenticated, "Please sign in.")
	case v.MustChangePassword && !stillOpen(ctx):
		return fault.New(fault.CodePasswordChangeRequired, "Please change your password first (changePassword).")
	case d.kind == "authenticated" || ownAccount(ctx):
		return nil
	case d.kind == "hasPermission":
		return permits(v, d.permission)
	default:
		return fault.Forbidden("This is closed.")
	}
}

// permits refuses a viewer without the permission. Errors: FORBIDDEN.
func permits(v *access.Viewer, permission string) error {
	switch {
	case v.Pass(permission):
		return nil
	case v.Withheld(permission):
		return fault.Forbidden("The permission %s works with a second factor only. Enrol one (enrolTotp, beginPasskeyRegistration), or give yours (reauthenticate).", permission)
	default:
		return fault.Forbidden("This needs the permission %s.", permission)
	}
}

// stillOpen says whether the field is one of those that remain open to a user who
// must change the password.
func stillOpen(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return false
	}
	switch fc.Object + "." + fc.Field.Name {
	case "Query.viewer", "Mutation.changePassword", "Mutation.logout", "SessionPayload.viewer":
		return true
	default:
		return fc.Object == "Viewer"
	}
}

// ownAccount says whether the field gives what is the caller's own by
// construction, for which nobody needs a permission: without it one refusal would
// null the viewer. The resolver leaves out what the caller may not see.
func ownAccount(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	if fc == nil {
		return false
	}
	switch fc.Object {
	case "Viewer", "EnrolTotpPayload", "ConfirmAuthenticatorPayload", "RenameAuthenticatorPayload":
		return true
	case "User": // the fields of viewer.user; a program sees what its scopes let it see
		return fc.Parent != nil && fc.Parent.Object == "Viewer" && access.FromContext(ctx).TokenID == uuid.Nil && fieldDoors()["User."+fc.Field.Name]
	default:
		return false
	}
}

// entityDoor is the door of an entity, as its schema says.
func entityDoor(name string) door {
	meta := ent.Meta[name]
	return door{meta.Door, meta.Permission}
}

// declarations says for each field of the schema ("Customer.bookings") which
// door stands in front of it that gqlgen does not run by itself. A field that is
// not among them has no declaration, and is closed.
type declarations map[string]door

// inherited is the door of a field below one that has asked already: connections,
// edges, payloads, page info, and the plain fields of a type.
var inherited = door{kind: "public"}

// declare reads the declarations off the schema.
func declare(schema *ast.Schema) declarations {
	all := declarations{}
	for _, def := range schema.Types {
		if def.Kind != ast.Object || strings.HasPrefix(def.Name, "__") {
			continue
		}
		root := def == schema.Query || def == schema.Mutation || def == schema.Subscription
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				all[def.Name+"."+f.Name] = inherited
				continue
			}
			if d, ok := declared(schema, f, root); ok {
				all[def.Name+"."+f.Name] = d
			}
		}
	}
	return all
}

// declared finds the door of one field that gqlgen does not run by itself. It
// runs those of the field and of the type that the field gives; a connection is a
// type without one, so that here the door of what it pages through is asked: a
// caller who may not read that type gets a refusal and not an empty list.
func declared(schema *ast.Schema, f *ast.FieldDefinition, root bool) (door, bool) {
	target := schema.Types[f.Type.Name()]
	own, hasOwn := doorOf(f.Directives)
	if target == nil || target.Kind != ast.Object {
		if hasOwn {
			return own, true
		}
		return inherited, !root
	}
	if node, ok := strings.CutSuffix(target.Name, "Connection"); ok && schema.Types[node] != nil && schema.Types[node].Kind == ast.Object {
		return doorOf(schema.Types[node].Directives)
	}
	if hasOwn {
		return own, true
	}
	if d, ok := doorOf(target.Directives); ok {
		return d, !root
	}
	return inherited, !root && inherits(target.Name)
}

// inherits names the types without a door of their own: what leads to them has
// asked.
func inherits(name string) bool {
	return name == "PageInfo" || name == "Money" || strings.HasSuffix(name, "Edge") || strings.HasSuffix(name, "Payload")
}

func doorOf(directives ast.DirectiveList) (door, bool) {
	for _, kind := range []string{"public", "authenticated"} {
		if directives.ForName(kind) != nil {
			return door{kind: kind}, true
		}
	}
	if d := directives.ForName("hasPermission"); d != nil {
		return door{"hasPermission", d.Arguments.ForName("permission").Value.Raw}, true
	}
	return door{}, false
}

// guardFields is the field middleware behind the directives: it refuses a field
// that nobody has declared, asks the door of a connection's type, refuses
// introspection where it is off, and puts on record what a verb behind the door
// refuses.
func (r *Resolver) guardFields(all declarations) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		fc := graphql.GetFieldContext(ctx)
		d, ok := all[fc.Object+"."+fc.Field.Name]
		if !ok && !strings.HasPrefix(fc.Object, "__") {
			return nil, fmt.Errorf("graph: %s.%s declares nobody who may call it", fc.Object, fc.Field.Name)
		}
		if ok && d != inherited {
			if err := r.pass(ctx, d); err != nil {
				return nil, err
			}
		}
		if fc.Object == "Query" && strings.HasPrefix(fc.Field.Name, "__") && graphql.GetOperationContext(ctx).DisableIntrospection {
			return nil, fault.Forbidden("Introspection is off.")
		}
		if fc.Object == "Mutation" {
			if err := inPerson(ctx, fc.Field.Name, d); err != nil {
				r.refused(ctx, d, err)
				return nil, err
			}
		}
		result, err := next(ctx)
		if fc.Object == "Mutation" && fault.CodeOf(err) == fault.CodeForbidden {
			r.refused(ctx, d, err)
		}
		return result, err
	}
}

// refusals remembers what one operation has put on record already: a list of a
// hundred rows with a forbidden field is one refusal.
type refusals struct {
	mu   sync.Mutex
	told map[string]bool
}

type refusalsKey struct{}

// refused puts a refusal on record, once for each field and permission of an
// operation.
func (r *Resolver) refused(ctx context.Context, d door, err error) {
	fc := graphql.GetFieldContext(ctx)
	field := fc.Object + "." + fc.Field.Name
	if told, ok := ctx.Value(refusalsKey{}).(*refusals); ok {
		told.mu.Lock()
		defer told.mu.Unlock()
		if told.told[field+d.permission] {
			return
		}
		told.told[field+d.permission] = true
	}
	r.Security.Record(ctx, audit.Event{Name: audit.EventAccessDenied, Resource: field, Permission: d.permission, Err: err})
}
