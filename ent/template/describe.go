package template

import (
	"fmt"
	"strings"

	"entgo.io/ent/entc/gen"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/ent/schema"
)

// describe fills every description that entgql leaves out, and fails on what it
// cannot fill: the published graph has none without.
func describe(g *gen.Graph, s *ast.Schema) error {
	for _, t := range g.Nodes {
		note := said(t.Annotations)
		if note.Internal {
			continue
		}
		describeType(t, s.Types[t.Name], note)
		for _, f := range t.Fields {
			describeEnum(t, f, s)
		}
		describePages(t, s)
	}
	describeQuery(g, s.Types["Query"])
	describeOrders(s)
	return undescribed(s)
}

func describeType(t *gen.Type, def *ast.Definition, note schema.Annotation) {
	def.Description = sentence(comment(t), words(t.Name)) + needs(note.Door)
	def.Fields.ForName("id").Description = "The id, opaque to clients."
	for _, f := range t.Fields {
		if field := def.Fields.ForName(graphName(f.Name)); field != nil {
			field.Description = sentence(f.Comment(), words(f.Name)) + needs(said(f.Annotations).Door)
		}
	}
	for _, m := range moneyFields(t) {
		def.Fields.ForName(m.Name).Description = sentence(m.Amount.Comment(), words(m.Name))
	}
	for _, e := range t.Edges {
		field := def.Fields.ForName(camel(e.Name))
		if field == nil || !isShown(t, e) {
			continue
		}
		field.Description = sentence(e.Comment(), words(e.Name))
		switch {
		case isConnection(t, e):
			field.Description += pageSentence
			describeArguments(field)
		case !e.Unique:
			field.Description += " At most 100."
		case !field.Type.NonNull:
			field.Description += " Null when there is none or it is not the caller's to see."
		}
		if there := edgeDoor(e); there != note.Door {
			field.Description += needs(there)
		}
	}
}

const pageSentence = " A page of 20 unless asked otherwise, at most 100; newest first."

// comment gives the text of schema.Comment.
func comment(t *gen.Type) string {
	if raw, ok := t.Annotations["Comment"].(map[string]any); ok {
		text, _ := raw["Text"].(string)
		return text
	}
	return ""
}

// sentence ends a text with a full stop; without a text it makes do with the
// name.
func sentence(text, name string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		text = name
	}
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// words spells a name of code as people do: starts_at is "starts at".
func words(name string) string {
	return strings.ReplaceAll(snake(name), "_", " ")
}

func needs(d schema.Door) string {
	switch d.Kind {
	case "hasPermission":
		return fmt.Sprintf(" Needs `%s`.", d.Permission)
	case "authenticated":
		return " For everybody who is signed in."
	case "public":
		return " For everybody."
	default:
		return ""
	}
}

func describeEnum(t *gen.Type, f *gen.Field, s *ast.Schema) {
	def := s.Types[t.Name+f.StructField()]
	if !f.IsEnum() || def == nil {
		return
	}
	def.Description = fmt.Sprintf("What `%s` of %s can be.", graphName(f.Name), t.Name)
	meanings := said(f.Annotations).Meanings
	for _, v := range def.EnumValues {
		v.Description = sentence(meanings[v.Name], words(strings.ToLower(v.Name)))
	}
}

// describePages describes the types of a connection, its filter and its order.
func describePages(t *gen.Type, s *ast.Schema) {
	name := t.Name
	if def := s.Types[name+"Connection"]; def != nil {
		def.Description = fmt.Sprintf("A page of %s objects.", name)
		def.Fields.ForName("edges").Description = "The objects of the page, each with its cursor."
		def.Fields.ForName("pageInfo").Description = "What lies before and after the page."
		def.Fields.ForName("totalCount").Description = "How many objects the whole list has; costs a query of its own."
	}
	if def := s.Types[name+"Edge"]; def != nil {
		def.Description = fmt.Sprintf("An object of %s in a page.", name)
		def.Fields.ForName("node").Description = "The object."
		def.Fields.ForName("cursor").Description = "The object's place in the list, for `after` and `before`."
	}
	if def := s.Types[name+"WhereInput"]; def != nil {
		def.Description = fmt.Sprintf("Which %s objects to show; all that is given must hold.", name)
		def.Fields.ForName("not").Description = "This must not hold."
		def.Fields.ForName("and").Description = "All of these must hold."
		def.Fields.ForName("or").Description = "One of these must hold."
	}
	if def := s.Types[name+"Order"]; def != nil {
		def.Description = fmt.Sprintf("The order of a list of %s objects; ties are broken by id.", name)
		def.Fields.ForName("direction").Description = "Ascending or descending."
		def.Fields.ForName("field").Description = "What to order by."
	}
	if def := s.Types[name+"OrderField"]; def != nil {
		def.Description = fmt.Sprintf("What a list of %s objects can be ordered by.", name)
		for _, f := range t.Fields {
			if v := def.EnumValues.ForName(said(f.Annotations).Order); v != nil {
				v.Description = fmt.Sprintf("By `%s`.", graphName(f.Name))
			}
		}
	}
}

func describeArguments(field *ast.FieldDefinition) {
	for _, arg := range field.Arguments {
		arg.Description = map[string]string{
			"after":   "Only what comes after this cursor of the same list.",
			"before":  "Only what comes before this cursor of the same list.",
			"first":   "The size of the page, from the beginning: 0 to 100, 20 when neither `first` nor `last` is given.",
			"last":    "The size of the page, from the end: 0 to 100. Not together with `first`.",
			"orderBy": "The order; newest first when it is not given.",
			"where":   "Which objects to show; all that the caller may see when it is not given.",
		}[arg.Name]
	}
}

func describeQuery(g *gen.Graph, query *ast.Definition) {
	query.Description = "What can be read."
	node, nodes := query.Fields.ForName("node"), query.Fields.ForName("nodes")
	node.Description = "The object with this id, whatever its type. Needs what its type needs; NOT_FOUND when there is none or it is not the caller's to see."
	node.Arguments.ForName("id").Description = "The id of any object."
	nodes.Description = "The objects with these ids, in their order; null, with an error, for each that is not there."
	nodes.Arguments.ForName("ids").Description = "At most 100 ids."
	for _, t := range g.Nodes {
		note := said(t.Annotations)
		if !note.List {
			continue
		}
		field := query.Fields.ForName(listName(t))
		field.Description = fmt.Sprintf("The %s objects that the caller may see.", t.Name) + pageSentence + needs(note.Door)
		describeArguments(field)
	}
}

func describeOrders(s *ast.Schema) {
	if def := s.Types["OrderDirection"]; def != nil {
		def.Description = "The direction of a list."
		def.EnumValues.ForName("ASC").Description = "The least first."
		def.EnumValues.ForName("DESC").Description = "The greatest first."
	}
	if def := s.Types["Node"]; def != nil {
		def.Description = "An object with an id of its own, which `node` finds again."
		def.Fields.ForName("id").Description = "The id, opaque to clients."
	}
	if def := s.Types["PageInfo"]; def != nil {
		def.Description = "What lies before and after a page."
		for name, text := range map[string]string{
			"hasNextPage":     "Whether more follows after the page.",
			"hasPreviousPage": "Whether something comes before the page.",
			"startCursor":     "The cursor of the first object, for `before`; null in an empty page.",
			"endCursor":       "The cursor of the last object, for `after`; null in an empty page.",
		} {
			def.Fields.ForName(name).Description = text
		}
	}
}

// undescribed names what has no description.
func undescribed(s *ast.Schema) error {
	var names []string
	for _, name := range sorted(s.Types) {
		def := s.Types[name]
		if def.Description == "" {
			names = append(names, name)
		}
		for _, f := range def.Fields {
			if f.Description == "" {
				names = append(names, name+"."+f.Name)
			}
			for _, a := range f.Arguments {
				if a.Description == "" {
					names = append(names, name+"."+f.Name+"("+a.Name+":)")
				}
			}
		}
		for _, v := range def.EnumValues {
			if v.Description == "" {
				names = append(names, name+"."+v.Name)
			}
		}
	}
	if len(names) > 0 {
		return fmt.Errorf("without a description: %s", strings.Join(names, ", "))
	}
	return nil
}
