package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// queueTimeout bounds a scrape that has to ask the database: what answers later
// is left out, and the rest is shown.
const queueTimeout = 500 * time.Millisecond

// queue is how many jobs there are in each state, counted at each scrape.
type queue struct {
	read func(ctx context.Context) (map[string]int, error)
	desc *prometheus.Desc
}

// queue registers it; with nil nothing is shown.
func (m *Metrics) queue(name, help, label string, read func(ctx context.Context) (map[string]int, error)) {
	add(m, "gauge", name, help, []string{label}, queue{read, prometheus.NewDesc(namespace+"_"+name, help, []string{label}, nil)})
}

// Describe implements prometheus.Collector.
func (q queue) Describe(to chan<- *prometheus.Desc) { to <- q.desc }

// Collect implements prometheus.Collector.
func (q queue) Collect(to chan<- prometheus.Metric) {
	if q.read == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), queueTimeout)
	defer cancel()
	counts, err := q.read(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(q.desc, err)
		return
	}
	for state, n := range counts {
		to <- prometheus.MustNewConstMetric(q.desc, prometheus.GaugeValue, float64(n), state)
	}
}
