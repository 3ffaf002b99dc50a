// Package readme holds the tests of what is written for people: the README's
// tour is run, the links of all pages resolve, the table of settings is
// complete, and the clients' examples are tested code. It has no code of its own.
package readme
