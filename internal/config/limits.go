package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Limits say how much one operation may ask for; the graph says what each of
// them counts. A range holds the values that the server still stands.
type Limits struct {
	BodyBytes        int           `name:"limit-body-bytes" env:"CLINICGRAPH_LIMIT_BODY_BYTES" default:"102400" range:"4096..1048576" placeholder:"N" help:"Longest body of a request over HTTP, in bytes."`
	JSONDepth        int           `name:"limit-json-depth" env:"CLINICGRAPH_LIMIT_JSON_DEPTH" default:"32" range:"8..100" placeholder:"N" help:"Most levels of JSON in a request, which is the first itself."`
	DocumentBytes    int           `name:"limit-document-bytes" env:"CLINICGRAPH_LIMIT_DOCUMENT_BYTES" default:"16384" range:"1024..65536" placeholder:"N" help:"Longest document, in bytes."`
	Tokens           int           `name:"limit-tokens" env:"CLINICGRAPH_LIMIT_TOKENS" default:"1000" range:"100..4000" placeholder:"N" help:"Most tokens of a document; the time of its validation grows faster than they do."`
	Operations       int           `name:"limit-operations" env:"CLINICGRAPH_LIMIT_OPERATIONS" default:"5" range:"1..20" placeholder:"N" help:"Most operations in a document."`
	Depth            int           `name:"limit-depth" env:"CLINICGRAPH_LIMIT_DEPTH" default:"12" range:"4..20" placeholder:"N" help:"Most nested selection sets; that of the operation is the first, those of edges and node count."`
	Aliases          int           `name:"limit-aliases" env:"CLINICGRAPH_LIMIT_ALIASES" default:"30" range:"1..100" placeholder:"N" help:"Most aliases in a document, together with fields that are asked for again beside themselves."`
	Directives       int           `name:"limit-directives" env:"CLINICGRAPH_LIMIT_DIRECTIVES" default:"20" range:"1..100" placeholder:"N" help:"Most directives in a document."`
	Fragments        int           `name:"limit-fragments" env:"CLINICGRAPH_LIMIT_FRAGMENTS" default:"30" range:"1..100" placeholder:"N" help:"Most fragments in a document, and again most inline fragments."`
	QueryFields      int           `name:"limit-query-fields" env:"CLINICGRAPH_LIMIT_QUERY_FIELDS" default:"10" range:"1..50" placeholder:"N" help:"Most fields at the root of a query."`
	MutationFields   int           `name:"limit-mutation-fields" env:"CLINICGRAPH_LIMIT_MUTATION_FIELDS" default:"3" range:"1..20" placeholder:"N" help:"Most fields at the root of a mutation; one that signs in, pays or grants is always alone."`
	List             int           `name:"limit-list" env:"CLINICGRAPH_LIMIT_LIST" default:"100" range:"1..1000" placeholder:"N" help:"Most entries of a list in arguments and variables."`
	FilterDepth      int           `name:"limit-filter-depth" env:"CLINICGRAPH_LIMIT_FILTER_DEPTH" default:"5" range:"1..10" placeholder:"N" help:"Most filters inside of each other, the outermost included."`
	FilterConditions int           `name:"limit-filter-conditions" env:"CLINICGRAPH_LIMIT_FILTER_CONDITIONS" default:"50" range:"1..200" placeholder:"N" help:"Most conditions of all filters of an operation."`
	CostAnonymous    int           `name:"limit-cost-anonymous" env:"CLINICGRAPH_LIMIT_COST_ANONYMOUS" default:"500" range:"1..1000000" placeholder:"N" help:"Highest cost of an operation of somebody who is not signed in."`
	CostUser         int           `name:"limit-cost-user" env:"CLINICGRAPH_LIMIT_COST_USER" default:"2000" range:"1..1000000" placeholder:"N" help:"Highest cost of an operation of a user who sees own data only."`
	CostStaff        int           `name:"limit-cost-staff" env:"CLINICGRAPH_LIMIT_COST_STAFF" default:"10000" range:"1..1000000" placeholder:"N" help:"Highest cost of an operation of a user who sees other people's data."`
	Introspection    int           `name:"limit-introspection" env:"CLINICGRAPH_LIMIT_INTROSPECTION" default:"40" range:"10..1000" placeholder:"N" help:"Most objects that introspection may give for each type of the schema, by estimate; tools ask for 26."`
	Errors           int           `name:"limit-errors" env:"CLINICGRAPH_LIMIT_ERRORS" default:"10" range:"1..100" placeholder:"N" help:"Most errors of an answer; those after them are left out."`
	Duration         time.Duration `name:"limit-duration" env:"CLINICGRAPH_LIMIT_DURATION" default:"10s" range:"1s..14s" placeholder:"TIME" help:"Longest time to answer a query or mutation; the connection is given up after 15 seconds."`
}

// checkLimits holds each limit to its range.
func (c *Config) checkLimits() error {
	section := reflect.ValueOf(c.Limits)
	for i := range section.NumField() {
		tag := section.Type().Field(i).Tag
		least, most, _ := strings.Cut(tag.Get("range"), "..")
		if value := section.Field(i); amount(fmt.Sprint(value)) < amount(least) || amount(fmt.Sprint(value)) > amount(most) {
			return wrong(tag.Get("name"), fmt.Sprint(value), "is out of range", fmt.Sprintf("use %s to %s, such as %s", least, most, tag.Get("default")))
		}
	}
	if l := c.Limits; l.CostAnonymous > l.CostUser || l.CostUser > l.CostStaff {
		return wrong("limit-cost-user", strconv.Itoa(l.CostUser), "is not between the others",
			fmt.Sprintf("use limit-cost-anonymous (%d) to limit-cost-staff (%d)", l.CostAnonymous, l.CostStaff))
	}
	return nil
}

// amount reads a number or a time.
func amount(s string) int64 {
	if d, err := time.ParseDuration(s); err == nil {
		return int64(d)
	}
	n, _ := strconv.ParseInt(s, 10, 64) // the tests read each range
	return n
}
