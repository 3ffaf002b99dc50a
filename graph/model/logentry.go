// Package model has the types of the graph that are no entities: those that gqlgen
// writes, and what it cannot.
package model

// LogEntry is an entry of one of the logs. It must not fit what is none: gqlgen
// finds the type behind the interface Node by it.
type LogEntry interface {
	IsNode()
	IsLogEntry()
}
