package fault

// Code is a value of the published enum ErrorCode.
type Code string

// The codes of the contract. A new one is added here and in the SDL enum
// ErrorCode together; a test compares the two.
const (
	CodeBadUserInput           Code = "BAD_USER_INPUT"
	CodeGraphQLParseFailed     Code = "GRAPHQL_PARSE_FAILED"
	CodeGraphQLValidation      Code = "GRAPHQL_VALIDATION_FAILED"
	CodeUnauthenticated        Code = "UNAUTHENTICATED"
	CodeInvalidCredentials     Code = "INVALID_CREDENTIALS"
	CodePasswordChangeRequired Code = "PASSWORD_CHANGE_REQUIRED"
	CodeSecondFactorRequired   Code = "SECOND_FACTOR_REQUIRED"
	CodeStepUpRequired         Code = "STEP_UP_REQUIRED"
	CodeForbidden              Code = "FORBIDDEN"
	CodeNotFound               Code = "NOT_FOUND"
	CodeConflict               Code = "CONFLICT"
	CodeSlotTaken              Code = "SLOT_TAKEN"
	CodeInvalidTransition      Code = "INVALID_TRANSITION"
	CodeIdempotencyMismatch    Code = "IDEMPOTENCY_MISMATCH"
	CodeOutOfStock             Code = "OUT_OF_STOCK"
	CodeInsufficientPoints     Code = "INSUFFICIENT_POINTS"
	CodeRateLimited            Code = "RATE_LIMITED"
	CodeTooComplex             Code = "TOO_COMPLEX"
	CodePayloadTooLarge        Code = "PAYLOAD_TOO_LARGE"
	CodeOverloaded             Code = "OVERLOADED"
	CodeUnavailable            Code = "UNAVAILABLE"
	CodeInternal               Code = "INTERNAL"
)

// Action is what a client should do about an error, a value of the published
// enum ErrorAction.
type Action string

// The actions of the contract.
const (
	ActionNone           Action = "NONE"
	ActionFixInput       Action = "FIX_INPUT"
	ActionSignIn         Action = "SIGN_IN"
	ActionRefresh        Action = "REFRESH"
	ActionChangePassword Action = "CHANGE_PASSWORD"
	ActionSecondFactor   Action = "SECOND_FACTOR"
	ActionReauthenticate Action = "REAUTHENTICATE"
	ActionRetry          Action = "RETRY"
)

// trait is what the contract says about a code besides its name.
type trait struct {
	code      Code
	action    Action
	retryable bool
	meaning   string
}

// contract is the table of errors. The docs print it.
var contract = []trait{
	{CodeBadUserInput, ActionFixInput, false, "A value is missing, malformed or out of its range; `fields` names it."},
	{CodeGraphQLParseFailed, ActionFixInput, false, "The document is not GraphQL."},
	{CodeGraphQLValidation, ActionFixInput, false, "The document or its variables do not fit the schema."},
	{CodeUnauthenticated, ActionSignIn, false, "Nobody is signed in, or the token is no longer good. With a refresh token at hand, refresh first."},
	{CodeInvalidCredentials, ActionFixInput, false, "Login and password do not match an account that may sign in."},
	{CodePasswordChangeRequired, ActionChangePassword, false, "The password must be changed before anything else."},
	{CodeSecondFactorRequired, ActionSecondFactor, false, "The password was right; now `ticket` and one of `factors` are asked for."},
	{CodeStepUpRequired, ActionReauthenticate, false, "The caller must prove anew who they are, with `reauthenticate`; then the same request works."},
	{CodeForbidden, ActionNone, false, "The caller's permissions do not cover this."},
	{CodeNotFound, ActionNone, false, "There is no such object, or the caller may not see it."},
	{CodeConflict, ActionRetry, false, "The object has changed since it was read; read it again and decide anew."},
	{CodeSlotTaken, ActionFixInput, false, "The time is no longer free; choose another one."},
	{CodeInvalidTransition, ActionNone, false, "The object's state does not allow this step."},
	{CodeIdempotencyMismatch, ActionFixInput, false, "The idempotency key was used before with other input."},
	{CodeOutOfStock, ActionFixInput, false, "There is not enough in stock."},
	{CodeInsufficientPoints, ActionNone, false, "The points do not suffice."},
	{CodeRateLimited, ActionRetry, true, "Too many requests; wait `retryAfter` seconds."},
	{CodeTooComplex, ActionFixInput, false, "The document asks for more than one request may."},
	{CodePayloadTooLarge, ActionFixInput, false, "The request is larger than allowed."},
	{CodeOverloaded, ActionRetry, true, "The server is busy; wait `retryAfter` seconds."},
	{CodeUnavailable, ActionRetry, true, "The database cannot be reached at the moment."},
	{CodeInternal, ActionNone, false, "A defect of the server; report `requestId`."},
}

// Codes lists the codes of the contract in the order of the docs.
func Codes() []Code {
	codes := make([]Code, len(contract))
	for i, t := range contract {
		codes[i] = t.code
	}
	return codes
}

func (c Code) trait() trait {
	for _, t := range contract {
		if t.code == c {
			return t
		}
	}
	return trait{code: c, action: ActionNone}
}

// Action says what a client should do about the code.
func (c Code) Action() Action { return c.trait().action }

// Retryable says whether the same request may succeed later.
func (c Code) Retryable() bool { return c.trait().retryable }

// Meaning is the sentence of the docs.
func (c Code) Meaning() string { return c.trait().meaning }
