// Package compiled answers queries by plans. A plan is what a document comes to: the
// permissions to ask, one statement of SQL, and a list of steps that write the rows
// as JSON. It is made once for each document and form of its variables, and kept.
//
// The package stands before the executor that gqlgen generates, as a schema around
// its schema, and gives the same bytes. Whatever it has no plan for, and whatever
// turns out otherwise than the plan expects (a refusal, an object that is not there,
// a bad argument, an error of the database), it hands to that executor: it never
// words an error. So leaving it out changes no answer.
//
// How a request goes, file by file:
//
//	engine.go     takes the operation; finds its plan, or hands on
//	document.go   which variables decide the form of a document, and its key
//	cache.go      documents and forms that are kept
//	input.go      arguments: constants, and places where a request's values go
//	filter.go     where, as the generated filters make it
//	rule.go       the row rules of package guard, asked for each caller
//	door.go       the permissions of what is selected
//	entity.go     what ent and the schema say of a type
//	compiler.go   makes a plan, root by root
//	object.go     selections of an entity become steps and columns
//	page.go       lists: pages, cursors, counts
//	program.go    the steps
//	statement.go  one level of a document becomes SQL, by ent's own builder
//	chain.go      all levels of a document become one statement
//	scalar.go     values of the database become JSON
//	run.go        statements are run
//	row.go        rows become text, by the steps of a program
//	write.go      and the text becomes the answer
//	stats.go      what became of requests is counted
//	explain.go    what a document comes to, for people
//
// It knows no entity: what there is comes from ent.Shapes and from the schema. Rules
// are asked and never written here, doors are the schema's directives.
package compiled
