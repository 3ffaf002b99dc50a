package e2e

import (
	"cmp"
	"maps"
	"slices"
	"strings"

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
	ask("explainPermission", "deleted", func(c caller) *answer { return c.explain(d.deleted(ent.TypeUser), "booking:read") })
	ask("explainPermission", "near, a far booking", func(c caller) *answer { return c.explain(d.near.doctor, "booking:read", d.far.booking) })
	own := d.as(admin).createRole("to preview", may("booking:read", "ANY")).ok().text("createRole.role.id")
	change := vars{"permissions": []vars{may("booking:read", "OWN")}}
	ask("previewRoleChange", "of the clinic's own role", func(c caller) *answer { return c.preview(own, change) })
	ask("previewRoleChange", "of a system role", func(c caller) *answer { return c.preview(d.roles["customer"], change) })
	ask("previewRoleChange", "giving it", func(c caller) *answer { return c.preview(own, vars{"assignTo": []string{d.users[customerA]}}) })
	ask("previewRoleChange", "of a missing role", func(c caller) *answer { return c.preview(missing(ent.TypeRole), change) })
	ask("previewRoleChange", "of a deleted role", func(c caller) *answer { return c.preview(d.deleted(ent.TypeRole), change) })
	for _, about := range []string{"near", "far", "missing", "deleted"} {
		ask("timeline", about, func(c caller) *answer { return c.timeline(ent.TypeBooking, d.which(ent.TypeBooking, about, c)) })
	}
	ask("timeline", "the own order", func(c caller) *answer { return c.timeline(ent.TypeOrder, d.near.order) })
	ask("timeline", "the far order", func(c caller) *answer { return c.timeline(ent.TypeOrder, d.far.order) })
	ask("timeline", "no type", func(c caller) *answer { return c.timeline("AuditLog", d.near.booking) })
	span := vars{"type": ent.TypeBooking, "from": at(8, 0), "to": at(20, 0)}
	for _, about := range []string{"near", "far", "missing", "deleted"} {
		for field, document := range map[string]string{"asOf": asOf, "changes": changesOf} {
			ask(field, about, func(c caller) *answer {
				of := maps.Clone(span)
				of["id"] = d.which(ent.TypeBooking, about, c)
				return c.do(document, of)
			})
		}
	}
	slices.SortStableFunc(questions, func(a, b question) int { return strings.Compare(a.field, b.field) })
	return questions
}
