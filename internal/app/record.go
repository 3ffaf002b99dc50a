package app

import (
	"strings"

	"clinicgraph/internal/audit"
	"clinicgraph/internal/config"
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
