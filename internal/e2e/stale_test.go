package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/organizationalunit"
	"clinicgraph/ent/role"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
)

// waiting is a context of somebody who has passed the door with what they hold now,
// and waits for another change of access.
func (c *clinic) waiting(login string) context.Context {
	c.t.Helper()
	u, err := c.app.Store.Client.User.Query().Where(user.ID(uuid.MustParse(c.users[login]))).Only(c.system())
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := accounts.Viewer(c.system(), c.app.Store.Client, u)
	if err != nil {
		c.t.Fatal(err)
	}
	v.Now = c.clock.now
	return access.NewContext(c.t.Context(), v)
}

// administration is every verb under the lock of the administration, about somebody
// and something new each time: each is to succeed for an administrator.
func (c *clinic) administration() map[string]func(context.Context) error {
	boss, n := c.as(admin), 0
	fresh := func() string { n++; return fmt.Sprintf("fresh.%d", n) }
	somebody := func() uuid.UUID {
		return uuid.MustParse(c.anyone().join(fresh()).ok().text("register.session.viewer.user.id"))
	}
	aRole := func() uuid.UUID {
		return uuid.MustParse(boss.createRole(fresh(), may("product:read", "ANY")).ok().text("createRole.role.id"))
	}
	unit := func() uuid.UUID {
		return uuid.MustParse(boss.newUnit(fresh()).ok().text("createOrganizationalUnit.organizationalUnit.id"))
	}
	given := func() (whose, what uuid.UUID) {
		whose, what = somebody(), aRole()
		boss.assign(whose.String(), what.String()).ok()
		return whose, what
	}
	item := func() uuid.UUID {
		_, what := given()
		return uuid.MustParse(boss.startReview(vars{"roleIds": []string{what.String()}}).ok().text("startAccessReview.accessReview.items.edges.0.node.id"))
	}
	in := func(state string) uuid.UUID {
		id := somebody()
		boss.state(state, id.String()).ok()
		return id
	}
	a, because, text := c.app.Accounts, "story", "de"
	period := accounts.Period{Reason: because}
	granted := []access.RoleGrant{{Permission: access.ProductRead, Scope: access.ScopeAny}}
	all := map[string]func(context.Context) error{
		"createRole": func(ctx context.Context) error {
			return errOf(a.CreateRole(ctx, accounts.NewRole{Name: fresh(), Permissions: granted}))
		},
		"updateRole": func(ctx context.Context) error {
			return errOf(a.UpdateRole(ctx, accounts.RoleText{ID: aRole(), Description: &because}))
		},
		"setRolePermissions": func(ctx context.Context) error { return errOf(a.SetRolePermissions(ctx, aRole(), granted, nil)) },
		"setRoleStatus": func(ctx context.Context) error {
			return errOf(a.SetRoleStatus(ctx, aRole(), role.StatusInactive, nil, nil))
		},
		"deleteRole": func(ctx context.Context) error { return a.DeleteRole(ctx, aRole(), nil) },
		"assignRole": func(ctx context.Context) error {
			return errOf(a.AssignRole(ctx, accounts.Assignment{UserID: somebody(), RoleID: aRole(), Period: period}))
		},
		"revokeRole": func(ctx context.Context) error {
			whose, what := given()
			return a.RevokeRole(ctx, whose, what, nil)
		},
		"setUserPermission": func(ctx context.Context) error {
			return errOf(a.SetUserPermission(ctx, accounts.DirectGrant{UserID: somebody(), Permission: access.DirectoryRead, Allowed: true, Scope: access.ScopeAny, Period: period}))
		},
		"removeUserPermission": func(ctx context.Context) error {
			id := somebody()
			boss.grant(id.String(), access.DirectoryRead, true).ok()
			return a.RemoveUserPermission(ctx, id, access.DirectoryRead, nil)
		},
		"createOrganizationalUnit": func(ctx context.Context) error {
			return errOf(a.NewUnit(ctx, accounts.NewUnit{Name: fresh(), Kind: organizationalunit.KindDepartment, Timezone: "UTC"}))
		},
		"updateOrganizationalUnit": func(ctx context.Context) error {
			return errOf(a.UpdateUnit(ctx, accounts.UnitChange{ID: unit(), Description: accounts.Change[string]{Given: true, Value: &because}}))
		},
		"deleteOrganizationalUnit": func(ctx context.Context) error { return a.DeleteUnit(ctx, unit(), nil) },
		"createUser": func(ctx context.Context) error {
			name := fresh()
			return errOf(a.Create(ctx, accounts.Newcomer{Username: name, Email: name + "@example.org", GivenName: "New", Surname: "Person"}))
		},
		"updateUser": func(ctx context.Context) error {
			return errOf(a.Update(ctx, accounts.UserChange{ID: somebody(), Profile: accounts.Profile{Locale: accounts.Change[string]{Given: true, Value: &text}}}))
		},
		"lockUser":               func(ctx context.Context) error { return errOf(a.Lock(ctx, somebody(), because)) },
		"unlockUser":             func(ctx context.Context) error { return errOf(a.Unlock(ctx, in("lockUser"), nil)) },
		"deactivateUser":         func(ctx context.Context) error { return errOf(a.Deactivate(ctx, somebody(), nil)) },
		"reactivateUser":         func(ctx context.Context) error { return errOf(a.Reactivate(ctx, in("deactivateUser"), nil)) },
		"requirePasswordChange":  func(ctx context.Context) error { return errOf(a.RequirePasswordChange(ctx, somebody(), nil)) },
		"deleteUser":             func(ctx context.Context) error { return a.Delete(ctx, somebody(), nil) },
		"attestAccessReviewItem": func(ctx context.Context) error { return errOf(a.AttestItem(ctx, item(), nil)) },
		"revokeAccessReviewItem": func(ctx context.Context) error { return errOf(a.RevokeItem(ctx, item(), because)) },
		"startAccessReview": func(ctx context.Context) error {
			return errOf(a.StartReview(ctx, accounts.NewReview{Name: "Quarter", DueAt: opening.AddDate(0, 0, 7), Population: accounts.Population{Roles: []uuid.UUID{uuid.MustParse(c.roles["staff"])}}}))
		},
		"closeAccessReview": func(ctx context.Context) error {
			started := boss.startReview(vars{"roleIds": []string{c.roles["manager"]}}).ok()
			boss.attest(started.item(manager + " manager")).ok()
			return errOf(a.CloseReview(ctx, uuid.MustParse(started.text("startAccessReview.accessReview.id"))))
		},
	}
	return all
}

func errOf[T any](_ T, err error) error { return err }

// TestWhoWaitsIsJudgedByWhatIsLeftOfThem: whoever passes the door and then waits for
// another administrator is who they are when their turn comes, whatever the verb.
func TestWhoWaitsIsJudgedByWhatIsLeftOfThem(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, verbs := c.as(admin), c.administration()
		before := c.waiting(otherAdmin)
		for verb, do := range verbs {
			if err := do(before); err != nil {
				t.Errorf("%s, with everything: %v", verb, err)
			}
		}
		boss.revoke(otherAdmin, c.roles["admin"]).ok()
		for verb, do := range verbs {
			if err := do(before); fault.CodeOf(err) != fault.CodeForbidden {
				t.Errorf("%s, after everything was taken away: %v", verb, err)
			}
		}
		boss.assign(otherAdmin, c.roles["admin"]).ok()
		boss.state("lockUser", otherAdmin).ok()
		if err := verbs["createRole"](before); fault.CodeOf(err) != fault.CodeUnauthenticated {
			t.Errorf("with an account that is locked: %v", err)
		}
	})
}

// TestNobodyHandsOnWhatTheyHeldWhenTheyBeganToWait: the right to give is still there,
// and what is to be given is not.
func TestNobodyHandsOnWhatTheyHeldWhenTheyBeganToWait(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, before := c.as(admin), c.waiting(otherAdmin)
		wide := uuid.MustParse(boss.createRole("wide", may("audit_log:read", "ANY")).ok().text("createRole.role.id"))
		boss.grant(otherAdmin, "audit_log:read", false).ok()
		whom, a, period := uuid.MustParse(c.users[customerB]), c.app.Accounts, accounts.Period{Reason: "story"}
		reads := []access.RoleGrant{{Permission: access.AuditLogRead, Scope: access.ScopeAny}}
		for verb, err := range map[string]error{
			"createRole":         errOf(a.CreateRole(before, accounts.NewRole{Name: "auditor", Permissions: reads})),
			"setRolePermissions": errOf(a.SetRolePermissions(before, wide, reads, nil)),
			"assignRole":         errOf(a.AssignRole(before, accounts.Assignment{UserID: whom, RoleID: wide, Period: period})),
			"setUserPermission": errOf(a.SetUserPermission(before, accounts.DirectGrant{
				UserID: whom, Permission: access.AuditLogRead, Allowed: true, Scope: access.ScopeOwn, Period: period,
			})),
		} {
			if fault.CodeOf(err) != fault.CodeForbidden {
				t.Errorf("%s hands on what was taken: %v", verb, err)
			}
		}
		c.as(customerB).do(`{ auditLogs { totalCount } }`).refused("FORBIDDEN")
	})
}

// TestOfTwoAdministratorsWhoDemoteEachOtherOneDoes, where a third one stays: whoever
// was quicker has demoted somebody who cannot strike back.
func TestOfTwoAdministratorsWhoDemoteEachOtherOneDoes(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		pair := []string{admin, otherAdmin}
		third := c.holding(c.anyone().join("admin.three").ok(), "register.session")
		c.as(admin).assign(c.userByLogin("admin.three"), c.roles["admin"]).ok()
		for way, does := range map[string]struct {
			demote, mend func(me *client, other string) *answer
		}{
			"revokeRole": {
				func(me *client, other string) *answer { return me.revoke(other, c.roles["admin"]) },
				func(me *client, other string) *answer { return me.assign(other, c.roles["admin"]) },
			},
			"setUserPermission": {
				func(me *client, other string) *answer { return me.grant(other, "permission:grant", false) },
				func(me *client, other string) *answer { return me.ungrant(other, "permission:grant") },
			},
		} {
			for range 10 {
				answers := together(2, func(i int) *answer { return does.demote(c.as(pair[i]), pair[1-i]) })
				if n := outcomes(answers)[""]; n != 1 {
					t.Fatalf("%s: %d succeeded: %s %s", way, n, answers[0].body, answers[1].body)
				}
				for i, a := range answers {
					if a.code() == "" {
						does.mend(third, pair[1-i]).ok()
					}
				}
			}
		}
	})
}

// TestTheLastWhoHasARoleThatGivesRolesKeepsIt: somebody who holds as much directly
// takes it from nobody, whatever the verb.
func TestTheLastWhoHasARoleThatGivesRolesKeepsIt(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		boss, me := c.as(admin), c.as(customerB)
		for _, p := range access.Registry() {
			if !p.Reserved {
				boss.grant(customerB, p.Name, true).ok()
			}
		}
		open := func(is bool) {
			c.arrange(func(client *ent.Client) error {
				others, err := client.User.Query().Where(user.UsernameIn(c.first.Login, manager, otherAdmin)).All(c.system())
				for _, u := range others {
					err = errors.Join(err, u.Update().SetIsActive(is).Exec(c.system()))
				}
				return err
			})
		}
		open(false)
		me.revoke(admin, c.roles["admin"]).refused("CONFLICT")
		me.grant(admin, "role:assign", false).refused("CONFLICT")
		for _, verb := range []string{"lockUser", "deactivateUser", "deleteUser"} {
			me.state(verb, admin).refused("CONFLICT")
		}
		open(true)
		me.revoke(admin, c.roles["admin"]).ok()
	})
}
