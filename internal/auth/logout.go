package auth

import (
	"context"
	"database/sql"

	"clinicgraph/ent"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
)

// Logout ends the caller's session. It does nothing when it has ended already.
func (s *Service) Logout(ctx context.Context) (err error) {
	v := access.FromContext(ctx)
	defer func() { s.Security.Record(ctx, audit.Event{Name: audit.EventLogout, Subject: &v.SessionID, Err: err}) }()
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return s.endSession(access.Elevated(ctx, "logout"), c, v.SessionID, usersession.StatusLoggedOut, "logout")
	})
}
