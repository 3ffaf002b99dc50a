//go:build linux

package main

import "clinicgraph/bench/internal/place"

// variant is a server that is built without something.
type variant struct {
	changes  []place.Change
	settings []string
}

// ordinarily has what compiled reads do away with measured where it still is.
const ordinarily = "CLINICGRAPH_COMPILED_READS=off"

// entities is where gqlgen generates what writes them.
const entities = "graph/generated/ent.generated.go"

// unchecked stands for the server itself, which asks for no permission and keeps no
// record: what is left of its checks are those of the document, and the rows.
const unchecked = "unchecked"

// without are the servers of the peers "without:NAME", each of which lacks one thing
// that requests are cheap for.
var without = map[string]variant{
	unchecked: {changes: []place.Change{
		{File: "graph/compiled/door.go", Text: "func open(v *access.Viewer, doors []door) bool {\n", Instead: "func open(v *access.Viewer, doors []door) bool {\n\treturn true\n"},
		{File: "graph/reads.go", Text: "	response := next(ctx)\n	m, ok :=", Instead: "	response := next(ctx)\n	return response\n	m, ok :="},
		{File: "internal/audit/operation.go", Text: "func Records(entity string) bool {\n", Instead: "func Records(entity string) bool {\n\treturn false\n"},
	}},

	// Lists are counted, asked for or not.
	"selected-counts": {changes: []place.Change{
		{File: "graph/compiled/page.go", Text: "	p, edges := &pg.program, 0\n", Instead: "	p, edges := &pg.program, 0\n	pg.counted = true\n"},
	}},
	"selected-counts-ordinarily": {settings: []string{ordinarily}, changes: []place.Change{
		{File: "ent/gql_pagination.go", Text: "field graphql.CollectedField) (s pageSelection) {\n", Instead: "field graphql.CollectedField) (s pageSelection) {\n	s.count = true\n"},
	}},
	// lib/pq prepares a statement with arguments each time: two round trips.
	"kept-statements": {changes: []place.Change{
		{File: "internal/store/stmtconn.go", Text: "	if c.cache.limit == 0 || !cacheable(query, args) {\n", Instead: "	if true {\n"},
	}},
	// database/sql keeps two connections and opens the others anew, each time.
	"kept-connections": {changes: []place.Change{
		{File: "internal/store/postgres.go", Text: "	pool.SetMaxIdleConns(conns)\n", Instead: ""},
	}},
	// A list of another length is another statement.
	"arrays": {settings: []string{ordinarily}, changes: []place.Change{
		{File: "internal/store/lists.go", Text: "func asArrays(query string, args []any) (string, []any) {\n", Instead: "func asArrays(query string, args []any) (string, []any) {\n	if true {\n		return query, args\n	}\n"},
	}},
	// The signature of a token is verified at each request.
	"known-tokens": {changes: []place.Change{
		{File: "internal/auth/verified.go", Text: "	if !there {\n", Instead: "	if true || !there {\n"},
	}},
	// A document is read, validated and measured at each request. Its plan is kept by its
	// text, and stays.
	"known-documents": {changes: []place.Change{
		{File: "graph/documentcache.go", Text: "Get(_ context.Context, text string) (*ast.QueryDocument, bool) {\n", Instead: "Get(_ context.Context, text string) (*ast.QueryDocument, bool) {\n	if true {\n		return nil, false\n	}\n"},
		{File: "graph/documentcache.go", Text: "operation *ast.OperationDefinition) *standing {\n", Instead: "operation *ast.OperationDefinition) *standing {\n	if true {\n		return nil\n	}\n"},
		{File: "graph/documentcache.go", Text: "(_ ast.VariableDefinitionList, known bool) {\n", Instead: "(_ ast.VariableDefinitionList, known bool) {\n	if true {\n		return nil, false\n	}\n"},
	}},
	// How input types are read is found out for each operation that has no plan, as gqlgen
	// means it.
	"kept-readers": {settings: []string{ordinarily}, changes: []place.Change{
		{File: "graph/unmarshal/unmarshal.go", Text: "	if !keeps {\n", Instead: "	if true || !keeps {\n"},
	}},
	// A response is made as a whole, and read and written once more by encoding/json, as
	// gqlgen's own transport does.
	"written-once": {changes: []place.Change{
		{File: "graph/transport/answer.go", Text: "	Encode(b, resp)\n	wait", Instead: "	text, err := json.Marshal(resp)\n	if err != nil {\n		panic(err)\n	}\n	b.Write(text)\n	wait"},
	}},
	// The memory of an answer is new each time.
	"kept-buffers": {changes: []place.Change{
		{File: "graph/compiled/run.go", Text: "	answers.Put(a)\n", Instead: "\n"},
		{File: "graph/compiled/run.go", Text: "	scratches.Put(s)\n", Instead: "\n"},
		{File: "graph/transport/answer.go", Text: "		buffers.Put(b)\n", Instead: "\n"},
	}},
	// What gqlgen starts for each object of a list and each edge, loaded or not, is done
	// one by one: here the server itself, without plans, is the dearer one.
	"goroutines": {settings: []string{ordinarily}, changes: []place.Change{
		{File: entities, Text: "graphql.MarshalSliceConcurrently(", Instead: "oneByOne(", Everywhere: true},
		{File: entities, Text: "out.Concurrently(i, func(ctx context.Context) graphql.Marshaler { return innerFunc(ctx, out) })", Instead: "out.Values[i] = innerFunc(ctx, out)", Everywhere: true},
		{File: entities, Text: "// endregion ***************************** type.gotpl *****************************\n", Instead: `
func oneByOne(ctx context.Context, length int, _ int64, _ bool, marshal func(context.Context, int) graphql.Marshaler) graphql.Array {
	all := make(graphql.Array, length)
	for i := range all {
		all[i] = marshal(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), i)
	}
	return all
}
`},
	}},
}
