package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"entgo.io/ent/dialect"

	"clinicgraph/internal/audit"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

// recordRules reads which events are put on record.
func recordRules(cfg config.Config) (audit.Rules, error) {
	rules, err := audit.NewRules(cfg.AuditRules)
	if err != nil {
		return rules, &config.Error{
			Key: "CLINICGRAPH_AUDIT_RULES", Value: strings.Join(cfg.AuditRules, ","), Reason: "cannot be kept: " + err.Error(),
			Remedy: "use EVENT=always, EVENT=off or EVENT=sampled:N, with commas between",
		}
	}
	return rules, nil
}

// recordRights says whether this server may take archived months out of the database,
// and tells the log once where its role could change the record, in production, or
// where the archives that the settings ask for are left to another role.
func recordRights(ctx context.Context, cfg config.Config, db *store.DB, log *slog.Logger) (removes bool, err error) {
	changeable, err := migrate.Changeable(ctx, db)
	if err != nil {
		return false, err
	}
	if len(changeable) > 0 && cfg.Production() {
		log.WarnContext(ctx, "the role of this server may change the record; run: clinicgraph migrate grant ROLE, and start as that role", "tables", changeable)
	}
	removes = db.Dialect != dialect.Postgres || slices.Contains(changeable, "audit_chain")
	if !removes && cfg.Audit.Archive != "" && cfg.Audit.Keep > 0 {
		log.InfoContext(ctx, "archiving is left to the owner of the tables; run as that role: clinicgraph audit archive")
	}
	return removes, nil
}
