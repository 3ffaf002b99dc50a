package accounts

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

const (
	// freshFor is how long an authority that was read is good: what another server
	// changes counts here within that time, whether this one is told or not.
	freshFor = time.Second
	// mostHeld bounds the memory: about 20 KiB each for an administrator.
	mostHeld = 10_000
)

// Authorities keeps for a second who the users of this server are to the rules, so
// that a page that asks ten things at once has its rights read once. What this
// server changes counts from the commit on: Hook forgets it. It may be used at
// once from everywhere.
type Authorities struct {
	Client *ent.Client
	Uses   *Uses // nil: nobody notes what is used

	mu      sync.Mutex
	changes uint64 // of what authorities rest on, on this server
	held    map[uuid.UUID]heldAuthority
}

type heldAuthority struct {
	*Authority
	read time.Time // when reading it began, by the machine's clock: this measures an age
}

// Of gives the authority of the user, at most a second old. A user who is not
// there is ent's NotFoundError; other errors are those of the database.
func (a *Authorities) Of(ctx context.Context, id uuid.UUID) (*Authority, error) {
	a.mu.Lock()
	h, ok := a.held[id]
	a.mu.Unlock()
	if ok && time.Since(h.read) < freshFor {
		return h.Authority, nil
	}
	return a.Read(ctx, id)
}

// Read is Of, but asks the database now.
func (a *Authorities) Read(ctx context.Context, id uuid.UUID) (*Authority, error) {
	a.mu.Lock()
	changes, began := a.changes, time.Now()
	a.mu.Unlock()
	system := access.System(ctx, "authority")
	u, err := a.Client.User.Query().Where(user.ID(id)).Only(system)
	if err != nil {
		return nil, fmt.Errorf("load account: %w", err)
	}
	read, err := readAuthority(system, a.Client, u)
	if err != nil {
		return nil, err
	}
	read.effective, read.uses = access.Evaluate(read.grants, began), a.Uses.of(id)
	a.mu.Lock()
	defer a.mu.Unlock()
	// What changed while it was read may be missing in it: who asked before the
	// change gets it, and nobody else.
	if a.changes == changes {
		a.hold(id, heldAuthority{read, began})
	}
	return read, nil
}

// hold keeps an authority, and lets go of old ones when there are too many. The
// lock is held.
func (a *Authorities) hold(id uuid.UUID, h heldAuthority) {
	if a.held == nil || len(a.held) >= mostHeld {
		kept := make(map[uuid.UUID]heldAuthority)
		for id, old := range a.held {
			if len(kept) < mostHeld/2 && time.Since(old.read) < freshFor {
				kept[id] = old
			}
		}
		a.held = kept
	}
	a.held[id] = h
}

// forget lets go of what is held of the user; nil: of everybody.
func (a *Authorities) forget(id *uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.changes++
	if id == nil {
		a.held = nil
	} else {
		delete(a.held, *id)
	}
}

// Hook forgets what a change touches once its transaction has committed, before
// the commit returns, so that whoever made it, and everybody after, is judged by
// it. Where nobody knows whether it has committed it is forgotten as well.
func (a *Authorities) Hook() ent.Hook {
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			value, err := next.Mutate(ctx, m)
			if err != nil {
				return value, err
			}
			whose, rests := touched(m, value)
			if !rests {
				return value, nil
			}
			if err := store.AfterCommit(m, func() { a.forget(whose) }); err != nil {
				return nil, fmt.Errorf("authorities: %s of %s: %w", m.Op(), m.Type(), err)
			}
			return value, nil
		})
	}
}

// touched says whether authorities rest on what the mutation changed, and whose;
// nil is anybody's.
func touched(m ent.Mutation, value ent.Value) (whose *uuid.UUID, rests bool) {
	switch m.Type() {
	case ent.TypeUser:
		if u, ok := value.(*ent.User); ok {
			return &u.ID, true
		}
		return nil, true
	case ent.TypeUserRole:
		if r, ok := value.(*ent.UserRole); ok {
			return &r.UserID, true
		}
		return nil, true
	case ent.TypeUserPermission:
		if p, ok := value.(*ent.UserPermission); ok {
			return &p.UserID, true
		}
		return nil, true
	case ent.TypeCustomer:
		c, ok := value.(*ent.Customer)
		if _, moved := m.Field("account_id"); ok && (m.Op().Is(ent.OpCreate) || !moved && !m.FieldCleared("account_id")) {
			return c.AccountID, c.AccountID != nil
		}
		return nil, true
	case ent.TypeRole, ent.TypeRolePermission, ent.TypePractitionerProfile, ent.TypeOrganizationalUnit:
		return nil, true
	default:
		return nil, false
	}
}
