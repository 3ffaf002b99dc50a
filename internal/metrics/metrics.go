// Package metrics owns what is counted while the server runs: the names, the
// labels and the registry that the admin listener shows. Labels come from bounded
// sets; what a client has chosen never becomes one. Nothing here decides
// anything.
package metrics

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is all that is counted. A nil *Metrics counts nothing.
type Metrics struct {
	registry *prometheus.Registry
	families []Family

	requests        *prometheus.CounterVec
	operations      *prometheus.CounterVec
	latency         *prometheus.HistogramVec
	slow            *prometheus.CounterVec
	cost            *prometheus.CounterVec
	costs           prometheus.Histogram
	rows            *prometheus.CounterVec
	events          *prometheus.CounterVec
	rejects         *prometheus.CounterVec
	early           prometheus.Counter
	statements      *prometheus.HistogramVec
	slowStatements  *prometheus.CounterVec
	statementErrors *prometheus.CounterVec
	jobs            *prometheus.CounterVec
	jobTime         *prometheus.HistogramVec
	jobSuccess      *prometheus.GaugeVec
	security        *prometheus.CounterVec
	tries           *prometheus.CounterVec
	blocks          *prometheus.CounterVec
}

// The buckets of the histograms, in seconds and in points of cost.
var (
	operationTimes = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	statementTimes = []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .05, .1, .5, 1, 5}
	jobTimes       = []float64{.01, .05, .1, .5, 1, 5, 15, 60}
	costPoints     = []float64{1, 3, 10, 30, 100, 300, 1000, 3000, 10000}
)

// New makes the registry, with what the sources tell in it.
func New(s Sources) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = m.counters("http_requests_total", "Requests, by the path they reached.", "route", "status")
	m.operations = m.counters("operations_total", "Operations that have ended, by root field, type and the code of their first error.", "operation", "type", "code")
	m.latency = m.histograms("operation_duration_seconds", "Time of queries and mutations, by root field.", operationTimes, "operation")
	m.slow = m.counters("slow_operations_total", "Operations that took longer than CLINICGRAPH_SLOW_OPERATION.", "operation")
	m.cost = m.counters("operation_cost_points_total", "Cost of what was executed, in points.", "operation")
	m.costs = m.histogram("operation_cost_points", "Cost of single operations, in points.", costPoints)
	m.rows = m.counters("operation_rows_total", "Rows that operations have read from the database.", "operation")
	m.events = m.counters("subscription_events_total", "Events that subscriptions have given to clients, counted when the subscription ends.", "operation")
	m.rejects = m.counters("rejects_total", "Requests and operations of which nothing was executed, by the code of the refusal.", "reason")
	m.early = m.counters("early_rejects_total", "Of the rejects for overload those that were answered on the connection, which takes least. Behind a proxy that opens a connection for each request there are none.").WithLabelValues()
	m.statements = m.histograms("sql_duration_seconds", "Time of SQL statements until their last row was read, by their first word.", statementTimes, "verb")
	m.slowStatements = m.counters("slow_sql_total", "Statements that took longer than CLINICGRAPH_SLOW_SQL.", "verb")
	m.statementErrors = m.counters("sql_errors_total", "Statements that failed, those that the database refused on purpose included.", "verb")
	m.jobs = m.counters("job_runs_total", "Runs of jobs on this server; outcome is ok or failed.", "kind", "outcome")
	m.jobTime = m.histograms("job_duration_seconds", "Time of runs of jobs.", jobTimes, "kind")
	m.jobSuccess = m.gauges("job_last_success_timestamp_seconds", "When a job last went through on this server.", "kind")
	m.security = m.counters("security_events_total", "Events of the audit log: sign-ins and their failures, refusals, changes of access.", "event")
	m.tries = m.counters("secret_tries_total", "Tries at passwords and other secrets of accounts; outcome is right, halved (a second factor is still asked for), wrong, blocked (answered like wrong, and not looked at), limited (by address) or undecided.", "action", "outcome")
	m.blocks = m.counters("secret_blocks_total", "Blocks that began after too many wrong tries; scope is ACCOUNT, DEVICE or ADDRESS.", "scope")
	s.register(m)
	return m
}

// Handler answers scrapes. What cannot be collected is left out.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Request counts an HTTP request.
func (m *Metrics) Request(route string, status int) {
	if m != nil {
		m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	}
}

// Reject counts something that was refused before it was executed. Reason is a
// code of the contract of errors.
func (m *Metrics) Reject(reason string) {
	if m != nil {
		m.rejects.WithLabelValues(reason).Inc()
	}
}

// Early makes the counter of requests that are refused before they are taken apart,
// of one path, status and reason: each is a Request and a Reject, too. Looking for
// these each time would cost as much as the refusal.
func (m *Metrics) Early(route string, status int, reason string) (count func()) {
	if m == nil {
		return func() {}
	}
	all := []prometheus.Counter{m.requests.WithLabelValues(route, strconv.Itoa(status)), m.rejects.WithLabelValues(reason), m.early}
	return func() {
		for _, c := range all {
			c.Inc()
		}
	}
}

// Operation is what is counted of an operation.
type Operation struct {
	Name    string // from a bounded set: a root field, "several" or "none"
	Type    string
	Code    string // OK, or the code of an error
	Refused bool
	Slow    bool
	Cost    int
	Rows    int64
	Events  int // of a subscription; otherwise 0
	Took    time.Duration
}

// Operation counts an operation that has ended.
func (m *Metrics) Operation(o Operation) {
	if m == nil {
		return
	}
	m.operations.WithLabelValues(o.Name, o.Type, o.Code).Inc()
	if o.Refused {
		m.Reject(o.Code)
		return
	}
	if o.Slow {
		m.slow.WithLabelValues(o.Name).Inc()
	}
	m.cost.WithLabelValues(o.Name).Add(float64(max(o.Cost, 0)))
	m.costs.Observe(float64(o.Cost))
	m.rows.WithLabelValues(o.Name).Add(float64(o.Rows))
	if o.Type == "subscription" { // how long one lives is up to the client
		m.events.WithLabelValues(o.Name).Add(float64(o.Events))
		return
	}
	m.latency.WithLabelValues(o.Name).Observe(o.Took.Seconds())
}

// Statement counts a statement of SQL. Verb is from a bounded set.
func (m *Metrics) Statement(verb string, took time.Duration, slow, failed bool) {
	if m == nil {
		return
	}
	m.statements.WithLabelValues(verb).Observe(took.Seconds())
	if slow {
		m.slowStatements.WithLabelValues(verb).Inc()
	}
	if failed {
		m.statementErrors.WithLabelValues(verb).Inc()
	}
}

// Job counts a run of a job that has ended at now.
func (m *Metrics) Job(kind string, took time.Duration, err error, now time.Time) {
	if m == nil {
		return
	}
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	} else {
		m.jobSuccess.WithLabelValues(kind).Set(float64(now.UnixMilli()) / 1000)
	}
	m.jobs.WithLabelValues(kind, outcome).Inc()
	m.jobTime.WithLabelValues(kind).Observe(took.Seconds())
}

// SecurityEvent counts an event of the audit log, by its name.
func (m *Metrics) SecurityEvent(name string) {
	if m != nil {
		m.security.WithLabelValues(name).Inc()
	}
}

// Tried counts a try at a secret of an account. Both labels are from bounded sets.
func (m *Metrics) Tried(action, outcome string) {
	if m != nil {
		m.tries.WithLabelValues(action, outcome).Inc()
	}
}

// Blocked counts a block that has begun, by its scope.
func (m *Metrics) Blocked(scope string) {
	if m != nil {
		m.blocks.WithLabelValues(scope).Inc()
	}
}
