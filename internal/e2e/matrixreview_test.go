package e2e

import (
	"cmp"
	"time"

	"clinicgraph/ent"
)

// reviewVerbs report on grants, review them, and take emergency access.
func (d *diary) reviewVerbs() (questions []question) {
	ask := func(field, about string, ask func(c caller) *answer) {
		questions = append(questions, question{field, about, func(c caller) string { return outcome(ask(c), "done") }})
	}
	due := vars{"dueAt": d.clock.now().Add(time.Hour)}
	start := func(who *client) *answer { return who.startReview(due, vars{"roleIds": []string{d.roles["staff"]}}) }
	ask("accessFindings", "", func(c caller) *answer { return c.do(`{ accessFindings(first: 1) { edges { node { reasons } } } }`) })
	ask("auditChain", "", func(c caller) *answer { return c.do(`{ auditChain { archives { file } } }`) })
	ask("startAccessReview", "of the front desk", func(c caller) *answer { return start(c.client) })
	ask("attestAccessReviewItem", "of the front desk", func(c caller) *answer { return c.attest(start(d.as(admin)).ok().item("staff.north staff")) })
	ask("attestAccessReviewItem", "missing", func(c caller) *answer { return c.attest(missing(ent.TypeAccessReviewItem)) })
	ask("revokeAccessReviewItem", "of a newcomer at the desk", func(c caller) *answer {
		d.as(admin).assign(customerB, d.roles["staff"]).ok()
		return c.revokeItem(start(d.as(admin)).ok().item("customer.b staff"))
	})
	ask("revokeAccessReviewItem", "missing", func(c caller) *answer { return c.revokeItem(missing(ent.TypeAccessReviewItem)) })
	ask("closeAccessReview", "undecided", func(c caller) *answer {
		return c.closeReview(start(d.as(admin)).ok().text("startAccessReview.accessReview.id"))
	})
	ask("closeAccessReview", "missing", func(c caller) *answer { return c.closeReview(missing(ent.TypeAccessReview)) })
	ask("breakGlass", "", func(c caller) *answer {
		a := c.breakGlass(vars{"permissions": []string{"appointment:read_notes"}, "minutes": 5})
		if a.code() == "" {
			c.endGlass().ok()
		}
		return a
	})
	ask("endBreakGlass", "own, none", func(c caller) *answer { return c.endGlass() })
	ask("endBreakGlass", "near", func(c caller) *answer {
		if cmp.Or(c.account, "nobody") != doctorNext {
			d.as(doctorNext).breakGlass(vars{"permissions": []string{"appointment:read_notes"}})
		}
		return c.endGlass(vars{"userId": d.users[doctorNext]})
	})
	return questions
}
