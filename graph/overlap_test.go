package graph

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// TestMerge holds the rule to the specification's own examples (5.3.2) and to
// what they leave out. The library's rule is asked as well: the two differ where
// it compares arguments by their outermost word.
func TestMerge(t *testing.T) {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		type Query { dog: Dog pet: Pet pets: [Pet] any: Any }
		interface Pet { name: String! friend: Pet owner: Person }
		union Any = Dog | Cat
		input Where { a: Int b: Int list: [Int] }
		type Dog implements Pet { name: String! nickname: String friend: Pet owner: Person barkVolume: Int knows(command: Command, where: Where): Boolean! size: [Int] box: Box }
		type Cat implements Pet { name: String! nickname: String friend: Pet owner: Person meowVolume: Int volume: String! size: Int box: [Box] }
		type Person { name: String age: Int pet: Pet }
		type Box { wide: Int! deep: String }
		enum Command { SIT DOWN }
	`})
	const differ = "the library says otherwise"
	for selection, want := range map[string]string{
		// One object.
		`dog { name name }`:                                                 "",
		`dog { otherName: name otherName: name }`:                           "",
		`dog { name: nickname name }`:                                       `"nickname" and "name" are different fields`,
		`dog { knows(command: SIT) knows(command: SIT) }`:                   "",
		`dog { knows(command: SIT) knows(command: DOWN) }`:                  "differing arguments",
		`dog { knows(command: SIT) knows }`:                                 "differing arguments",
		`dog { knows(command: $c) knows(command: $c) }`:                     "",
		`dog { knows(command: $c) knows(command: $d) }`:                     "differing arguments",
		`dog { knows(command: $c) knows(command: SIT) }`:                    "differing arguments",
		`dog { knows(where: {a: 1, b: 2}) knows(where: {b: 2, a: 1}) }`:     "",
		`dog { knows(where: {a: 1}) knows(where: {a: 2}) }`:                 "differing arguments" + differ,
		`dog { knows(where: {list: [1, 2]}) knows(where: {list: [2, 1]}) }`: "differing arguments" + differ,
		`dog { knows(where: {a: 1}) knows(where: {a: 1, b: 1}) }`:           "differing arguments" + differ,
		// Objects that exclude each other.
		`pet { ... on Dog { volume: barkVolume } ... on Cat { volume: meowVolume } }`:      "",
		`pet { ... on Dog { x: name } ... on Cat { x: nickname } }`:                        `conflicting types "String!" and "String"`,
		`pet { ... on Dog { volume: barkVolume } ... on Cat { volume } }`:                  `conflicting types "Int" and "String!"`,
		`pet { ... on Dog { size } ... on Cat { size } }`:                                  `conflicting types "[Int]" and "Int"`,
		`pet { ... on Dog { box { wide } } ... on Cat { box { wide } } }`:                  "conflicting types",
		`pet { ... on Dog { x: friend { name } } ... on Cat { x: owner { n: name } } }`:    "",
		`pet { ... on Dog { x: friend { y: name } } ... on Cat { x: owner { y: age } } }`:  "conflicting types",
		`pet { ... on Dog { x: friend { y: name } } ... on Cat { x: owner { y: name } } }`: `conflicting types "String!" and "String"`,
		`any { ... on Dog { knows(command: SIT) } ... on Cat { knows: nickname } }`:        "conflicting types",
		`pet { ... on Dog { owner { name } } ... on Cat { owner { x: age name } } }`:       "",
		`pet { ... on Dog { owner { x: name } } ... on Cat { owner { x: age } } }`:         "conflicting types",
		// An interface goes with each of its types.
		`pet { name ... on Dog { name: nickname } }`:                            `conflicting types`,
		`pet { owner { name } ... on Dog { owner: friend { name } } }`:          "are different fields",
		`pet { friend { name } ... on Dog { friend { x: name } } }`:             "",
		`pet { friend { x: name } ... on Dog { friend { x: owner { age } } } }`: "different fields",
		// Below, and through fragments.
		`dog { owner { name } owner { x: age } }`:    "",
		`dog { owner { x: name } owner { x: age } }`: "different fields",
		`dog { ...A ...B }`:                          "different fields",
		`dog { ...A name }`:                          "",
		`dog { owner { ...P } ...D }`:                "different fields",
		`pets { friend { friend { x: name } } } pets { friend { friend { x: owner { age } } } }`: "different fields",
		`a: dog { name } b: dog { name: nickname }`:                                              "",
	} {
		library := !strings.HasSuffix(want, differ)
		want = strings.TrimSuffix(want, differ)
		query := `query ($c: Command, $d: Command) { ` + selection + ` }
			fragment A on Dog { x: name } fragment B on Dog { x: nickname }
			fragment P on Person { x: name } fragment D on Dog { owner { ...Q } } fragment Q on Person { x: age }`
		check := func(rule core.RuleFunc) string {
			doc, err := parser.ParseQuery(&ast.Source{Input: query})
			if err != nil {
				t.Fatal(err)
			}
			return validator.ValidateWithRules(schema, doc, rules.NewRules(core.Rule{Name: "merge", RuleFunc: rule})).Error()
		}
		if got := check(fieldsMerge); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", selection, got, want)
		}
		if got := check(rules.OverlappingFieldsCanBeMergedRule.RuleFunc); library && (got == "") != (want == "") {
			t.Errorf("%s: the library says %q, we want %q", selection, got, want)
		}
	}
}

// TestErrorsOfADocumentAreNotCollectedWithoutEnd: fragments are walked again
// from each that leads to them.
func TestErrorsOfADocumentAreNotCollectedWithoutEnd(t *testing.T) {
	query := `{ ...F0 } ` + numberedText(20, func(i int) string {
		return fmt.Sprintf(`fragment F%d on Query { a b c d e viewer ...F%d } `, i, i+1)
	}) + `fragment F20 on Query { __typename }`
	for _, suggest := range []bool{true, false} {
		doc, err := parser.ParseQuery(&ast.Source{Input: query})
		if err != nil {
			t.Fatal(err)
		}
		if errs := validator.ValidateWithRules(testSchema(), doc, validation(suggest, 10)()); len(errs) != 10 {
			t.Errorf("%d errors, want 10", len(errs))
		}
	}
	for _, introspection := range []bool{true, false} { // with the two rules that it chooses
		e, _ := prepared(Options{Limits: DefaultLimits(), Introspection: introspection})
		_, errs := e.CreateOperationContext(graphql.StartOperationTrace(t.Context()), &graphql.RawParams{Query: query})
		if len(errs) != 10 {
			t.Errorf("the executor gives %d errors, want 10", len(errs))
		}
	}
}
