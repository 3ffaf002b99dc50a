package graph

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/datakeys"
)

// memory keeps what several objects of one response ask for, so that it is read
// once: a hundred sessions of one user ask once what the user holds.
type memory struct {
	mu     sync.Mutex
	kept   map[any]any            // nil: nothing yet
	loaded map[string][]uuid.UUID // what the response has read so far, by kind; nil: nothing

	reads reads
}

type memoryKey struct{}

// remembering gives each response a memory of its own: what one event of a
// subscription has read is old for the next.
func remembering(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	ctx = context.WithValue(ctx, memoryKey{}, &memory{})
	return next(access.Near(ctx)) // the doors ask for the viewer at each field
}

// remember gives what read finds, which runs once for a key and response. In a
// mutation nothing is remembered: what one root field has changed the next must
// not know from before.
func remember[T any](ctx context.Context, key any, read func() (T, error)) (T, error) {
	m := memoryOf(ctx)
	if m == nil {
		return read()
	}
	m.mu.Lock()
	once, known := m.kept[key].(func() (T, error))
	if !known {
		once = sync.OnceValues(read)
		m.keep(key, once)
	}
	m.mu.Unlock()
	return once()
}

// keep remembers something. The lock is held.
func (m *memory) keep(key, value any) {
	if m.kept == nil {
		m.kept = map[any]any{}
	}
	m.kept[key] = value
}

func memoryOf(ctx context.Context) *memory {
	m, ok := ctx.Value(memoryKey{}).(*memory)
	if !ok || graphql.GetOperationContext(ctx).Operation.Operation == "mutation" {
		return nil
	}
	return m
}

// The kinds of what is noted. Owners are the users whose sessions and tokens were
// read, actors those whom the log of sessions speaks of, people those whose data were
// read sealed, and logged, with an entity behind it, what they are of.
const (
	kindOwner  = "owner"
	kindActor  = "actor"
	kindPerson = "person"
	kindLogged = "logged "
	together   = 100 // ids of one statement
)

// Notes has each response note the objects that it reads, so that what a rule must
// know of others can be read for a page at once. It notes ids and nothing more.
func Notes() ent.Interceptor {
	return ent.InterceptFunc(func(next ent.Querier) ent.Querier {
		return ent.QuerierFunc(func(ctx context.Context, q ent.Query) (ent.Value, error) {
			value, err := next.Query(ctx, q)
			if m, ok := ctx.Value(memoryKey{}).(*memory); ok && err == nil {
				m.note(value)
			}
			return value, err
		})
	})
}

func (m *memory) note(value ent.Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.loaded == nil {
		m.loaded = map[string][]uuid.UUID{}
	}
	switch rows := value.(type) {
	case []*ent.User:
		for _, u := range rows {
			m.loaded[ent.TypeUser] = append(m.loaded[ent.TypeUser], u.ID)
		}
	case []*ent.UserSession:
		for _, s := range rows {
			m.loaded[kindOwner] = append(m.loaded[kindOwner], s.UserID)
		}
	case []*ent.SessionLog:
		for _, l := range rows {
			m.loaded[kindActor] = append(m.loaded[kindActor], l.UserID)
		}
	case []*ent.OperationLog:
		for _, l := range rows {
			people := slices.AppendSeq(slices.Collect(maps.Values(audit.Sealed(l.EntityType, l.OldValues))), maps.Values(audit.Sealed(l.EntityType, l.NewValues)))
			if len(people) > 0 {
				m.loaded[kindPerson] = append(m.loaded[kindPerson], people...)
				m.loaded[kindLogged+l.EntityType] = append(m.loaded[kindLogged+l.EntityType], l.EntityID)
			}
		}
	case []*ent.ApiToken:
		for _, t := range rows {
			m.loaded[kindOwner] = append(m.loaded[kindOwner], t.UserID)
		}
	case []*ent.Booking:
		for _, b := range rows {
			m.loaded[ent.TypeBooking] = append(m.loaded[ent.TypeBooking], b.ID)
		}
	case []*ent.Customer:
		for _, c := range rows {
			m.loaded[ent.TypeCustomer] = append(m.loaded[ent.TypeCustomer], c.ID)
			m.person(c.Notes)
		}
	case []*ent.Appointment:
		for _, a := range rows {
			m.loaded[ent.TypeAppointment] = append(m.loaded[ent.TypeAppointment], a.ID)
			m.person(a.Notes)
		}
	}
}

// person notes whose a text is, if it is sealed.
func (m *memory) person(text *string) {
	if text == nil {
		return
	}
	if person, sealed := datakeys.Whose(*text); sealed {
		m.loaded[kindPerson] = append(m.loaded[kindPerson], person)
	}
}

// batch is what was found for many ids.
type batch[T any] struct {
	mu    sync.Mutex
	found map[uuid.UUID]T
	err   error
}

// of gives what read finds for the id. It is read for as many others of the kinds
// as the response has loaded by then, together in one statement: whatever a page
// shows is loaded before the first of its rows asks. What is not found is T's zero.
func of[T any](ctx context.Context, key any, id uuid.UUID, kinds []string, read func(ids []uuid.UUID) (map[uuid.UUID]T, error)) (T, error) {
	m := memoryOf(ctx)
	if m == nil {
		found, err := read([]uuid.UUID{id})
		return found[id], err
	}
	m.mu.Lock()
	b, known := m.kept[key].(*batch[T])
	if !known {
		b = &batch[T]{found: map[uuid.UUID]T{}}
		m.keep(key, b)
	}
	m.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if value, known := b.found[id]; known || b.err != nil {
		return value, b.err
	}
	ids := m.with(id, kinds, func(other uuid.UUID) bool { _, known := b.found[other]; return known })
	found, err := read(ids)
	if err != nil {
		b.err = err
		var none T
		return none, err
	}
	for _, other := range ids {
		b.found[other] = found[other]
	}
	return b.found[id], nil
}

// with gives the id and others of the kinds that are not known yet.
func (m *memory) with(id uuid.UUID, kinds []string, known func(uuid.UUID) bool) []uuid.UUID {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := []uuid.UUID{id}
	for _, kind := range kinds {
		for _, other := range slices.Backward(m.loaded[kind]) { // those of this page came last
			if len(ids) == together {
				return ids
			}
			if !known(other) && !slices.Contains(ids, other) {
				ids = append(ids, other)
			}
		}
	}
	return ids
}
