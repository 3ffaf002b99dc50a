package audit_test

import (
	"testing"

	"clinicgraph/internal/audit"
	"clinicgraph/internal/fault"
)

func TestAnEventHasATwinForItsFailure(t *testing.T) {
	failed := fault.Forbidden("No.")
	for _, c := range []struct {
		event audit.Event
		want  string
	}{
		{audit.Event{Name: audit.EventLogin}, "LOGIN"},
		{audit.Event{Name: audit.EventLogin, Err: failed}, "LOGIN_ERROR"},
		{audit.Event{Name: audit.EventLogout, Err: failed}, "LOGOUT_ERROR"},
		{audit.Event{Name: audit.EventExport, Err: failed}, "AUDIT_EXPORT_ERROR"},
		{audit.Event{Name: audit.EventAccessDenied, Err: failed}, "ACCESS_DENIED"},
		{audit.Event{Name: audit.EventReuse, Err: failed}, "TOKEN_REUSE"},
	} {
		if got := c.event.Twin(); got != c.want {
			t.Errorf("%s, %v: %s", c.event.Name, c.event.Err, got)
		}
	}
}
