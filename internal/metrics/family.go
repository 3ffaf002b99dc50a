package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// namespace begins the name of every metric of ours.
const namespace = "clinicgraph"

// Family is one metric as the docs show it.
type Family struct {
	Name   string
	Kind   string // counter, gauge or histogram
	Labels []string
	Help   string
}

// Families lists the metrics of ours, by name. Those of the Go runtime, the
// process and the connection pools come from the client library beside them.
func (m *Metrics) Families() []Family {
	all := slices.Clone(m.families)
	slices.SortFunc(all, func(a, b Family) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// add puts a collector into the registry and its family into the list. Two of one
// name are a defect, and stop the start.
func add[C prometheus.Collector](m *Metrics, kind, name, help string, labels []string, c C) C {
	m.registry.MustRegister(c)
	m.families = append(m.families, Family{Name: namespace + "_" + name, Kind: kind, Labels: labels, Help: help})
	return c
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return add(m, "counter", name, help, labels, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels))
}

func (m *Metrics) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return add(m, "gauge", name, help, labels, prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels))
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return add(m, "histogram", name, help, labels, prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels))
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	return add(m, "histogram", name, help, nil, prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}))
}

// gauge asks read at each scrape; nil reads 0, so that a part that is not there
// does not leave a hole in a dashboard.
func (m *Metrics) gauge(name, help string, read func() float64) {
	if read == nil {
		read = func() float64 { return 0 }
	}
	add(m, "gauge", name, help, nil, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, read))
}

// counter is gauge for what only grows.
func (m *Metrics) counter(name, help string, read func() float64) {
	if read == nil {
		read = func() float64 { return 0 }
	}
	add(m, "counter", name, help, nil, prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, read))
}
