package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ids"
)

// row is a row of the audit log.
type row struct {
	cause
	id                                      uuid.UUID
	at                                      time.Time
	event                                   string
	subject                                 uuid.NullUUID
	resource, permission, decision, details string
	success                                 bool
	errorCode                               string
	shown, purpose                          string // "": null
	mac                                     []byte // nil in tests that have no keys
}

// rowOf is what the log says of an event.
func rowOf(ctx context.Context, e Event) *row {
	if access.FromContext(ctx) == nil {
		ctx = access.NewContext(ctx, &access.Viewer{})
	}
	r := &row{
		cause: causeIn(ctx), event: e.Twin(), resource: Clip(e.Resource), permission: e.Permission, details: Clip(e.Details),
		success: e.Err == nil, errorCode: string(fault.CodeOf(e.Err)),
	}
	if e.UserID != uuid.Nil {
		r.user = uuid.NullUUID{UUID: e.UserID, Valid: true}
	}
	if e.Actor != "" {
		r.actor = Clip(e.Actor)
	}
	if e.Subject != nil {
		r.subject = uuid.NullUUID{UUID: *e.Subject, Valid: true}
	}
	if e.Permission != "" {
		r.decision = decision(e.Err)
	}
	return r
}

func decision(err error) string {
	if err != nil {
		return "DENY"
	}
	return "ALLOW"
}

// finish gives the row its id, its time and its code, as the hooks of an ent client do.
func (s *Security) finish(r *row) (err error) {
	r.at = s.now()
	r.id = s.entries().Next(ids.AuditLog, r.at)
	if s.Codes == nil {
		return nil
	}
	if r.mac, err = s.Codes.Code(ent.TypeAuditLog, r.value); err != nil {
		return fmt.Errorf("code of an audit row: %w", err)
	}
	return nil
}

// entries makes the ids of the rows, which are listed by them.
func (s *Security) entries() *ids.Sequence {
	if s.Entries != nil {
		return s.Entries
	}
	return &s.own
}

func (s *Security) now() time.Time {
	if s.Now == nil {
		return time.Now().UTC().Truncate(time.Microsecond)
	}
	return s.Now()
}

// value is what the row has in a column, nil for null.
func (r *row) value(column string) any {
	switch column {
	case auditlog.FieldID:
		return r.id
	case auditlog.FieldCreatedAt:
		return r.at
	case auditlog.FieldEvent:
		return r.event
	case auditlog.FieldSubjectID:
		return orNil(r.subject)
	case auditlog.FieldResource:
		return r.resource
	case auditlog.FieldPermissionChecked:
		return r.permission
	case auditlog.FieldDecision:
		return r.decision
	case auditlog.FieldSuccess:
		return r.success
	case auditlog.FieldErrorCode:
		return r.errorCode
	case auditlog.FieldDetails:
		return r.details
	case auditlog.FieldFieldsShown:
		return textOrNil(r.shown)
	case auditlog.FieldPurpose:
		return textOrNil(r.purpose)
	case auditlog.FieldMAC:
		if r.mac == nil {
			return nil
		}
		return r.mac
	default:
		return r.cause.value(column)
	}
}

func textOrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// size is about how many bytes the row takes in a statement.
func (r *row) size() int {
	return 200 + len(r.actor) + len(r.ip) + len(r.userAgent) + len(r.request) + len(r.operation) + len(r.event) +
		len(r.resource) + len(r.permission) + len(r.details) + len(r.shown) + len(r.purpose)
}
