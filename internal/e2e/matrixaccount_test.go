package e2e

import (
	"fmt"

	"clinicgraph/ent"
)

// accountVerbs make, change, shut and delete accounts: of somebody with less, of
// the caller, of somebody with more, of nobody.
func (d *diary) accountVerbs() (questions []question) {
	made := 0
	fresh := func() string { made++; return fmt.Sprintf("account-%d", made) }
	ask := func(field, about string, ask func(c caller) *answer) {
		questions = append(questions, question{field, about, func(c caller) string { return outcome(ask(c), "done") }})
	}
	type target struct {
		about string
		user  func(c caller) string
	}
	targets := []target{
		{"a customer", func(caller) string { return d.anyone().join(fresh()).ok().text("register.session.viewer.user.id") }},
		{"the own", func(c caller) string {
			if c.account == "" {
				return customerA
			}
			return d.userByLogin(c.account)
		}},
		{"an administrator", func(caller) string { return otherAdmin }},
		{"missing", func(caller) string { return missing(ent.TypeUser) }},
		{"deleted", func(caller) string { return d.deleted(ent.TypeUser) }},
	}
	ask("createUser", "without roles", func(c caller) *answer { return c.newUser(fresh()) })
	ask("createUser", "with the role staff", func(c caller) *answer { return c.newUser(fresh(), vars{"roleIds": []string{d.roles["staff"]}}) })
	ask("createUser", "with the role admin", func(c caller) *answer { return c.newUser(fresh(), vars{"roleIds": []string{d.roles["admin"]}}) })
	ask("createUser", "of a name in use", func(c caller) *answer { return c.newUser(customerA) })
	for _, t := range targets {
		// Back to what they were, for those who come after.
		ask("updateUser", t.about+", address", func(c caller) *answer {
			user := t.user(c)
			if user == otherAdmin {
				return c.change(user, vars{"email": otherAdmin + "@example.org"})
			}
			return c.change(user, vars{"email": fresh() + "@example.org"})
		})
		ask("updateUser", t.about+", telephone", func(c caller) *answer { return c.change(t.user(c), vars{"phone": nil}) })
	}
	ask("updateProfile", "", func(c caller) *answer { return c.profile(vars{"phone": nil}) })
	before := map[string]string{"unlockUser": "lockUser", "reactivateUser": "deactivateUser"}
	for _, verb := range states {
		for _, t := range targets {
			if t.about == "an administrator" && (verb == "deleteUser" || verb == "requirePasswordChange" || verb == "lockUser" || verb == "deactivateUser") {
				t.user = func(caller) string { // not one of the callers
					id := d.as(admin).newUser(fresh(), vars{"roleIds": []string{d.roles["admin"]}}).ok().text("createUser.user.id")
					return id
				}
			}
			ask(verb, t.about, func(c caller) *answer {
				user := t.user(c)
				if first := before[verb]; first != "" && t.about == "a customer" {
					d.as(admin).state(first, user).ok()
				}
				return c.state(verb, user)
			})
		}
	}
	for _, t := range targets {
		ask("impersonate", t.about, func(c caller) *answer { return c.impersonate(t.user(c)) })
	}
	ask("impersonate", "a doctor", func(c caller) *answer { return c.impersonate(doctorSouth) })
	ask("stopImpersonating", "", func(c caller) *answer { return c.do(`mutation { stopImpersonating { stopped } }`) })
	ask("createApiToken", "with product:read", func(c caller) *answer { return c.apiToken(fresh(), "product:read") })
	ask("createApiToken", "with audit_log:read", func(c caller) *answer { return c.apiToken(fresh(), "audit_log:read") })
	ask("revokeApiToken", "the own", func(c caller) *answer {
		id := missing("ApiToken")
		if c.account != "" && c.account != d.first.Login {
			id = c.apiToken(fresh(), "product:read").ok().text("createApiToken.apiToken.id")
		}
		return c.revokeAPIToken(id)
	})
	ask("revokeApiToken", "far", func(c caller) *answer {
		return c.revokeAPIToken(d.as(customerB).apiToken(fresh(), "product:read").ok().text("createApiToken.apiToken.id"))
	})
	ask("revokeApiToken", "missing", func(c caller) *answer { return c.revokeAPIToken(missing("ApiToken")) })
	return questions
}
