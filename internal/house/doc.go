// Package house holds the tests of the layout: who imports whom, what is
// generated and what is ours, and that every entity, field and permission has
// its declarations. It has no code of its own.
package house
