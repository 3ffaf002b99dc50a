package compiled

import (
	"context"
	"fmt"
	"runtime/debug"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/access"
)

// Queryer runs a statement: store.Driver, which refuses what may write.
type Queryer interface {
	Query(ctx context.Context, query string, args, v any) error
}

// Config is what plans are made with.
type Config struct {
	Dialect string // of ent: dialect.Postgres, dialect.SQLite

	// DB answers statements that only read, outside of transactions.
	DB Queryer

	// Rules says which rows of the entity the caller sees: all must hold. From is the
	// entity whose rows, which the caller sees, an edge to one leads from; "": no edge.
	Rules func(ctx context.Context, entity, from string) []func(*sql.Selector)

	// Closed are entities without plans, since their queries pass by what a plan would
	// not.
	Closed map[string]bool

	// Resolved are the fields that are not just a column or an edge ("Customer.notes"),
	// and the root fields that do more than read what they are asked for.
	Resolved map[string]bool

	// Personal are the fields whose readers are on record, each with its bit, and Shown
	// is told of those that an answer shows, as a set of bits, and whose they are.
	Personal map[string]int
	Shown    func(ctx context.Context, fields uint64, whose uuid.UUID) error

	// Bytes bounds what plans take; 0: 32 MiB.
	Bytes int64

	// Panicked is told of a defect; the request goes on without a plan. It may be nil.
	Panicked func(ctx context.Context, thrown any, stack []byte)
}

// Engine is a schema that answers what it has plans for, and hands the rest to the
// schema behind it.
type Engine struct {
	graphql.ExecutableSchema
	schema   *ast.Schema
	dialect  string
	db       Queryer
	rules    func(ctx context.Context, entity, from string) []func(*sql.Selector)
	resolved map[string]bool
	personal map[string]int
	shown    func(ctx context.Context, fields uint64, whose uuid.UUID) error
	panicked func(ctx context.Context, thrown any, stack []byte)

	entities  map[string]*entity
	documents *documentCache
	counts    counts
}

const defaultBytes = 32 << 20

// New puts the engine before the executor next.
func New(next graphql.ExecutableSchema, c Config) *Engine {
	if c.Bytes == 0 {
		c.Bytes = defaultBytes
	}
	return &Engine{
		ExecutableSchema: next, schema: next.Schema(), dialect: c.Dialect, db: c.DB, rules: c.Rules, resolved: c.Resolved,
		personal: c.Personal, shown: c.Shown, panicked: c.Panicked,
		entities: entities(next.Schema(), c.Closed), documents: newDocumentCache(c.Bytes),
	}
}

// Exec implements graphql.ExecutableSchema.
func (e *Engine) Exec(ctx context.Context) graphql.ResponseHandler {
	oc := graphql.GetOperationContext(ctx)
	if oc.Operation.Operation != ast.Query {
		return e.ExecutableSchema.Exec(ctx)
	}
	var next graphql.ResponseHandler
	answered := false
	return func(ctx context.Context) *graphql.Response {
		switch {
		case next != nil:
			return next(ctx)
		case answered:
			return nil
		}
		data, err := e.answer(ctx, oc)
		e.counts.count(err)
		if err == nil {
			answered = true
			return &graphql.Response{Data: data}
		}
		next = e.ExecutableSchema.Exec(ctx)
		return next(ctx)
	}
}

// plan is what a form of a document comes to for callers with the same rules.
type plan struct {
	roots   []root
	doors   []door   // all of them must be open
	narrows []narrow // and these reach far enough
	needs   []door   // of filters and root fields: asked whatever is found
	err     error    // why it is none
	bytes   int64
}

type root struct {
	text  []byte // before it
	level *level // nil: that is all
	chain *chain // nil: each level is a statement of its own
}

// answer gives the data of an operation. Every error means that the executor is asked.
func (e *Engine) answer(ctx context.Context, oc *graphql.OperationContext) (data []byte, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			if e.panicked != nil {
				e.panicked(ctx, thrown, debug.Stack())
			}
			data, err = nil, fmt.Errorf("%w: panic", errDropped)
		}
	}()
	viewer := access.FromContext(ctx)
	if viewer == nil {
		return nil, unplanned("viewer missing")
	}
	b, err := e.plan(ctx, oc, viewer)
	if err != nil {
		return nil, err
	}
	p := b.plan
	if !open(viewer, p.doors) || !open(viewer, p.needs) {
		return nil, unplanned("refused")
	}
	for _, n := range p.narrows {
		if viewer.Scope(n.permission) < viewer.Scope(n.wide) {
			return nil, unplanned("refused for some objects")
		}
	}
	r := &run{ctx: ctx, engine: e, viewer: viewer, variables: oc.Variables, rulings: b.rulings}
	return r.plan(p)
}

// plan runs the statements and writes the answer.
func (r *run) plan(p *plan) ([]byte, error) {
	found := make([]*answer, len(p.roots))
	defer func() {
		for _, a := range found {
			if a != nil {
				a.release()
			}
		}
	}()
	size := 0
	for i, root := range p.roots {
		if root.level == nil {
			continue
		}
		var err error
		if root.chain != nil {
			found[i], err = r.chain(root.chain)
		} else if err = r.check(root.level); err == nil {
			found[i], err = r.level(root.level, nil)
		}
		if err != nil {
			return nil, err
		}
		size += found[i].size()
	}
	b := make([]byte, 0, size+256)
	for i, root := range p.roots {
		b = append(b, root.text...)
		var err error
		switch {
		case root.level == nil:
		case root.level.id != nil:
			b, err = r.object(b, found[i])
		default:
			b, err = r.group(b, found[i], &found[i].whole)
		}
		if err != nil {
			return nil, err
		}
	}
	return append(b, '}'), r.tell(p, found)
}

// tell puts on record what a complete answer shows, and by which permissions.
func (r *run) tell(p *plan, found []*answer) error {
	for _, s := range r.sights {
		if err := r.engine.shown(r.ctx, s.fields, s.whose); err != nil {
			return err
		}
	}
	use(r.viewer, p.needs)
	for _, a := range found {
		if a != nil {
			r.uses(a)
		}
	}
	return nil
}

func (a *answer) size() int {
	n := len(a.text)
	for _, below := range a.below {
		n += below.size()
	}
	return n
}

// plan finds the plan of the operation, or makes it.
func (e *Engine) plan(ctx context.Context, oc *graphql.OperationContext, viewer *access.Viewer) (*bound, error) {
	held := e.documents.get(documentKey{oc.RawQuery, oc.OperationName}, func() *document { return e.read(oc) })
	if held.never != nil {
		return nil, held.never
	}
	var space [128]byte
	key := e.form(space[:0], &held.document, oc.Variables)
	f, freed := held.forms.get(key)
	who := callerOf(ctx, viewer)
	if b := f.known(who); b != nil {
		return b, b.plan.err
	}
	b, added := e.bind(ctx, oc, f, who)
	if added != 0 || freed != 0 {
		e.documents.grown(held, added-freed)
	}
	return b, b.plan.err
}

// bind finds the plan for a caller, by the texts of the rules that bind them.
func (e *Engine) bind(ctx context.Context, oc *graphql.OperationContext, f *form, who caller) (*bound, int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reached != nil {
		rulings := make([]*ruling, len(f.reached))
		for i, on := range f.reached {
			r, err := e.ruled(ctx, on)
			if err != nil {
				return &bound{plan: &plan{err: err}}, 0
			}
			rulings[i] = r
		}
		if p := f.plans[ruleKey(rulings)]; p != nil {
			b := &bound{p, rulings}
			f.remember(who, b)
			return b, 0
		}
	}
	c := &compiler{engine: e, oc: oc, ctx: ctx}
	p := c.compile()
	b := &bound{p, c.rulings}
	if c.reached == nil {
		c.reached = []reached{}
	}
	f.reached = c.reached
	if len(f.plans) >= mostPlans {
		clear(f.plans)
		clear(f.callers)
	}
	f.plans[ruleKey(c.rulings)] = p
	f.remember(who, b)
	f.bytes += p.bytes
	return b, p.bytes
}
