package audit

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/groupcommit"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/store"
)

// The security events. Each attempt has a twin that says that it failed.
const (
	EventRegister           = "REGISTER"
	EventLogin              = "LOGIN"
	EventRefresh            = "TOKEN_REFRESH"
	EventReuse              = "TOKEN_REUSE"
	EventLogout             = "LOGOUT"
	EventLogoutEverywhere   = "LOGOUT_EVERYWHERE"
	EventSessionRevoke      = "SESSION_REVOKE"
	EventPasswordChange     = "PASSWORD_CHANGE"
	EventResetRequest       = "PASSWORD_RESET_REQUEST"
	EventPasswordReset      = "PASSWORD_RESET"
	EventEmailVerify        = "EMAIL_VERIFY"
	EventEmailChange        = "EMAIL_CHANGE_REQUEST"
	EventFactorAdd          = "FACTOR_ADD"
	EventFactorRemove       = "FACTOR_REMOVE"
	EventRecoveryCodes      = "RECOVERY_CODES_RENEW"
	EventReauthenticate     = "REAUTHENTICATE"
	EventFactorAsked        = "LOGIN_FACTOR_ASKED"
	EventPasskeyCloned      = "PASSKEY_CLONE_SUSPECTED"
	EventAccessDenied       = "ACCESS_DENIED"
	EventRoleCreate         = "ROLE_CREATE"
	EventRolePermissions    = "ROLE_PERMISSIONS_SET"
	EventRoleUpdate         = "ROLE_UPDATE"
	EventRoleStatus         = "ROLE_STATUS_SET"
	EventRoleDelete         = "ROLE_DELETE"
	EventRoleAssign         = "ROLE_ASSIGN"
	EventRoleRevoke         = "ROLE_REVOKE"
	EventPermissionSet      = "USER_PERMISSION_SET"
	EventPermissionRemove   = "USER_PERMISSION_REMOVE"
	EventUnitCreate         = "UNIT_CREATE"
	EventUnitUpdate         = "UNIT_UPDATE"
	EventUnitDelete         = "UNIT_DELETE"
	EventUserCreate         = "USER_CREATE"
	EventUserUpdate         = "USER_UPDATE"
	EventProfileUpdate      = "PROFILE_UPDATE"
	EventUserLock           = "USER_LOCK"
	EventUserUnlock         = "USER_UNLOCK"
	EventUserDeactivate     = "USER_DEACTIVATE"
	EventUserReactivate     = "USER_REACTIVATE"
	EventUserDelete         = "USER_DELETE"
	EventPasswordRequire    = "PASSWORD_CHANGE_REQUIRE"
	EventKeyRotate          = "SIGNING_KEY_ROTATE"
	EventKeyRevoke          = "SIGNING_KEY_REVOKE"
	EventImpersonate        = "IMPERSONATE"
	EventImpersonateStop    = "IMPERSONATE_STOP"
	EventAPITokenCreate     = "API_TOKEN_CREATE"
	EventAPITokenRevoke     = "API_TOKEN_REVOKE"
	EventReviewStart        = "ACCESS_REVIEW_START"
	EventReviewAttest       = "ACCESS_REVIEW_ATTEST"
	EventReviewRevoke       = "ACCESS_REVIEW_REVOKE"
	EventReviewClose        = "ACCESS_REVIEW_CLOSE"
	EventBreakGlass         = "BREAK_GLASS"
	EventBreakGlassEnd      = "BREAK_GLASS_END"
	EventExportBegin        = "AUDIT_EXPORT_BEGIN"
	EventCustomerErase      = "CUSTOMER_ERASE"
	EventExport             = "AUDIT_EXPORT"
	EventArchive            = "AUDIT_ARCHIVE"
	EventConfiguration      = "CONFIGURATION_CHANGE"
	EventAdministratorMade  = "ADMINISTRATOR_CREATED"
	EventDemoAccountCreated = "DEMO_ACCOUNT_CREATED"
)

// Event is one line of the audit log.
type Event struct {
	Name       string     // of what was tried; see Twin
	UserID     uuid.UUID  // who acted, where the viewer in the context does not say
	Actor      string     // likewise
	Subject    *uuid.UUID // whom or what it was about
	Resource   string     // what was asked for, such as "Query.bookings"
	Permission string     // which permission was asked
	Err        error      // nil: it went through
	Details    string     // never a secret, never data about a patient
}

// failures are the events that tell of nothing but a failure.
var failures = map[string]bool{EventAccessDenied: true, EventReuse: true, EventPasskeyCloned: true}

// Twin is the name that the event has in the log: that of what was tried, with
// _ERROR behind it where it failed, so that LOGIN and LOGIN_ERROR are found, counted
// and bounded apart. Events that tell of failures alone have one name.
func (e Event) Twin() string {
	if e.Err == nil || failures[e.Name] {
		return e.Name
	}
	return e.Name + "_ERROR"
}

// Security writes the audit log. It is shared by all requests and not copied.
type Security struct {
	Store *store.Store
	Log   *slog.Logger
	Rules Rules            // which events are put on record
	Now   func() time.Time // in UTC and microseconds; nil: the wall clock
	Codes *chain.Keys      // of the rows; nil, as in tests: they carry none

	// Entries makes ids for all that goes on record, so that they list it in the order of
	// its making; nil, as in tests: for what is recorded here alone.
	Entries *ids.Sequence

	// Counted is told the name of each event; nil: nobody is.
	Counted func(event string)

	own   ids.Sequence
	once  sync.Once
	group *groupcommit.Group[*row] // of together
}

// Count counts an event that was written with its transaction, once that has
// committed; Record does so by itself.
func (s *Security) Count(event string) {
	if s.Counted != nil {
		s.Counted(event)
	}
}

// Record writes the event outside of every verb's transaction, and returns once it is
// lasting: it stays when what it is about was rolled back. It must not be called inside
// a transaction. An event that cannot be written is logged and does not fail the
// request, which has had its effect already.
func (s *Security) Record(ctx context.Context, e Event) {
	// The client may have gone: the event is written all the same.
	ctx = context.WithoutCancel(ctx)
	event := e.Twin()
	s.Count(event)
	if store.Unreachable(e.Err) {
		// The client must not wait for that twice.
		s.Log.ErrorContext(ctx, "audit event not written", "event", event, "error", e.Err)
		return
	}
	if !s.Rules.keeps(event) {
		return
	}
	r := rowOf(ctx, e)
	err := s.finish(r)
	if err == nil {
		err = s.put(ctx, []*row{r})
	}
	if err != nil {
		s.Log.ErrorContext(ctx, "audit event not written", "event", event, "error", err)
	}
}

// Write adds the event to the client's transaction: for events that are true
// only together with the change they tell of.
func Write(ctx context.Context, c *ent.Client, e Event) error {
	r := rowOf(ctx, e)
	if access.FromContext(ctx) == nil {
		ctx = access.System(ctx, "audit")
	}
	create := c.AuditLog.Create().
		SetEvent(r.event).SetActor(r.actor).SetNillableSubjectID(e.Subject).
		SetResource(r.resource).SetPermissionChecked(r.permission).SetDecision(r.decision).
		SetSuccess(r.success).SetErrorCode(r.errorCode).SetDetails(r.details).
		SetIPAddress(r.ip).SetUserAgent(r.userAgent).SetRequestID(r.request).SetOperation(r.operation)
	if r.user.Valid {
		create.SetUserID(r.user.UUID)
	}
	if err := create.Exec(access.Elevated(ctx, "audit")); err != nil {
		return fmt.Errorf("write audit event %s: %w", r.event, err)
	}
	return nil
}
