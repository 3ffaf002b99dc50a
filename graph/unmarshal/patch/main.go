// Command patch has what gqlgen generates keep how input types are read, instead
// of finding it out for each operation. It is run by make generate, in the
// project's top folder, and fails where the text that it changes is not there just
// once: gqlgen has changed then, and somebody looks whether this is still needed.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"
)

const file = "graph/generated/root_.generated.go"

func main() {
	log.SetFlags(0)
	text, err := os.ReadFile(file)
	if err == nil {
		text, err = patch(text)
	}
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		log.Fatalf("patch %s: %v", file, err)
	}
}

// The list of the functions begins and ends so. They are bound to no operation:
// what they need of one is in their context.
const (
	begin = "\tinputUnmarshalMap := graphql.BuildUnmarshalerMap(\n"
	end   = "\n\t)\n"

	ourBegin = "\tinputUnmarshalMap := unmarshal.Of(e.Resolvers, func() unmarshal.Readers {\n" +
		"\t\tec := newExecutionContext(&graphql.OperationContext{}, e, nil)\n" +
		"\t\treturn graphql.BuildUnmarshalerMap(\n"
	ourEnd = "\n)\n})\n"

	imports    = "\t\"clinicgraph/graph/model\"\n"
	ourImports = imports + "\t\"clinicgraph/graph/unmarshal\"\n"
)

func patch(text []byte) ([]byte, error) {
	for _, once := range []string{begin, imports} {
		if n := bytes.Count(text, []byte(once)); n != 1 {
			return nil, fmt.Errorf("%q is there %d times, not once", once, n)
		}
	}
	before, rest, _ := bytes.Cut(text, []byte(begin))
	list, after, ended := bytes.Cut(rest, []byte(end))
	if !ended {
		return nil, fmt.Errorf("the list of input types has no end")
	}
	before = bytes.Replace(before, []byte(imports), []byte(ourImports), 1)
	return format.Source(bytes.Join([][]byte{before, []byte(ourBegin), list, []byte(ourEnd), after}, nil))
}
