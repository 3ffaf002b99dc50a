package audit

import (
	"context"

	"github.com/google/uuid"

	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/access"
)

// cause is who acts and by which request: what both logs say of all that they tell, in
// columns of the same names.
type cause struct {
	user, actingFor                          uuid.NullUUID
	actor, ip, userAgent, request, operation string
}

func causeOf(ctx context.Context) cause {
	v, r := access.FromContext(ctx), access.RequestOf(ctx)
	c := cause{actor: v.Actor(), ip: r.IP, userAgent: Clip(r.UserAgent), request: r.ID, operation: Clip(r.Operation)}
	if who := v.Who(); who != uuid.Nil {
		c.user = uuid.NullUUID{UUID: who, Valid: true}
	}
	if v.Impersonator != nil {
		c.actingFor = uuid.NullUUID{UUID: v.UserID, Valid: true}
	}
	return c
}

// causeIn is who acts in the context, and by which request, as the audit log has it.
func causeIn(ctx context.Context) cause {
	c := causeOf(ctx)
	c.actor = Clip(c.actor)
	return c
}

// value is what a row of either log has in a column that it does not know itself, nil
// for null.
func (c *cause) value(column string) any {
	switch column {
	case auditlog.FieldUserID:
		return orNil(c.user)
	case auditlog.FieldActingFor:
		return orNil(c.actingFor)
	case auditlog.FieldActor:
		return c.actor
	case auditlog.FieldIPAddress:
		return c.ip
	case auditlog.FieldUserAgent:
		return c.userAgent
	case auditlog.FieldRequestID:
		return c.request
	case auditlog.FieldOperation:
		return c.operation
	default:
		panic("audit: no log has a column " + column) // a slip in the program, seen by its first row
	}
}

func orNil(id uuid.NullUUID) any {
	if !id.Valid {
		return nil
	}
	return id.UUID
}
