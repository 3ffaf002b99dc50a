// Package readme holds the tests of what is written for people: the README's
// tour is run, the links of all pages resolve, and the table of settings is
// complete. It has no code of its own.
package readme
