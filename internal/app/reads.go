package app

import (
	"clinicgraph/graph"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
)

// reads says where queries are answered by plans; nil where they are not.
func reads(cfg config.Config, db *store.DB) *graph.Reads {
	if cfg.Database.CompiledReads == "off" {
		return nil
	}
	return &graph.Reads{Dialect: db.Dialect, DB: db.Driver}
}
