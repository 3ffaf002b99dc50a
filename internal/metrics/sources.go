package metrics

import (
	"context"
	"database/sql"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Sources are the parts of the server that are asked at each scrape. What is nil
// reads 0. A part that has a new figure to show gets a line here and one in
// register; what it counts while it works it is handed a method of Metrics for.
type Sources struct {
	Version string
	Pools   map[string]*sql.DB // by the name that they are shown under

	StatementHits, StatementMisses func() float64 // of the prepared-statement cache
	ReadsPlanned, ReadsDropped     func() float64 // queries that plans answered, and that they began
	PlanDocuments, PlanBytes       func() float64 // that are kept
	HashingSlots                   func() float64 // passwords that may be hashed at once
	HashingRunning, HashingWaiting func() float64
	HashingWaited, HashingRefused  func() float64 // since the start
	Sockets, Subscriptions         func() float64
	Revocations                    func() float64 // that are held
	RevocationAge                  func() float64 // seconds since they were read
	AuditBacklog                   func() float64 // seconds that a row of the record has waited to be sealed
	InFlight, InFlightLimit        func() float64 // of the overload limiter
	Waiting                        func() float64 // for a place among them

	Jobs        func(context.Context) (map[string]int, error) // in the queue, by state
	SigningKeys func(context.Context) (map[string]int, error) // by state

	Unpartitioned func(context.Context) (map[string]int, error) // entries of the record, by log
	Unplanned     func(context.Context) (map[string]int, error) // queries without a plan, by the kind of reason
}

// register puts the sources into the registry.
func (s Sources) register(m *Metrics) {
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for name, pool := range s.Pools {
		m.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	info := add(m, "gauge", "build_info", "Always 1; the version is the label.", []string{"version"},
		prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "Always 1; the version is the label."}, []string{"version"}))
	info.WithLabelValues(s.Version).Set(1)
	m.counter("sql_prepared_hits_total", "Runs of a statement that its connection had prepared already; 0 on SQLite.", s.StatementHits)
	m.counter("sql_prepared_misses_total", "Statements that had to be prepared; 0 on SQLite.", s.StatementMisses)
	m.counter("reads_planned_total", "Queries that compiled reads answered.", s.ReadsPlanned)
	m.counter("reads_dropped_total", "Queries that compiled reads began and the executor answered: something was not there, or failed.", s.ReadsDropped)
	m.gauge("reads_plan_documents", "Documents whose plans are kept.", s.PlanDocuments)
	m.gauge("reads_plan_bytes", "Bytes that plans and their documents take, about.", s.PlanBytes)
	m.queue("reads_unplanned", "Queries since the start that the executor answered because there is no plan for them, by the kind of reason.", "reason", s.Unplanned)
	m.gauge("hashing_slots", "Passwords that may be hashed at once.", s.HashingSlots)
	m.gauge("hashing_running", "Passwords that are being hashed.", s.HashingRunning)
	m.gauge("hashing_waiting", "Sign-ins that wait for a slot to be hashed in.", s.HashingWaiting)
	m.counter("hashing_waited_total", "Sign-ins that have had to wait for a slot to be hashed in.", s.HashingWaited)
	m.counter("hashing_refused_total", "Sign-ins that were refused before any hashing, because too many waited or it took too long.", s.HashingRefused)
	m.gauge("revocations", "Revocations of access tokens that this server holds.", s.Revocations)
	m.gauge("audit_backlog_seconds", "Time that the oldest row of the record has waited to be sealed into the chain; past 5 something is wrong.", s.AuditBacklog)
	m.gauge("revocations_age_seconds", "Time since revocations were last read from the database; past 5 nobody with a token is served on PostgreSQL.", s.RevocationAge)
	m.gauge("sockets", "Open sockets and event streams.", s.Sockets)
	m.gauge("subscriptions", "Subscriptions that wait for events, over sockets and server-sent events.", s.Subscriptions)
	m.queue("signing_keys", "Keys of access tokens, by state.", "state", s.SigningKeys)
	m.queue("audit_unpartitioned_entries", "Entries of the record that lie in no partition of a month, by log, up to 10,000; more than none says that partitions were not made in time, or that a clock is wrong.", "log", s.Unpartitioned)
	m.queue("jobs", "Jobs in the queue of all servers, by state; missing while the database does not answer.", "state", s.Jobs)
	m.gauge("requests_in_flight", "Requests that are being served.", s.InFlight)
	m.gauge("requests_waiting", "Requests that wait for a place among those that are being served.", s.Waiting)
	m.gauge("requests_in_flight_limit", "How many may be served at once before others are refused; 0 without a limit.", s.InFlightLimit)
}
