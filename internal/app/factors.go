package app

import (
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
)

// secondFactors makes what second factors are checked with, by the settings.
func secondFactors(cfg config.Config, keys auth.Keys) (*auth.Factors, error) {
	host, origins := cfg.Passkeys()
	return auth.NewFactors(keys, auth.RelyingParty{ID: host, Origins: origins}, access.FactorRule(cfg.RequireSecondFactor()))
}
