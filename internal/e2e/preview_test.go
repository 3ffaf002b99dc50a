package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/role"
)

// preview asks what a change of a role would change.
func (cl *client) preview(role string, change vars, page ...vars) *answer {
	cl.c.t.Helper()
	v := input(vars{"roleId": role}, []vars{change})
	for _, p := range page {
		for name, value := range p {
			v[name] = value
		}
	}
	return cl.do(`query($in: PreviewRoleChangeInput!, $first: Int, $after: ID) { previewRoleChange(input: $in, first: $first, after: $after) {
		role { name version } affected hidden complete permissions { permission gained lost widened narrowed }
		users { user { id username } changes { permission kind from to } }
	} }`, v)
}

// effects are what a preview says by login, permission, as "OWN > ANY GAINED".
func (a *answer) effects() map[string]map[string]string {
	a.t.Helper()
	all := map[string]map[string]string{}
	for i := range a.list("previewRoleChange.users") {
		path := fmt.Sprintf("previewRoleChange.users.%d.", i)
		changes := map[string]string{}
		for j := range a.list(path + "changes") {
			at := fmt.Sprintf("%schanges.%d.", path, j)
			changes[a.text(at+"permission")] = fmt.Sprintf("%v > %v %s", a.at(at+"from"), a.at(at+"to"), a.text(at+"kind"))
		}
		all[a.text(path+"user.username")] = changes
	}
	return all
}

// holds is what somebody may do, as they are told themselves.
func (c *clinic) holds(login string) map[string]string {
	c.t.Helper()
	a, held := c.as(login).do(`{ viewer { permissions { name scope } } }`).ok(), map[string]string{}
	for i := range a.list("viewer.permissions") {
		path := fmt.Sprintf("viewer.permissions.%d.", i)
		held[a.text(path+"name")] = a.text(path + "scope")
	}
	return held
}

// differences are effects by what people hold before and after.
func differences(before, after map[string]map[string]string) map[string]map[string]string {
	wide := []string{"", "OWN", "UNIT", "ANY"}
	all := map[string]map[string]string{}
	for login := range before {
		changes := map[string]string{}
		for _, p := range slices.Concat(slices.Collect(maps.Keys(before[login])), slices.Collect(maps.Keys(after[login]))) {
			from, to := before[login][p], after[login][p]
			kind := map[bool]string{true: "WIDENED", false: "NARROWED"}[slices.Index(wide, to) > slices.Index(wide, from)]
			switch {
			case from == to:
				continue
			case from == "":
				from, kind = "<nil>", "GAINED"
			case to == "":
				to, kind = "<nil>", "LOST"
			}
			changes[p] = from + " > " + to + " " + kind
		}
		if len(changes) > 0 {
			all[login] = changes
		}
	}
	return all
}

// TestAPreviewSaysWhatSavingDoes previews each change, looks that nothing has
// changed, makes it, and holds what people may do then against what was said.
func TestAPreviewSaysWhatSavingDoes(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss := c.as(admin)
		people := []string{customerA, customerB, staffNorth, staffSouth, doctorNorth, doctorSouth, manager}
		r := boss.createRole("helper", may("booking:read", "UNIT"), may("customer:read", "ANY"), may("audit_log:read", "OWN")).ok().text("createRole.role.id")
		for _, login := range []string{customerA, staffNorth, staffSouth, doctorNorth, doctorSouth} {
			boss.assign(login, r).ok()
		}
		boss.assign(customerB, r, vars{"expiresAt": opening.Add(time.Minute)}).ok()
		boss.grant(staffSouth, "audit_log:read", false).ok()                                                // which beats the role before and after
		boss.grant(doctorSouth, "operation_log:read", true, vars{"expiresAt": opening.Add(time.Hour)}).ok() // directly, already
		boss.grant(customerA, "booking:read", false, vars{"expiresAt": opening.Add(30 * time.Second)}).ok() // not for long
		c.clock.move(time.Minute)                                                                           // the role of customer B has ended

		everybody := func() map[string]map[string]string {
			held := map[string]map[string]string{}
			for _, login := range people {
				held[login] = c.holds(login)
			}
			return held
		}
		active := func(s role.Status) func() {
			return func() {
				c.arrange(func(client *ent.Client) error {
					return client.Role.UpdateOneID(uuid.MustParse(r)).SetStatus(s).Exec(c.system())
				})
			}
		}
		wider := []vars{may("booking:read", "ANY"), may("operation_log:read", "ANY"), may("audit_log:read", "ANY"), may("points:read", "OWN")}
		for name, step := range []struct {
			change vars
			save   func()
		}{
			{vars{"permissions": wider}, func() { boss.setRole(r, wider).ok() }},
			{vars{"status": "INACTIVE"}, active(role.StatusInactive)},
			{vars{"permissions": []vars{may("points:read", "ANY")}}, func() { boss.setRole(r, []vars{may("points:read", "ANY")}).ok() }},
			{vars{"status": "ACTIVE"}, active(role.StatusActive)},
			{vars{"assignTo": []string{c.users[customerB], c.users[staffNorth]}, "revokeFrom": []string{c.users[doctorNorth]}}, func() {
				boss.assign(customerB, r).ok()
				boss.assign(staffNorth, r).ok()
				boss.revoke(doctorNorth, r).ok()
			}},
			{vars{"permissions": []vars{}}, func() { boss.setRole(r, []vars{}).ok() }},
		} {
			before := everybody()
			said := boss.preview(r, step.change).ok()
			if diff := cmp.Diff(before, everybody()); diff != "" {
				t.Errorf("step %d: a preview has changed something:\n%s", name, diff)
			}
			step.save()
			after := everybody()
			if diff := cmp.Diff(differences(before, after), said.effects()); diff != "" {
				t.Errorf("step %d (-saved +previewed):\n%s", name, diff)
			}
			if n := said.number("previewRoleChange.affected"); n != len(said.effects()) || said.at("previewRoleChange.complete") != true {
				t.Errorf("step %d: %s", name, said.body)
			}
			counted := map[string]map[string]int{}
			for _, changes := range differences(before, after) {
				for p, change := range changes {
					if counted[p] == nil {
						counted[p] = map[string]int{"GAINED": 0, "LOST": 0, "WIDENED": 0, "NARROWED": 0}
					}
					counted[p][change[strings.LastIndex(change, " ")+1:]]++
				}
			}
			told := map[string]map[string]int{}
			for i := range said.list("previewRoleChange.permissions") {
				path := fmt.Sprintf("previewRoleChange.permissions.%d.", i)
				told[said.text(path+"permission")] = map[string]int{
					"GAINED": said.number(path + "gained"), "LOST": said.number(path + "lost"), "WIDENED": said.number(path + "widened"), "NARROWED": said.number(path + "narrowed"),
				}
			}
			if diff := cmp.Diff(counted, told); diff != "" {
				t.Errorf("step %d (-saved +counted):\n%s", name, diff)
			}
		}
	})
}

func TestAPreviewRefusesWhatSavingRefuses(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, all := c.as(admin), c.as(manager)
		r := boss.createRole("helper", may("booking:read", "UNIT")).ok().text("createRole.role.id")
		wide := boss.createRole("wide", may("audit_log:read", "ANY")).ok().text("createRole.role.id")
		to := func(p ...vars) vars { return vars{"permissions": append([]vars{}, p...)} }
		all.preview(r, to(may("audit_log:read", "ANY"))).refused("FORBIDDEN")
		all.preview(wide, to()).refused("FORBIDDEN")
		all.preview(c.roles["customer"], to()).refused("FORBIDDEN")
		all.preview(c.roles["customer"], vars{"status": "INACTIVE"}).refused("FORBIDDEN")
		all.preview(missing(ent.TypeRole), to()).refused("NOT_FOUND")
		all.preview(r, to(may("moon:land", "ANY"))).refused("BAD_USER_INPUT").about("input.permissions.0.permission")
		all.preview(r, to(may("booking:*", "ANY"))).refused("BAD_USER_INPUT").about("input.permissions.0.permission")
		all.preview(r, to(may("booking:read", "ANY"), may("booking:read", "OWN"))).refused("BAD_USER_INPUT").about("input.permissions.1.permission")
		all.preview(r, vars{}).refused("BAD_USER_INPUT").about("input")
		all.preview(r, vars{"assignTo": []string{c.users[customerA]}, "revokeFrom": []string{c.users[customerA]}}).refused("BAD_USER_INPUT").about("input.revokeFrom.0")
		all.preview(r, vars{"assignTo": []string{c.users[admin]}}).refused("FORBIDDEN")
		all.preview(r, vars{"revokeFrom": []string{c.users[manager]}}).refused("FORBIDDEN")
		all.preview(r, vars{"assignTo": []string{missing(ent.TypeUser)}}).refused("NOT_FOUND")
		all.preview(wide, vars{"assignTo": []string{c.users[customerA]}}).refused("FORBIDDEN")
		boss.assign(manager, r).ok()
		all.preview(r, to()).refused("FORBIDDEN") // one's own
		c.as(staffNorth).preview(r, to()).refused("FORBIDDEN")
		boss.grant(staffNorth, "role:read", true).ok()
		c.as(staffNorth).preview(r, to()).refused("FORBIDDEN")
		c.as(staffNorth).preview(r, vars{"revokeFrom": []string{c.users[customerA]}}).refused("FORBIDDEN")
		boss.preview(r, to(), vars{"first": 101}).refused("BAD_USER_INPUT").about("first")
		boss.preview(r, to(), vars{"first": -1}).refused("BAD_USER_INPUT").about("first")
	})
}

func TestAPreviewCountsWhomItMayNotShow(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, lead := c.as(admin), c.as(staffNorth)
		r := boss.createRole("helper", may("booking:read", "ANY")).ok().text("createRole.role.id")
		for _, login := range []string{customerA, customerB, doctorNorth, doctorSouth} {
			boss.assign(login, r).ok()
		}
		for _, p := range []string{"role:read", "role:update", "booking:read"} {
			boss.grant(staffNorth, p, true).ok()
		}
		a := lead.preview(r, vars{"permissions": []vars{}}).ok().want("previewRoleChange.affected", `4`).want("previewRoleChange.hidden", `3`)
		if diff := cmp.Diff(map[string]map[string]string{doctorNorth: {"booking:read": "ANY > OWN NARROWED"}}, a.effects()); diff != "" {
			t.Error(diff)
		}
		// Pages.
		var seen []string
		after := vars{"first": 3}
		for range 3 {
			page := boss.preview(r, vars{"permissions": []vars{}}, after).ok().want("previewRoleChange.affected", `4`).want("previewRoleChange.hidden", `0`)
			for i := range page.list("previewRoleChange.users") {
				seen = append(seen, page.text(fmt.Sprintf("previewRoleChange.users.%d.user.username", i)))
				after["after"] = page.text(fmt.Sprintf("previewRoleChange.users.%d.user.id", i))
			}
		}
		slices.Sort(seen)
		if diff := cmp.Diff([]string{customerA, customerB, doctorNorth, doctorSouth}, seen); diff != "" {
			t.Error(diff)
		}
	})
}
