package graph

import (
	"maps"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// validation gives the rules of validation for each document anew, as the
// executor changes them. It replaces what is wrong with the library's:
//
//   - Five rules say "Did you mean", which describes the schema to those from
//     whom introspection keeps it. The executor's own switch is for two of them
//     and does not know those that stand here. For a type it is never said: the
//     search compares the whole document with the whole schema.
//   - MaxIntrospectionDepth visits a fragment as often as it is spread, which
//     doubles with each line; the limit of introspection takes its place.
//   - OverlappingFieldsCanBeMerged compares pairs of fields, and does not end on
//     some documents; see overlap.go.
//   - Each fragment is walked again from each that leads to it, and its errors
//     are collected each time. No more are kept than are answered.
func validation(suggest bool, errors int) func() *rules.Rules {
	return func() *rules.Rules {
		r := rules.NewDefaultRules()
		r.RemoveRule(rules.MaxIntrospectionDepth.Name)
		r.ReplaceRule(rules.OverlappingFieldsCanBeMergedRule.Name, fieldsMerge)
		r.ReplaceRule(rules.KnownTypeNamesRule.Name, rules.KnownTypeNamesRuleWithoutSuggestions.RuleFunc)
		if !suggest {
			r.ReplaceRule(rules.KnownArgumentNamesRule.Name, rules.KnownArgumentNamesRuleWithoutSuggestions.RuleFunc)
			r.ReplaceRule(rules.ValuesOfCorrectTypeRule.Name, rules.ValuesOfCorrectTypeRuleWithoutSuggestions.RuleFunc)
			// The executor would add these two under their names.
			r.RemoveRule(rules.FieldsOnCorrectTypeRule.Name)
			r.AddRule(rules.FieldsOnCorrectTypeRuleWithoutSuggestions.Name, rules.FieldsOnCorrectTypeRuleWithoutSuggestions.RuleFunc)
			r.RemoveRule(rules.ScalarLeafsRule.Name)
			r.AddRule(rules.ScalarLeafsRuleWithoutSuggestions.Name, rules.ScalarLeafsRuleWithoutSuggestions.RuleFunc)
		}
		found := 0
		for name, rule := range r.GetInner() {
			r.ReplaceRule(name, func(observers *core.Events, addError core.AddErrFunc) {
				rule(observers, func(options ...core.ErrorOption) {
					if found++; found <= errors {
						addError(options...)
					}
				})
			})
		}
		return r
	}
}

// served is the schema without @defer, which the library declares in each: over
// plain JSON a deferred field would be null for good. Validation refuses it as a
// directive that is not known, and introspection does not offer it. What speaks
// to the generator is not shown either: the served schema is the published one.
func served(schema *ast.Schema) *ast.Schema {
	own := *schema
	own.Directives = maps.Clone(schema.Directives)
	maps.DeleteFunc(own.Directives, func(name string, _ *ast.DirectiveDefinition) bool { return name == "defer" || ofGenerator(name) })
	return &own
}
