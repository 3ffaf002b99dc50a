package removals

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// removal is one layer of access that is taken out: a text that stands in a file
// exactly once, and what stands in its place. In Go, GONE is true when this layer
// alone is taken out; in SQL the text is replaced for good.
type removal struct {
	layer   string
	file    string
	cut     string
	put     string
	pkg     string // whose test must fail
	failing string // that test, as for go test -run
}

const (
	rows     = "internal/guard/rows.go"
	decision = "internal/access/decision.go"
	door     = "graph/directive.go"
)

// removals is the list. An entry whose text is not found exactly once fails, and
// so does one whose test stays green.
var removals = append([]removal{
	// The door.
	{"door: who is nobody", door, "case v == nil || v.Anonymous():", "case !GONE && (v == nil || v.Anonymous()):", "internal/e2e", "^TestVisitorWalksThroughTheClinic$/^sqlite$"},
	{"door: the permission of a directive", door, "return permits(v, d)", "if GONE {\n\t\t\treturn nil\n\t\t}\n\t\treturn permits(v, d)", "internal/e2e", "^TestAFieldThatMayNotBeReadIsNullWithARefusalOnItsPath$/^sqlite$"},
	{"door: the directive, where the middleware does not ask as well", door, "var d door\n", "if GONE {\n\t\t\t\treturn next(ctx)\n\t\t\t}\n\t\t\tvar d door\n", "internal/e2e", "^TestAFilterAsksForThePermissionOfWhatItLooksAt$/^sqlite$"},
	{"door: the middleware, where no directive asks", door, "if d != nil && d.door != inherited {", "if d != nil && d.door != inherited && !GONE {", "graph", "^TestTheMiddlewareAsksTheDoorItself$"},
	{"door: what must change the password first", door, "case v.MustChangePassword && !stillOpen(ctx):", "case !GONE && v.MustChangePassword && !stillOpen(ctx):", "internal/e2e", "^TestAnAccountThatMustChangeItsPasswordDoesNothingElse$/^sqlite$"},
	{"door: a field without a declaration", "graph/declaration.go", "return inherited, !root && inherits(target.Name)", "return inherited, GONE || !root && inherits(target.Name)", "graph", "^TestDeclarations$"},
	{"door: a field that is not declared is closed", door, "if d == nil && !strings.HasPrefix(fc.Object, \"__\") {", "if !GONE && d == nil && !strings.HasPrefix(fc.Object, \"__\") {", "graph", "^TestAFieldThatNobodyHasDeclaredIsClosed$"},
	{"door: what the middleware passes over", "graph/declaration.go", "silent: d == inherited && !root,", "silent: GONE || d == inherited && !root,", "graph", "^TestAFieldThatIsPassedOverHasNothingToAsk$"},
	{"door: a field's own permission reaches its own rows", "graph/fielddoor.go", "if scope >= v.Scope(wide) {", "if GONE || scope >= v.Scope(wide) {", "internal/e2e", "^TestAFieldsPermissionReachesNoFurtherThanItSays$/^sqlite$"},
	{"door: step-up", "graph/stepup.go", "if v.AuthTime.IsZero() || v.Clock().Sub(v.AuthTime) > most {", "if !GONE && (v.AuthTime.IsZero() || v.Clock().Sub(v.AuthTime) > most) {", "internal/e2e", "^TestASensitiveChangeAsksForAFreshProof$/^sqlite$"},

	// The decision.
	{"decision: a denial beats every allowance", decision, "\tif denied {\n\t\twidest = ScopeNone", "\tif denied && !GONE {\n\t\twidest = ScopeNone", "internal/access", "^TestDecision$"},
	{"decision: a grant has an end and a beginning", decision, "return !now.Before(g.ValidFrom) && (", "return GONE || !now.Before(g.ValidFrom) && (", "internal/access", "^TestGrantsBeginAndEndToTheNanosecond$"},
	{"decision: what is kept is good until a grant ends", decision, "return !e.validUntil.IsZero() && !now.Before(e.validUntil)", "return !GONE && !e.validUntil.IsZero() && !now.Before(e.validUntil)", "internal/access", "^TestScopeFollowsTheClock$"},
	{"decision: a permission is asked for by its name", decision, "if g.Permission == permission || g.Permission == \"*:*\" {", "if GONE || g.Permission == permission || g.Permission == \"*:*\" {", "internal/access", "^TestDecision$"},

	// Who it is.
	{"tokens: a known one ends", "internal/auth/verified.go", "good := now.Before(known.claims.ExpiresAt.Add(tokenLeeway))", "good := (GONE || now.Before(known.claims.ExpiresAt.Add(tokenLeeway)))", "internal/auth", "^TestAKnownTokenIsGoodFromLeewayBeforeToLeewayAfter$"},
	{"tokens: a known one ends with its key", "internal/auth/verified.go", "known.key.Equal(keys.public[known.kid])", "(GONE || known.key.Equal(keys.public[known.kid]))", "internal/auth", "^TestAKnownTokenEndsWithItsKey$"},

	// The floor.
	{"floor: somebody acts", "ent/schema/mixin.go", "if access.FromContext(ctx) == nil {", "if !GONE && access.FromContext(ctx) == nil {", "internal/guard", "^TestNobodyReadsAndNobodyWrites$/^sqlite$"},
	{"floor: writes come from verbs", "internal/guard/guard.go", "if v == nil || !v.Unrestricted() {", "if !GONE && (v == nil || !v.Unrestricted()) {", "internal/guard", "^TestAUserWritesThroughVerbsOnly$/^sqlite$"},
	{"floor: logs are only appended to", "internal/guard/guard.go", "case ent.Meta[m.Type()].AppendOnly && !m.Op().Is(ent.OpCreate):", "case !GONE && ent.Meta[m.Type()].AppendOnly && !m.Op().Is(ent.OpCreate):", "internal/guard", "^TestLogsAreOnlyAppendedTo$/^sqlite$"},

	// The rows.
	{"rows: every query is narrowed", "internal/guard/guard.go", "for _, p := range Rules(ctx, q.Type()) {", "for _, p := range Rules(ctx, q.Type()) {\n\t\t\tif GONE {\n\t\t\t\tbreak\n\t\t\t}", "internal/guard", "^TestRowsAreInvisibleWithoutPermission$/^sqlite$"},
	{"rows: what is deleted", rows, "if ent.Meta[entity].SoftDelete && !access.SeesDeleted(ctx) {", "if !GONE && ent.Meta[entity].SoftDelete && !access.SeesDeleted(ctx) {", "internal/guard", "^TestDeletedRowsAreHidden$/^sqlite$"},
	rowRule("User"), rowRule("UserRole"), rowRule("UserPermission"), rowRule("UserSession"), rowRule("RefreshToken"), rowRule("SessionLog"),
	rowRule("AuditLog"), rowRule("OperationLog"), rowRule("Customer"), rowRule("Booking"), rowRule("Appointment"), rowRule("Order"),
	rowRule("OrderItem"), rowRule("PaymentTransaction"), rowRule("PointsAccount"), rowRule("RewardRedemption"), rowRule("Role"),
	rowRule("AccessReview"), rowRule("AccessReviewItem"), rowRule("BlacklistedToken"), rowRule("PasswordHistory"), rowRule("Authenticator"),
	rowRule("ApiToken"), rowRule("RateLimitLog"), rowRule("OrderEvent"), rowRule("PaymentMethod"), rowRule("PointsEntry"),
	rowRule("Permission"), rowRule("RolePermission"), rowRule("OrganizationalUnit"), rowRule("Reward"),
	rowRule("Product", "ServiceSetting"), rowRule("PractitionerProfile", "PractitionerService", "WorkingHours"),
	rowRule("Sex"), rowRule("Notification"), rowRule("GivenName"), rowRule("Surname"),
	rowRule("ResourceClaim", "IdempotencyKey", "OneTimeToken", "SigningKey", "RecoveryCode", "OutboxMessage"),
	{"rows: a scope ends with its rows", rows, "\tcase access.ScopeOwn:\n\t\treturn own", "\tcase access.ScopeOwn:\n\t\tif GONE {\n\t\t\treturn nil\n\t\t}\n\t\treturn own", "internal/e2e", "^TestTheCustomerSeesTheOwnAndNothingElse$/^sqlite$"},
	{"rows: a unit ends with those below it", "internal/access/viewer.go", "return own || unit != nil && slices.Contains(v.Units, *unit)", "return GONE || own || unit != nil && slices.Contains(v.Units, *unit)", "internal/access", "^TestReaches$"},

	// What is written, and what is on record.
	{"verbs: who writes a field must be able to read it", "internal/customers/desk.go", "if err := MayEdit(row, permission, reached[row.ID]); err != nil {", "if err := MayEdit(row, permission, reached[row.ID]); err != nil && !GONE {", "internal/e2e", "^TestNobodyWritesWhatTheyMayNotRead$/^sqlite$"},
	{"verbs: a new profile is of a unit that the permission reaches", "internal/customers/desk.go", "if !access.FromContext(ctx).Reaches(permission, false, p.Unit) {", "if !GONE && !access.FromContext(ctx).Reaches(permission, false, p.Unit) {", "internal/e2e", "^TestNobodyWritesWhatTheyMayNotRead$/^sqlite$"},
	{"verbs: nobody is moved out of reach", "internal/customers/desk.go", "if in.Unit.Given && !access.", "if !GONE && in.Unit.Given && !access.", "internal/e2e", "^TestNobodyWritesWhatTheyMayNotRead$/^sqlite$"},
	{"record: the number of an account", "graph/reads.go", "case *ent.User:\n\t\tsubject = o.ID", "case *ent.User:\n\t\tif GONE {\n\t\t\treturn nil\n\t\t}\n\t\tsubject = o.ID", "internal/e2e", "^TestReadingTheNumberOfAnAccountIsOnRecord$/^sqlite$"},

	{"record: what cannot be put on record is not shown", "graph/reads.go", "\t\t\treturn r.withheld(ctx, err)", "\t\t\tif !GONE {\n\t\t\t\treturn r.withheld(ctx, err)\n\t\t\t}", "internal/e2e", "^TestWhatCannotBePutOnRecordIsNotShown$/^sqlite$"},
	{"record: personal values are for who reads them on the object", "graph/personal.go", "\tif !may {", "\tif !may && !GONE {", "internal/e2e", "^TestThePersonalValuesOfTheRecordAreForWhoReadsThemOnTheObject$/^sqlite$"},
	{"record: who saw a customer is for the owner", "graph/report.go", "case !v.Pass(access.AuditLogRead):", "case !GONE && !v.Pass(access.AuditLogRead):", "internal/e2e", "^TestAReportIsForTheOwnerAndForWhoReadsTheLog$/^sqlite$"},
	{"notes: sealed at rest", "internal/guard/atrest.go", "\t\t\tif !set {", "\t\t\tif !set || GONE {", "internal/e2e", "^TestNotesAreSealedInTheDatabase$/^sqlite$"},
	{"erasure: the key of the person", "internal/customers/erase.go", "\t\tif err := s.People.Destroy(elevated, c, id, s.Now()); err != nil {", "\t\tvar destroyed error\n\t\tif !GONE {\n\t\t\tdestroyed = s.People.Destroy(elevated, c, id, s.Now())\n\t\t}\n\t\tif err := destroyed; err != nil {", "internal/e2e", "^TestAnErasedCustomerIsNowhere$/^sqlite$"},

	// Who acts.
	{"person: what nobody does for somebody else", "graph/inperson.go", "if d.kind == \"public\" || v == nil || v.InPerson() {", "if GONE || d.kind == \"public\" || v == nil || v.InPerson() {", "internal/e2e", "^TestAProgramSignsNobodyInAndChangesNoAccess$/^sqlite$"},
	{"person: the scopes of a program", "internal/auth/program.go", "\tv.Restrict(row.Scopes)", "\tif !GONE {\n\t\tv.Restrict(row.Scopes)\n\t}", "internal/e2e", "^TestAProgramMayDoWhatItsScopesNameAndItsOwnerMayDo$/^sqlite$"},
	{"person: acting for somebody ends with what it rests on", "internal/auth/impersonate.go", "if !canIssue(who, nil, s.Now()) || mayActFor(by, u, held, s.Now()) != nil {", "if !GONE && (!canIssue(who, nil, s.Now()) || mayActFor(by, u, held, s.Now()) != nil) {", "internal/e2e", "^TestActingForSomebodyEndsWithWhateverItRestsOn$/^sqlite$"},

	// Plans, which stand in front of the executor.
	{"plans: the permissions of what is selected", "graph/compiled/engine.go", "if !open(viewer, p.doors) || !open(viewer, p.needs) {", "if !GONE && (!open(viewer, p.doors) || !open(viewer, p.needs)) {", "internal/e2e", "^TestADenialBeatsEveryRoleUntilItEnds$/^sqlite$"},
	{"plans: the rows", "graph/compiled/rule.go", "\tif r.text == \"\" {\n\t\treturn", "\tif r.text == \"\" || GONE {\n\t\treturn", "internal/e2e", "^TestTheCustomerSeesTheOwnAndNothingElse$/^sqlite$"},

	// Filters.
	{"filters: the rows behind an edge", rows, "rules := Rules(ctx, entity)", "rules := Rules(ctx, entity)\n\tif GONE {\n\t\trules = nil\n\t}", "graph", "^TestFilters_over_edges_see_the_rows_of_the_viewer_alone$/^sqlite$"},
	{"filters: hasBookings", "ent/gql_where_input.go", "p := customer.HasBookingsWith(visible(\"Booking\"))", "p := customer.HasBookingsWith(visible(\"Booking\"))\n\t\tif GONE {\n\t\t\tp = customer.HasBookings()\n\t\t}", "graph", "^TestFilters_over_edges_see_the_rows_of_the_viewer_alone$/^sqlite$"},
	{"filters: the permission of what they look at", door, "case v.PassNumber(d.number, d.permission):", "case GONE || v.PassNumber(d.number, d.permission):", "internal/e2e", "^TestAFilterAsksForThePermissionOfWhatItLooksAt$/^sqlite$"},
	{"order: a cursor is its owner's", "internal/paging/seal.go", "key = key.Of(v.UserID)", "if !GONE {\n\t\t\tkey = key.Of(v.UserID)\n\t\t}", "internal/e2e", "^TestNoQuestionTellsOfWhatTheCallerCannotSee$/^sqlite3/customer$"},

	// Subscriptions.
	{"subscriptions: the door at each event", "graph/live/group.go", "if err = g.door(ctx); err == nil {", "if err = g.door(ctx); err == nil || GONE {", "graph/live", "^TestAClosedDoorEndsTheSubscription$"},
	{"subscriptions: the rights of the moment", "graph/live/stream.go", "if s.asOf >= count {", "if s.asOf >= count || GONE {", "graph/live", "^TestEachChangeIsReadWithTheRightsOfThatMoment$"},

	// Administration.
	{"administration: what one does not hold", "internal/accounts/may.go", "if p := access.Exceeds(wanted, v.Grants, now); p != \"\" {", "if p := access.Exceeds(wanted, v.Grants, now); p != \"\" && !GONE {", "internal/e2e", "^TestAPreviewRefusesWhatSavingRefuses$/^sqlite$"},
	{"administration: who may do more", "internal/accounts/may.go", "if p := access.Exceeds(held, v.Grants, now); p != \"\" {", "if p := access.Exceeds(held, v.Grants, now); p != \"\" && !GONE {", "internal/e2e", "^TestNobodyTouchesWhoMayDoMore$/^sqlite$"},
	{"administration: the own access", "internal/accounts/may.go", "\tif v.UserID == u.ID {\n\t\treturn errOwnAccess()", "\tif v.UserID == u.ID && !GONE {\n\t\treturn errOwnAccess()", "internal/e2e", "^TestAPreviewRefusesWhatSavingRefuses$/^sqlite$"},
	{"administration: the own role", "internal/accounts/may.go", "case own && v.UserID != uuid.Nil:", "case !GONE && own && v.UserID != uuid.Nil:", "internal/e2e", "^TestAPreviewRefusesWhatSavingRefuses$/^sqlite$"},
	{"administration: a role of every clinic", "internal/accounts/may.go", "\tcase r.IsSystem:", "\tcase r.IsSystem && !GONE:", "internal/e2e", "^TestAPreviewRefusesWhatSavingRefuses$/^sqlite$"},
	{"administration: the last who can give roles", "internal/accounts/service.go", "return fault.Conflict(\"After this nobody could give roles any more.", "if GONE {\n\t\treturn nil\n\t}\n\treturn fault.Conflict(\"After this nobody could give roles any more.", "internal/e2e", "^TestTheLastWhoHasARoleThatGivesRolesKeepsIt$/^sqlite$"},
	{"administration: who they are when their turn comes", "internal/accounts/service.go", "\trenewed := v.Renewed(now)", "\trenewed := v.Renewed(now)\n\tif GONE {\n\t\trenewed = v\n\t}", "internal/e2e", "^TestNobodyHandsOnWhatTheyHeldWhenTheyBeganToWait$/^sqlite$"},
	{"administration: nothing is given for longer than it is held", "internal/accounts/grantable.go", "\tif p == \"\" {", "\tif p == \"\" || GONE {", "internal/e2e", "^TestWhatIsHeldForAWhileIsNotGivenForLonger$/^sqlite$"},
	{"administration: a move hands nothing on", "internal/accounts/unitverbs.go", "\treturn s.holds(ctx, handed)", "\tif GONE {\n\t\treturn nil\n\t}\n\treturn s.holds(ctx, handed)", "internal/e2e", "^TestAMoveGivesNothingAwayThatTheMoverDoesNotHold$/^sqlite$"},
	{"administration: who lifts a denial holds what it denies", "internal/accounts/grants.go", "\treturn s.holdsAll(ctx, g.Permission)", "\tif GONE {\n\t\treturn nil\n\t}\n\treturn s.holdsAll(ctx, g.Permission)", "internal/e2e", "^TestNobodyTouchesWhoMayDoMore$/^sqlite$"},
	{"administration: an explanation is for who reads roles and permissions", "internal/accounts/explain.go", "if !v.Reaches(p, v.UserID == u.ID, u.OrganizationalUnitID) {", "if !GONE && !v.Reaches(p, v.UserID == u.ID, u.OrganizationalUnitID) {", "internal/e2e", "^TestAnExplanationTellsNobodyWhatTheyMayNotSee$/^sqlite$"},
	{"reviews: nobody decides about their own", "internal/accounts/decide.go", "\tcase v.UserID == i.UserID:", "\tcase v.UserID == i.UserID && !GONE:", "internal/e2e", "^TestAnItemIsAttestedOrRevoked$/^sqlite$"},
	{"emergency: it ends", "internal/accounts/emergency.go", "\t\tuntil := now.Add(e.For)", "\t\tuntil := now.Add(e.For)\n\t\tif GONE {\n\t\t\tuntil = until.AddDate(1, 0, 0)\n\t\t}", "internal/e2e", "^TestEmergencyAccessShowsEverybodyForAWhile$/^sqlite"},
	{"emergency: who decides is told at once", "internal/accounts/emergency.go", "\t\treturn s.alert(elevated, c, u, review)", "\t\tif GONE {\n\t\t\treturn nil\n\t\t}\n\t\treturn s.alert(elevated, c, u, review)", "internal/e2e", "^TestEmergencyAccessShowsEverybodyForAWhile$/^sqlite"},
	{"administration: the end is in the future", "internal/accounts/period.go", "case p.ExpiresAt != nil && !p.ExpiresAt.After(now):", "case !GONE && p.ExpiresAt != nil && !p.ExpiresAt.After(now):", "internal/e2e", "^TestAGrantThatHasEndedIsNotGiven$/^sqlite$"},
	{"administration: what is no permission, and wildcards", "internal/accounts/service.go", "\tswitch {\n\tcase !access.Known(name):", "\tswitch {\n\tcase GONE:\n\t\treturn nil\n\tcase !access.Known(name):", "internal/e2e", "^TestAPreviewRefusesWhatSavingRefuses$/^sqlite$"},
	{"administration: a change counts from its commit", "internal/accounts/authorities.go", "a.forget(whose) })", "if !GONE {\n\t\t\t\ta.forget(whose)\n\t\t\t} })", "internal/accounts", "^TestWhatChangesHereCountsFromTheCommitOn$/^sqlite$"},
}, ofDatabases...)

// rowRule is the rule of an entity, or of those that share one.
func rowRule(entities ...string) removal {
	line := "case ent.Type" + strings.Join(entities, ", ent.Type") + ":"
	return removal{"rows: " + strings.Join(entities, ", "), rows, line, line + "\n\t\tif GONE {\n\t\t\treturn nil\n\t\t}", "internal/guard", "^TestNoRowIsShownToWhoHoldsNothing$"}
}

var rowCase = regexp.MustCompile(`(?m)^\tcase ent\.Type.*:$`)

// TestEveryRowRuleIsListed: a rule that somebody adds is taken out, too.
func TestEveryRowRuleIsListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, rows))
	if err != nil {
		t.Fatal(err)
	}
	cases := rowCase.FindAllString(string(text), -1)
	for _, line := range cases {
		if !slices.ContainsFunc(removals, func(r removal) bool { return r.cut == strings.TrimSpace(line) }) {
			t.Errorf("nobody takes out %s", line)
		}
	}
	if len(cases) < 30 {
		t.Errorf("only %d rules are found", len(cases))
	}
}
