package graph

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

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
	number     access.Number // of the permission
}

// needs is the door of a permission.
func needs(permission string) door {
	return door{"hasPermission", permission, access.NumberOf(permission)}
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
			var d door
			field := graphFields().of(graphql.GetFieldContext(ctx))
			if field != nil && field.permission == permission {
				d = field.door
			} else {
				d = needs(permission)
			}
			if err := r.pass(ctx, d); err != nil {
				return nil, err
			}
			if field == nil {
				return next(ctx)
			}
			if err := r.covered(ctx, field, obj, permission); err != nil {
				r.refused(ctx, d, err)
				return nil, err
			}
			if err := note(ctx, field, obj); err != nil {
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
		return permits(v, d)
	default:
		return fault.Forbidden("This is closed.")
	}
}

// permits refuses a viewer without the permission. Errors: FORBIDDEN.
func permits(v *access.Viewer, d door) error {
	switch {
	case v.PassNumber(d.number, d.permission):
		return nil
	case v.Withheld(d.permission):
		return fault.Forbidden("The permission %s works with a second factor only. Enrol one (enrolTotp, beginPasskeyRegistration), or give yours (reauthenticate).", d.permission)
	default:
		return fault.Forbidden("This needs the permission %s.", d.permission)
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
		return fc.Parent != nil && fc.Parent.Object == "Viewer" && access.FromContext(ctx).TokenID == uuid.Nil && graphFields().ownDoor(fc)
	default:
		return false
	}
}

// entityDoor is the door of an entity, as its schema says.
func entityDoor(name string) door {
	meta := ent.Meta[name]
	return door{meta.Door, meta.Permission, access.NumberOf(meta.Permission)}
}

// guardFields is the field middleware behind the directives: it refuses a field
// that nobody has declared, asks the door of a connection's type, refuses
// introspection where it is off, and puts on record what a verb behind the door
// refuses. It runs for each field of each row, so that what inherits its door
// costs one look.
func (r *Resolver) guardFields(all *declarations) graphql.FieldMiddleware {
	return func(ctx context.Context, next graphql.Resolver) (any, error) {
		fc := graphql.GetFieldContext(ctx)
		d := all.of(fc)
		if d != nil && d.silent {
			return next(ctx)
		}
		return r.guard(ctx, fc, d, next)
	}
}

// guard is guardFields for a field that it has something to do about; d is nil
// where nobody has declared it.
func (r *Resolver) guard(ctx context.Context, fc *graphql.FieldContext, d *declaration, next graphql.Resolver) (any, error) {
	if d == nil && !strings.HasPrefix(fc.Object, "__") {
		return nil, fmt.Errorf("graph: %s.%s declares nobody who may call it", fc.Object, fc.Field.Name)
	}
	if d != nil && d.door != inherited {
		if err := r.pass(ctx, d.door); err != nil {
			return nil, err
		}
	}
	if fc.Object == "Query" && strings.HasPrefix(fc.Field.Name, "__") && graphql.GetOperationContext(ctx).DisableIntrospection {
		return nil, fault.Forbidden("Introspection is off.")
	}
	if fc.Object != "Mutation" {
		return next(ctx)
	}
	if err := inPerson(ctx, fc.Field.Name, d.door); err != nil {
		r.refused(ctx, d.door, err)
		return nil, err
	}
	result, err := next(ctx)
	if fault.CodeOf(err) == fault.CodeForbidden {
		r.refused(ctx, d.door, err)
	}
	return result, err
}

// refusals remembers what one operation has put on record already: a list of a
// hundred rows with a forbidden field is one refusal.
type refusals struct {
	mu   sync.Mutex
	told map[string]bool // nil: nothing yet
}

// refused puts a refusal on record, once for each field and permission of an
// operation.
func (r *Resolver) refused(ctx context.Context, d door, err error) {
	fc := graphql.GetFieldContext(ctx)
	field := fc.Object + "." + fc.Field.Name
	if run := runningOf(ctx); run != nil {
		refused := &run.refusals
		refused.mu.Lock()
		defer refused.mu.Unlock()
		if refused.told[field+d.permission] {
			return
		}
		if refused.told == nil {
			refused.told = map[string]bool{}
		}
		refused.told[field+d.permission] = true
	}
	r.Security.Record(ctx, audit.Event{Name: audit.EventAccessDenied, Resource: field, Permission: d.permission, Err: err})
}
