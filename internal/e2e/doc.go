// Package e2e holds the stories of the whole server: each test is a claim about
// what clients see through HTTP, on SQLite and on PostgreSQL, and after each the
// records must add up. It holds no code that the server runs.
package e2e
