// Package ent is the typed repository: generated from ent/schema, together with
// the entity types of the graph. Nothing in it is edited by hand but the schemas,
// the templates and entc.go.
package ent

//go:generate go run entc.go
