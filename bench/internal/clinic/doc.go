// Package clinic owns the data set of the benchmarks: a clinic of any size, whose
// rows follow from its size and a date alone, and how it gets into a PostgreSQL
// that has been migrated. It never goes through the verbs of the domain, since a
// million bookings would take hours that way; its tests hold the rows to the
// rules of the domain instead. It never touches a database that has bookings.
package clinic
