package compiled

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Explanation is what an operation comes to for the caller in the context.
type Explanation struct {
	Statements []string // of SQL, in the order in which they are sent
	Reason     string   // why there is no plan; "" where there is one
}

// Explain makes the plan of an operation, without running it.
func (e *Engine) Explain(ctx context.Context, oc *graphql.OperationContext) Explanation {
	if d := e.read(oc); d.never != nil {
		return Explanation{Reason: reasonOf(d.never)}
	}
	c := &compiler{engine: e, oc: oc, ctx: ctx}
	p := c.compile()
	if p.err != nil {
		return Explanation{Reason: reasonOf(p.err)}
	}
	var x Explanation
	var add func(l *level)
	add = func(l *level) {
		x.Statements = append(x.Statements, l.text)
		for _, child := range l.children {
			add(child)
		}
	}
	for _, r := range p.roots {
		switch {
		case r.chain != nil:
			x.Statements = append(x.Statements, r.chain.text)
		case r.level != nil:
			add(r.level)
		}
	}
	return x
}

func reasonOf(err error) string {
	if reason, ok := err.(unplannedError); ok {
		return string(reason)
	}
	return err.Error()
}
