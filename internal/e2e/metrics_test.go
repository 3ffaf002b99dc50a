package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"clinicgraph/internal/metrics"
)

// series is one line of a scrape.
type series struct {
	name   string
	labels map[string]string
	value  float64
}

var (
	seriesLine = regexp.MustCompile(`^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$`)
	seriesPair = regexp.MustCompile(`(\w+)="((?:[^"\\]|\\.)*)"`)
)

// series reads the metrics.
func (c *clinic) series() (all []series) {
	c.t.Helper()
	for _, l := range c.scrape() {
		if l == "" || strings.HasPrefix(l, "#") {
			continue
		}
		m := seriesLine.FindStringSubmatch(l)
		if m == nil {
			c.t.Fatalf("not a line of metrics: %q", l)
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			c.t.Fatal(err)
		}
		s := series{name: m[1], labels: map[string]string{}, value: value}
		for _, pair := range seriesPair.FindAllStringSubmatch(m[2], -1) {
			s.labels[pair[1]] = pair[2]
		}
		all = append(all, s)
	}
	return all
}

// metric adds up the series of a name that have the labels, given as pairs.
func (c *clinic) metric(name string, labels ...string) (sum float64) {
	c.t.Helper()
	for _, s := range c.series() {
		fits := s.name == name
		for i := 0; i < len(labels); i += 2 {
			fits = fits && s.labels[labels[i]] == labels[i+1]
		}
		if fits {
			sum += s.value
		}
	}
	return sum
}

// busy does a little of everything that is counted.
func (c *clinic) busy() {
	c.t.Helper()
	me := c.as(customerA)
	me.do(`{ bookings { totalCount } }`).ok()
	me.book(c.chat, c.practitioners[doctorNorth], at(9, 0)).ok()
	me.book(c.chat, c.practitioners[doctorNorth], at(9, 0))
	me.do(`{ operationLogs { totalCount } }`)
	me.do(`{ nothing }`)
	c.anyone().login(customerA, "a wrong password")
	me.send(http.MethodGet, "", strings.NewReader(""), "GET")
	done := c.log.await("job done job=expire-bookings")
	c.as(customerB).book(c.consultation, c.practitioners[doctorSouth], at(10, 0)).ok()
	c.advance(time.Hour)
	if err := c.app.Jobs.Start(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(time.Minute):
		c.t.Fatal("no job has ended in a minute")
	}
	if err := c.app.Jobs.Stop(c.t.Context()); err != nil {
		c.t.Error(err)
	}
}

// TestTheMetricsSayWhatHappened compares the counters with what was done.
func TestTheMetricsSayWhatHappened(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.busy()
		for _, want := range []struct {
			least  float64
			name   string
			labels []string
		}{
			{1, "clinicgraph_operations_total", []string{"operation", "bookings", "type", "query", "code", "OK"}},
			{2, "clinicgraph_operations_total", []string{"operation", "bookAppointment", "type", "mutation", "code", "OK"}},
			{1, "clinicgraph_operations_total", []string{"operation", "bookAppointment", "code", "SLOT_TAKEN"}},
			{1, "clinicgraph_operations_total", []string{"operation", "operationLogs", "code", "FORBIDDEN"}},
			{1, "clinicgraph_operations_total", []string{"operation", "none", "type", "none", "code", "GRAPHQL_VALIDATION_FAILED"}},
			{1, "clinicgraph_rejects_total", []string{"reason", "GRAPHQL_VALIDATION_FAILED"}},
			{3, "clinicgraph_operation_duration_seconds_count", []string{"operation", "bookAppointment"}},
			{1, "clinicgraph_operation_rows_total", []string{"operation", "bookAppointment"}},
			{1, "clinicgraph_http_requests_total", []string{"route", "/graphql", "status", "200"}},
			{1, "clinicgraph_sql_duration_seconds_count", []string{"verb", "SELECT"}},
			{1, "clinicgraph_sql_duration_seconds_count", []string{"verb", "INSERT"}},
			{1, "clinicgraph_security_events_total", []string{"event", "LOGIN"}},
			{1, "clinicgraph_security_events_total", []string{"event", "LOGIN_ERROR"}},
			{1, "clinicgraph_security_events_total", []string{"event", "ACCESS_DENIED"}},
			{1, "clinicgraph_job_runs_total", []string{"kind", "expire-bookings", "outcome", "ok"}},
			{1, "clinicgraph_job_last_success_timestamp_seconds", []string{"kind", "expire-bookings"}},
			{16, "clinicgraph_hashing_slots", nil},
			{1, "clinicgraph_build_info", []string{"version", "test"}},
			{1, "go_sql_max_open_connections", nil},
			{1, "go_goroutines", nil},
		} {
			if got := c.metric(want.name, want.labels...); got < want.least {
				t.Errorf("%s%v is %v, want %v or more", want.name, want.labels, got, want.least)
			}
		}
		if got := c.metric("clinicgraph_hashing_running") + c.metric("clinicgraph_hashing_waiting"); got != 0 {
			t.Errorf("%v passwords are being hashed when nobody signs in", got)
		}
	})
}

// TestNoLabelIsChosenByAClient asks with many names, documents and paths, and
// looks for them in the labels.
func TestNoLabelIsChosenByAClient(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for i := range 30 {
			c.anyone().do(fmt.Sprintf(`query Chosen%d { chosen%d: __typename }`, i, i)).ok()
			c.anyone().post("application/json", fmt.Sprintf(`{"query": "{ __typename }", "operationName": "chosen%d"}`, i))
			c.anyone().do(fmt.Sprintf(`{ chosen%d }`, i))
			for _, method := range []string{http.MethodGet, "CHOSEN"} {
				c.app.Handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, fmt.Sprintf("/chosen/%d", i), nil))
			}
		}
		all := 0
		for _, s := range c.series() {
			for key, value := range s.labels {
				if strings.Contains(strings.ToLower(value), "chosen") {
					t.Errorf("%s: %s=%q", s.name, key, value)
				}
			}
			if s.name == "clinicgraph_operations_total" || s.name == "clinicgraph_http_requests_total" {
				all++
			}
		}
		if all > 15 {
			t.Errorf("150 requests made %d series", all)
		}
	})
}

// TestTheListOfMetricsIsWhole: a running server shows every family of the list,
// and none of ours that is not in it.
func TestTheListOfMetricsIsWhole(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		c.busy()
		listed := map[string]bool{}
		for _, f := range metrics.New(metrics.Sources{}).Families() {
			listed[f.Name] = false
		}
		for _, s := range c.series() {
			name := familyOf(s.name, listed)
			if _, ok := listed[name]; ok {
				listed[name] = true
			} else if strings.HasPrefix(name, "clinicgraph_") {
				t.Errorf("%s is shown and not listed", s.name)
			}
		}
		// Nothing of this happened.
		for _, quiet := range []string{"slow_operations_total", "slow_sql_total", "sql_errors_total", "subscription_events_total", "secret_blocks_total"} {
			delete(listed, "clinicgraph_"+quiet)
		}
		for name, shown := range listed {
			if !shown {
				t.Errorf("%s is listed and not shown", name)
			}
		}
	})
}

// familyOf takes what a histogram adds off the name of a series.
func familyOf(name string, known map[string]bool) string {
	for _, end := range []string{"_bucket", "_sum", "_count"} {
		if short, cut := strings.CutSuffix(name, end); cut {
			if _, ok := known[short]; ok {
				return short
			}
		}
	}
	return name
}
