package graph

import (
	"context"
	"sync"

	"clinicgraph/graph/generated"
	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// action is a mutation about an object: rule is what its verb asks of the object
// as it is.
type action struct {
	mutation string
	rule     func() error
	// refused says what a refusal of the rule means; nil: PERMISSION where it is
	// FORBIDDEN or NOT_FOUND, and else STATE.
	refused func(error) model.ActionBlock
}

// none are the actions of objects that no mutation is about.
var none = []*model.AllowedAction{}

// mutations are the doors of the mutations, and whether they ask for a fresh
// proof, as the schema says.
var mutations = sync.OnceValue(func() map[string]struct {
	door
	stepUp bool
} {
	all := map[string]struct {
		door
		stepUp bool
	}{}
	for _, f := range generated.NewExecutableSchema(generated.Config{}).Schema().Mutation.Fields {
		m := all[f.Name]
		m.door, _ = doorOf(f.Directives)
		m.stepUp = f.Directives.ForName("stepUp") != nil
		all[f.Name] = m
	}
	return all
})

// allowed says of each action whether it would go through, by what the mutation
// itself asks on its way: the door, who may do it at all, the rule of the verb,
// and the fresh proof, last, since the caller can give that at once. Errors are
// those of reading what a rule needs.
func (r *Resolver) allowed(ctx context.Context, actions ...action) ([]*model.AllowedAction, error) {
	out := make([]*model.AllowedAction, len(actions))
	for i, a := range actions {
		block, err := r.blocked(ctx, a)
		if err != nil && fault.CodeOf(err) == fault.CodeInternal {
			return nil, err
		}
		out[i] = &model.AllowedAction{Name: a.mutation, Allowed: err == nil}
		if f, ok := fault.As(err); ok {
			code := model.ErrorCode(f.Code)
			out[i].BlockedBy, out[i].Code, out[i].Message = &block, &code, &f.Message
		}
	}
	return out, nil
}

func (r *Resolver) blocked(ctx context.Context, a action) (model.ActionBlock, error) {
	v, m := access.FromContext(ctx), mutations()[a.mutation]
	if m.kind == "hasPermission" {
		if err := permits(v, m.door); err != nil {
			if v.Withheld(m.permission) {
				return model.ActionBlockSecondFactor, err
			}
			return model.ActionBlockPermission, err
		}
	}
	if err := inPerson(ctx, a.mutation, m.door); err != nil {
		return model.ActionBlockInPerson, err
	}
	if err := a.rule(); err != nil {
		switch {
		case a.refused != nil:
			return a.refused(err), err
		case fault.CodeOf(err) == fault.CodeForbidden, fault.CodeOf(err) == fault.CodeNotFound:
			return model.ActionBlockPermission, err
		default:
			return model.ActionBlockState, err
		}
	}
	if m.stepUp {
		if err := fresh(ctx, r.StepUp); err != nil {
			return model.ActionBlockStepUp, err
		}
	}
	return "", nil
}
