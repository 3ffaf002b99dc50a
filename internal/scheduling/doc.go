// Package scheduling owns the clinic's time: working hours, free slots, bookings,
// appointments and the claims that keep two of them from meeting. It never takes
// money, never decides who may call it, and never trusts its own look at the
// calendar: the database refuses overlapping claims.
package scheduling
