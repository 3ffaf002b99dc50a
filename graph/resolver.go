// Package graph is the edge of the graph: resolvers that turn arguments into one
// call each, the door in front of every field, and the form of every error. It
// holds no rule of the clinic, opens no transaction and never meets SQL.
package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/graph/generated"
	"clinicgraph/graph/live"
	"clinicgraph/graph/unmarshal"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
)

// Resolver has what the resolvers call.
type Resolver struct {
	Client     *ent.Client
	Auth       *auth.Service
	Accounts   *accounts.Service
	Customers  *customers.Service
	Scheduling *scheduling.Service
	Orders     *orders.Service
	Rewards    *rewards.Service
	Notices    *notifications.Service
	Security   *audit.Security
	Live       *live.Hub
	Record     *chain.Record
	People     *datakeys.Keys

	// StepUp is how long ago, at most, a caller has proven who they are for what
	// declares @stepUp.
	StepUp time.Duration

	readers unmarshal.Kept
}

var _ generated.ResolverRoot = (*Resolver)(nil)

// Query gives the resolvers of the root type Query.
func (r *Resolver) Query() generated.QueryResolver { return &queryResolver{r} }

// Mutation gives the resolvers of the root type Mutation.
func (r *Resolver) Mutation() generated.MutationResolver { return &mutationResolver{r} }

// KeptReaders implements unmarshal.Keeper.
func (r *Resolver) KeptReaders() *unmarshal.Kept { return &r.readers }

type (
	queryResolver    struct{ *Resolver }
	mutationResolver struct{ *Resolver }
)

// maxNodes bounds what nodes gives at once.
const maxNodes = 100

func (r *queryResolver) Node(ctx context.Context, id uuid.UUID) (ent.Noder, error) {
	return r.Client.Noder(ctx, id, ent.WithNodeType(r.nodeTable))
}

func (r *queryResolver) Nodes(ctx context.Context, ids []uuid.UUID) ([]ent.Noder, error) {
	if len(ids) > maxNodes {
		return nil, fault.Invalid("ids", "At most %d objects can be read at once.", maxNodes)
	}
	return r.Client.Noders(ctx, ids, ent.WithNodeType(r.nodeTable))
}

// nodeTable finds the table of an id by the entity number inside of it, and asks
// the door of that entity: node and nodes are no way around it.
func (r *Resolver) nodeTable(ctx context.Context, id uuid.UUID) (string, error) {
	kind, ok := ids.KindOf(id)
	if !ok {
		return "", fault.Missing()
	}
	table, ok := ent.NodeTable(kind.String())
	if !ok {
		return "", fault.Missing()
	}
	return table, r.pass(ctx, entityDoor(kind.String()))
}

// one gives a single object, or NOT_FOUND for what is missing or not the
// caller's to see.
func one[T any](found *T, err error) (*T, error) {
	if ent.IsNotFound(err) {
		return nil, fault.Missing()
	}
	return found, err
}
