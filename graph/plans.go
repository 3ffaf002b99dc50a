package graph

import (
	"context"
	"log/slog"
	"math/bits"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph/compiled"
	"clinicgraph/graph/generated"
	"clinicgraph/internal/guard"
)

// Reads is where compiled reads ask the database; nil leaves every query to the
// executor.
type Reads struct {
	Dialect string
	DB      compiled.Queryer
}

// What stands before the queries of every entity, and a plan replaces: the row rules,
// the notes of what a response reads, and the floor of the access rules.
const (
	knownInterceptors = 2
	knownPolicies     = 1
)

// plans puts compiled reads before the executor. An entity that has more before its
// queries than is known here has no plans: whatever it is would be passed by.
func plans(next graphql.ExecutableSchema, client *ent.Client, on *Reads, log *slog.Logger) *compiled.Engine {
	closed := map[string]bool{}
	for name, shape := range ent.Shapes {
		if client.Interceptors(name) != knownInterceptors || shape.Policies != knownPolicies {
			closed[name] = true
			log.Warn("no compiled reads of an entity with rules that they do not know", slog.String("entity", name))
		}
	}
	return compiled.New(next, compiled.Config{
		Closed:  closed,
		Dialect: on.Dialect, DB: on.DB, Rules: guard.RulesFrom,
		Resolved: resolvedFields(), Personal: personalBit, Shown: shown,
		Panicked: func(ctx context.Context, thrown any, stack []byte) {
			log.ErrorContext(ctx, "compiled read panicked", slog.Any("panic", thrown), slog.String("stack", string(stack)))
		},
	})
}

// resolvedFields are the fields that have a resolver of their own, as gqlgen's root of
// resolvers says: to read their columns would not be the same. Of the root fields all
// that give an object by its id, or pages of objects, read what they are asked for and
// nothing else, which a test holds them to.
func resolvedFields() map[string]bool {
	fields := map[string]bool{}
	root := reflect.TypeFor[generated.ResolverRoot]()
	for i := range root.NumMethod() {
		of := root.Method(i)
		switch of.Name {
		case "Query", "Mutation", "Subscription":
			continue
		}
		resolver := of.Type.Out(0)
		for j := range resolver.NumMethod() {
			name := resolver.Method(j).Name
			fields[of.Name+"."+strings.ToLower(name[:1])+name[1:]] = true
		}
	}
	return fields
}

// shown notes that the personal fields of those bits are shown, of the subject.
func shown(ctx context.Context, fields uint64, subject uuid.UUID) error {
	for ; fields != 0; fields &= fields - 1 {
		if err := sighted(ctx, bits.TrailingZeros64(fields), subject); err != nil {
			return err
		}
	}
	return nil
}
