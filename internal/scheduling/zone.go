package scheduling

import (
	"sync"
	"time"

	"clinicgraph/internal/fault"
)

// zones keeps what was read of the time zone database: reading one takes as long
// as a query. Only names that exist get in, so it has a few hundred at most.
var zones sync.Map // string → *time.Location

// LoadZone finds a time zone by its IANA name, such as "Europe/Warsaw". An
// unknown one is BAD_USER_INPUT at "timezone". So are "" and "Local", which the
// standard library takes: the server's own zone is nobody's working time.
func LoadZone(name string) (*time.Location, error) {
	if zone, ok := zones.Load(name); ok {
		return zone.(*time.Location), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fault.Invalid("timezone", "%q is not a time zone of the IANA database, such as Europe/Warsaw.", name)
	}
	zones.Store(name, zone)
	return zone, nil
}

// instant gives the first moment at which the clocks of the zone show the wall
// time or a later one; wall holds the digits of the clock as if they were UTC.
// A time that the clocks skip is thus the moment of the skip, and one that they
// show twice is its first showing. A later wall time is never an earlier moment,
// so spans that touch on the wall touch in time, through every change.
func instant(wall time.Time, zone *time.Location) time.Time {
	// No zone was ever 16 h off: here the clocks show less than wall.
	at := wall.Add(-16 * time.Hour).In(zone)
	for {
		_, offset := at.Zone()
		start, end := at.ZoneBounds()
		exact := wall.Add(-time.Duration(offset) * time.Second)
		if end.IsZero() || exact.Before(end) {
			if exact.Before(start) {
				return start.UTC()
			}
			return exact.UTC()
		}
		at = end
	}
}
