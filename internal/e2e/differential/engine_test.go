package differential

import "clinicgraph/internal/config"

// compile has a server compile its reads, or not.
func compile(cfg *config.Config, when string) { cfg.Database.CompiledReads = when }

// counted gives the engine's counters; none where there is no engine.
func (s *server) counted() counters {
	if s.app.Reads == nil {
		return counters{}
	}
	stats := s.app.Reads.Stats()
	return counters{hits: stats.Hits, dropped: stats.Dropped, fallbacks: stats.Fallbacks}
}
