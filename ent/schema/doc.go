// Package schema is the data model: one file an entity, each a table of fields,
// edges, indexes and annotations. It says what a column is, how it shows in the
// graph and which permission reads it. It holds no business rule and imports no
// generated code.
package schema
