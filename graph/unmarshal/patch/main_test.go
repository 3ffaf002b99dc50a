package main

import (
	"strings"
	"testing"
)

const upstream = `package generated

import (
	"clinicgraph/graph/model"
)

func (e *executableSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	ec := newExecutionContext(opCtx, e, make(chan graphql.DeferredResult))
	inputUnmarshalMap := graphql.BuildUnmarshalerMap(
		ec.unmarshalInputOne,
		ec.unmarshalInputTwo,
	)
	first := true
}
`

const ours = `package generated

import (
	"clinicgraph/graph/model"
	"clinicgraph/graph/unmarshal"
)

func (e *executableSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	ec := newExecutionContext(opCtx, e, make(chan graphql.DeferredResult))
	inputUnmarshalMap := unmarshal.Of(e.Resolvers, func() unmarshal.Readers {
		ec := newExecutionContext(&graphql.OperationContext{}, e, nil)
		return graphql.BuildUnmarshalerMap(
			ec.unmarshalInputOne,
			ec.unmarshalInputTwo,
		)
	})
	first := true
}
`

func TestPatch(t *testing.T) {
	if got, err := patch([]byte(upstream)); err != nil || string(got) != ours {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestATextThatDoesNotFitIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"patched already": ours,
		"twice":           upstream + upstream,
		"without its end": strings.Replace(upstream, "\n\t)\n", "\n", 1),
		"without imports": strings.Replace(upstream, "graph/model", "graph/models", 1),
	} {
		if got, err := patch([]byte(text)); err == nil {
			t.Errorf("%s becomes\n%s", name, got)
		}
	}
}
