// Package removals proves that each layer of access is held by a test: it takes
// one layer at a time out of the program and demands that a named test fails. It
// owns the list of layers (list_test.go). It never is part of the server.
package removals
