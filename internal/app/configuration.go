package app

import (
	"context"
	"database/sql"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
)

// recordConfiguration puts each setting that is not what the record says of it on
// record, with the value that it has now; of a setting that nobody has ever changed
// the record says nothing. Servers that are set differently say so at each start.
func recordConfiguration(ctx context.Context, s *store.Store, cfg config.Config) error {
	ctx = access.System(ctx, "configuration")
	return s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		told, err := c.AuditLog.Query().Where(auditlog.Event(audit.EventConfiguration)).Order(ent.Asc(auditlog.FieldID)).All(ctx)
		if err != nil {
			return fmt.Errorf("read what the settings were: %w", err)
		}
		was := map[string]string{}
		for _, e := range told {
			was[e.Resource] = e.Details
		}
		for _, v := range cfg.Values() {
			last, known := was[v.Key]
			if !known && v.Default || known && last == audit.Clip(v.Text) {
				continue
			}
			if err := audit.Write(ctx, c, audit.Event{Name: audit.EventConfiguration, Resource: v.Key, Details: v.Text}); err != nil {
				return err
			}
		}
		return nil
	})
}
