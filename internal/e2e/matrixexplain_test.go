package e2e

import (
	"cmp"

	"clinicgraph/ent"
)

// explanations are the questions about access itself.
func (d *diary) explanations() (questions []question) {
	ask := func(field, about string, ask func(c caller) *answer) {
		questions = append(questions, question{field, about, func(c caller) string { return outcome(ask(c), "told") }})
	}
	ask("explainPermission", "own", func(c caller) *answer { return c.explain(d.userByLogin(cmp.Or(c.account, c.near)), "booking:read") })
	ask("explainPermission", "near", func(c caller) *answer { return c.explain(d.near.doctor, "booking:read") })
	ask("explainPermission", "far", func(c caller) *answer { return c.explain(d.far.doctor, "booking:read") })
	ask("explainPermission", "missing", func(c caller) *answer { return c.explain(missing(ent.TypeUser), "booking:read") })
	ask("explainPermission", "near, a far booking", func(c caller) *answer { return c.explain(d.near.doctor, "booking:read", d.far.booking) })
	own := d.as(admin).createRole("to preview", may("booking:read", "ANY")).ok().text("createRole.role.id")
	change := vars{"permissions": []vars{may("booking:read", "OWN")}}
	ask("previewRoleChange", "of the clinic's own role", func(c caller) *answer { return c.preview(own, change) })
	ask("previewRoleChange", "of a system role", func(c caller) *answer { return c.preview(d.roles["customer"], change) })
	ask("previewRoleChange", "giving it", func(c caller) *answer { return c.preview(own, vars{"assignTo": []string{d.users[customerA]}}) })
	ask("previewRoleChange", "of a missing role", func(c caller) *answer { return c.preview(missing(ent.TypeRole), change) })
	return questions
}
