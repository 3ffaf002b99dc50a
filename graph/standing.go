package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
)

// standing is what is known of an operation before its variables are, so that it is
// found out once for a text and not for each request.
type standing struct {
	definition *ast.OperationDefinition
	says       Operation                  // its type, name, root field and hash
	limited    ast.VariableDefinitionList // variables whose values have limits
	bill       atomic.Pointer[bill]       // nil: not known, or another one for other variables
}

// say is what the text of a document says of one of its operations.
func say(text string, operation *ast.OperationDefinition) Operation {
	return Operation{
		Type: string(operation.Operation), Name: Clip(operationName(operation)), Field: rootField(operation), Hash: hashOf(text),
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// rootField is the root field of an operation, by its name in the schema and not
// by the client's. The document is valid.
func rootField(op *ast.OperationDefinition) (found string) {
	spread := map[string]bool{} // each fragment once: fragments fan out
	var walk func(ast.SelectionSet) bool
	walk = func(set ast.SelectionSet) bool {
		for _, s := range set {
			more := true
			switch s := s.(type) {
			case *ast.Field:
				if found != "" && found != s.Name {
					found = severalFields
					return false
				}
				found = s.Name
			case *ast.InlineFragment:
				more = walk(s.SelectionSet)
			case *ast.FragmentSpread:
				if !spread[s.Name] && s.Definition != nil {
					spread[s.Name] = true
					more = walk(s.Definition.SelectionSet)
				}
			}
			if !more {
				return false
			}
		}
		return true
	}
	walk(op.SelectionSet)
	return found
}
