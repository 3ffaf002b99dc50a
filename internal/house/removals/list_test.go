package removals

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
var removals = []removal{
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

	// The floor.
	{"floor: somebody acts", "ent/schema/mixin.go", "if access.FromContext(ctx) == nil {", "if !GONE && access.FromContext(ctx) == nil {", "internal/guard", "^TestNobodyReadsAndNobodyWrites$/^sqlite$"},
	{"floor: writes come from verbs", "internal/guard/guard.go", "if v == nil || !v.Unrestricted() {", "if !GONE && (v == nil || !v.Unrestricted()) {", "internal/guard", "^TestAUserWritesThroughVerbsOnly$/^sqlite$"},
	{"floor: logs are only appended to", "internal/guard/guard.go", "case ent.Meta[m.Type()].AppendOnly && !m.Op().Is(ent.OpCreate):", "case !GONE && ent.Meta[m.Type()].AppendOnly && !m.Op().Is(ent.OpCreate):", "internal/guard", "^TestLogsAreOnlyAppendedTo$/^sqlite$"},

	// The rows.
	{"rows: every query is narrowed", "internal/guard/guard.go", "for _, p := range Rules(ctx, q.Type()) {", "for _, p := range Rules(ctx, q.Type()) {\n\t\t\tif GONE {\n\t\t\t\tbreak\n\t\t\t}", "internal/guard", "^TestEveryEntityIsInvisibleWithoutPermission$/^sqlite$"},
	{"rows: what is deleted", rows, "if ent.Meta[entity].SoftDelete && !access.SeesDeleted(ctx) {", "if !GONE && ent.Meta[entity].SoftDelete && !access.SeesDeleted(ctx) {", "internal/guard", "^TestDeletedRowsAreHidden$/^sqlite$"},
	rowRule("User"), rowRule("UserRole"), rowRule("UserPermission"), rowRule("UserSession"), rowRule("RefreshToken"), rowRule("SessionLog"),
	rowRule("AuditLog"), rowRule("OperationLog"), rowRule("Customer"), rowRule("Booking"), rowRule("Appointment"), rowRule("Order"),
	rowRule("OrderItem"), rowRule("PaymentTransaction"), rowRule("PointsAccount"), rowRule("RewardRedemption"), rowRule("Role"),
	{"rows: Notification", rows, "return notification.UserID(v.UserID)", "if GONE {\n\t\t\treturn nil\n\t\t}\n\t\treturn notification.UserID(v.UserID)", "internal/e2e", "^TestPeopleAreToldWhatConcernsThem$/^sqlite$"},
	{"rows: a scope ends with its rows", rows, "\tcase access.ScopeOwn:\n\t\treturn own", "\tcase access.ScopeOwn:\n\t\tif GONE {\n\t\t\treturn nil\n\t\t}\n\t\treturn own", "internal/e2e", "^TestTheCustomerSeesTheOwnAndNothingElse$/^sqlite$"},
	{"rows: a unit ends with those below it", "internal/access/viewer.go", "return own || unit != nil && slices.Contains(v.Units, *unit)", "return GONE || own || unit != nil && slices.Contains(v.Units, *unit)", "internal/access", "^TestReaches$"},

	// What is written, and what is on record.
	{"verbs: who writes a field must be able to read it", "internal/customers/desk.go", "if err := MayEdit(row, permission, reached[row.ID]); err != nil {", "if err := MayEdit(row, permission, reached[row.ID]); err != nil && !GONE {", "internal/e2e", "^TestNobodyWritesWhatTheyMayNotRead$/^sqlite$"},
	{"verbs: a new profile is of a unit that the permission reaches", "internal/customers/desk.go", "if !access.FromContext(ctx).Reaches(permission, false, p.Unit) {", "if !GONE && !access.FromContext(ctx).Reaches(permission, false, p.Unit) {", "internal/e2e", "^TestNobodyWritesWhatTheyMayNotRead$/^sqlite$"},
	{"verbs: nobody is moved out of reach", "internal/customers/desk.go", "if in.Unit.Given && !access.", "if !GONE && in.Unit.Given && !access.", "internal/e2e", "^TestNobodyWritesWhatTheyMayNotRead$/^sqlite$"},
	{"record: the number of an account", "graph/reads.go", "case *ent.User:\n\t\tsubject = o.ID", "case *ent.User:\n\t\tif GONE {\n\t\t\treturn nil\n\t\t}\n\t\tsubject = o.ID", "internal/e2e", "^TestReadingTheNumberOfAnAccountIsOnRecord$/^sqlite$"},

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
	{"administration: the last who can give roles", "internal/accounts/service.go", "return fault.Conflict(\"After this nobody could give roles any more.", "if GONE {\n\t\treturn nil\n\t}\n\treturn fault.Conflict(\"After this nobody could give roles any more.", "internal/e2e", "^TestTwoAdministratorsWhoDemoteEachOtherLeaveOne$/^sqlite$"},
	{"administration: the end is in the future", "internal/accounts/period.go", "case p.ExpiresAt != nil && !p.ExpiresAt.After(now):", "case !GONE && p.ExpiresAt != nil && !p.ExpiresAt.After(now):", "internal/e2e", "^TestAGrantThatHasEndedIsNotGiven$/^sqlite$"},
	{"administration: what is no permission, and wildcards", "internal/accounts/service.go", "\tswitch {\n\tcase !access.Known(name):", "\tswitch {\n\tcase GONE:\n\t\treturn nil\n\tcase !access.Known(name):", "internal/e2e", "^TestAPreviewRefusesWhatSavingRefuses$/^sqlite$"},
	{"administration: a change counts from its commit", "internal/accounts/authorities.go", "a.forget(whose) })", "if !GONE {\n\t\t\t\ta.forget(whose)\n\t\t\t} })", "internal/accounts", "^TestWhatChangesHereCountsFromTheCommitOn$/^sqlite$"},

	// The database.
	{"database: the audit log is not changed", "migrate/sqlite/20261122000003_append_only.sql", "CREATE TRIGGER `audit_logs_no_update` BEFORE UPDATE ON `audit_logs`", "CREATE TRIGGER `audit_logs_no_update` BEFORE UPDATE OF `id` ON `audit_logs`", "migrate", "^TestAppendOnly_tables_refuse_changes$/^sqlite$"},
	{"database: two claims do not overlap", "migrate/sqlite/20261122000002_claims.sql", "AND `exclusive` AND `busy_from` < NEW.`busy_to`\n       ORDER BY", "AND 1 = 0\n       ORDER BY", "migrate", "^TestClaims_that_overlap_are_refused$/^sqlite$"},
}

// rowRule is the rule of one entity.
func rowRule(entity string) removal {
	line := "case ent.Type" + entity + ":"
	return removal{"rows: " + entity, rows, line, line + "\n\t\tif GONE {\n\t\t\treturn nil\n\t\t}", "internal/guard", "^TestTheWordsSayWhatTheRulesDo$"}
}
