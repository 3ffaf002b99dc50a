package compiled

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/internal/access"
)

// door is a permission that somebody who is signed in must have; without a permission
// it is enough to be signed in.
type door struct {
	permission string
	number     access.Number
}

// narrow is a field of its own permission, which may reach less far than that of the
// type. Where it does the executor looks at each object.
type narrow struct{ permission, wide string }

// doorsOf reads what a field asks for: by its own directives, and by those of the type
// that it gives or pages through. What it does not know closes the field to plans.
func doorsOf(schema *ast.Schema, f *ast.FieldDefinition) ([]door, error) {
	doors, err := directives(f.Directives, nil)
	if err != nil {
		return nil, err
	}
	target := schema.Types[f.Type.Name()]
	if target == nil || target.Kind != ast.Object {
		return doors, nil
	}
	if node, page := strings.CutSuffix(target.Name, "Connection"); page && schema.Types[node] != nil {
		target = schema.Types[node]
	}
	return directives(target.Directives, doors)
}

func directives(all ast.DirectiveList, doors []door) ([]door, error) {
	for _, d := range all {
		switch d.Name {
		case "public", "deprecated", "goField", "goModel":
		case "authenticated":
			doors = append(doors, door{})
		case "hasPermission":
			permission := d.Arguments.ForName("permission").Value.Raw
			doors = append(doors, door{permission, access.NumberOf(permission)})
		default:
			return nil, unplanned("directive @" + d.Name)
		}
	}
	return doors, nil
}

// open says whether the viewer may come through all of them.
func open(v *access.Viewer, doors []door) bool {
	for _, d := range doors {
		if v.Anonymous() || v.MustChangePassword || d.permission != "" && !v.Can(d.permission) {
			return false
		}
	}
	return true
}

// use notes that the viewer came through them.
func use(v *access.Viewer, doors []door) {
	for _, d := range doors {
		if d.permission != "" {
			v.PassNumber(d.number, d.permission)
		}
	}
}

// addDoors adds those that are new.
func addDoors(doors []door, more ...door) []door {
next:
	for _, m := range more {
		for _, d := range doors {
			if d == m {
				continue next
			}
		}
		doors = append(doors, m)
	}
	return doors
}
