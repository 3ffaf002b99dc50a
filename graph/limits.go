package graph

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// Limits say how much one request may ask for. Each is the largest that passes.
type Limits struct {
	BodyBytes        int           // length of the body of a request over HTTP
	JSONDepth        int           // levels of its JSON, the request itself being the first
	DocumentBytes    int           // length of the document
	Tokens           int           // its tokens; validation grows faster than they do
	Operations       int           // its operations
	Depth            int           // its nested selection sets, the operation's own being the first
	Aliases          int           // its aliases, and fields asked for again beside themselves
	Directives       int           // its directives
	Fragments        int           // its fragment definitions, and again its inline fragments
	QueryFields      int           // fields at the root of a query or subscription
	MutationFields   int           // fields at the root of a mutation
	List             int           // entries of a list in arguments and variables
	FilterDepth      int           // filters inside of filters
	FilterConditions int           // conditions of all filters of an operation
	CostAnonymous    int           // cost of an operation of nobody
	CostUser         int           // … of a user with own data only
	CostStaff        int           // … of those who see other people's data
	Introspection    int           // objects that introspection gives for each type of the schema, by estimate
	Errors           int           // errors of an answer; those after them are left out
	Duration         time.Duration // time to answer a query or mutation
}

// DefaultLimits are those of a server that nobody has configured.
func DefaultLimits() Limits {
	return Limits{
		BodyBytes: 100 << 10, JSONDepth: 32, DocumentBytes: 16 << 10, Tokens: 1000, Operations: 5, Depth: 12, Aliases: 30, Directives: 20, Fragments: 30,
		QueryFields: 10, MutationFields: 3, List: 100, FilterDepth: 5, FilterConditions: 50,
		CostAnonymous: 500, CostUser: 2000, CostStaff: 10_000, Introspection: 40, Errors: 10, Duration: 10 * time.Second,
	}
}

// sensitive says of each mutation whether it signs in, pays or changes what
// somebody may do. Such a one is alone at the root, so that a limit of requests
// is a limit of tries. A mutation that is not listed is sensitive.
var sensitive = map[string]bool{
	"login": true, "register": true, "refreshSession": true, "changePassword": true,
	"verifyEmail": true, "requestEmailVerification": true, "requestPasswordReset": true, "resetPassword": true, "changeEmail": true,
	"capturePayment": true, "redeemReward": true,
	"createOrganizationalUnit": true, "updateOrganizationalUnit": true, "deleteOrganizationalUnit": true,
	"createRole": true, "setRolePermissions": true, "updateRole": true, "setRoleStatus": true, "deleteRole": true, "assignRole": true, "revokeRole": true,
	"setUserPermission": true, "removeUserPermission": true,
	"createUser": true, "updateUser": true, "lockUser": true, "unlockUser": true, "deactivateUser": true, "reactivateUser": true,
	"deleteUser": true, "requirePasswordChange": true,
	"completeLogin": true, "beginPasskeySignIn": true, "signInWithPasskey": true, "reauthenticate": true,
	"enrolTotp": true, "confirmTotp": true, "beginPasskeyRegistration": true, "finishPasskeyRegistration": true,
	"removeAuthenticator": true, "regenerateRecoveryCodes": true, "renameAuthenticator": false,
	"impersonate": true, "createApiToken": true,
	"updateProfile": false, "stopImpersonating": false, "revokeApiToken": false,
	"revokeSession": true, "revokeOtherSessions": true, "logoutEverywhere": true,
	"startAccessReview": true, "attestAccessReviewItem": true, "revokeAccessReviewItem": true, "closeAccessReview": false,
	"eraseCustomer": true,
	"breakGlass":    true, "endBreakGlass": false,
	"logout": false, "nameSession": false, "bookAppointment": false, "createCustomer": false, "updateCustomer": false, "cancelBooking": false, "markNotificationRead": false,
}

// limiter refuses what is past the limits. It is an extension of the executor
// and not of HTTP, so that every transport has it.
type limiter struct {
	limits Limits
	schema *ast.Schema
	kept   *documents
	sizes  map[string]int
	charge func(ctx context.Context, cost int, sensitive string) error
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
	graphql.OperationInterceptor
} = (*limiter)(nil)

func newLimiter(o Options, schema *ast.Schema) *limiter {
	return &limiter{limits: o.Limits, schema: schema, kept: newDocuments(), sizes: listSizes(schema), charge: o.Charge}
}

func (*limiter) ExtensionName() string                   { return "Limits" }
func (*limiter) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters looks at the form of the document and at the
// variables, before validation and coercion spend time on them.
func (l *limiter) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if len(p.Query) > l.limits.DocumentBytes {
		return refusal(fault.New(fault.CodePayloadTooLarge, "The document has %d bytes, at most %d are allowed. Send large values as variables, and ask for less at once.", len(p.Query), l.limits.DocumentBytes), nil)
	}
	limited, known := l.kept.limited(p.Query, p.OperationName)
	if !known {
		doc, err := l.parse(p.Query)
		if err != nil {
			return err
		}
		if err := l.limits.shape(doc); err != nil {
			return err
		}
		if operation := doc.Operations.ForName(p.OperationName); operation != nil { // or the executor says so
			limited = operation.VariableDefinitions
		}
	}
	if f := l.rawVariables(limited, p.Variables); f != nil {
		return refusal(f, nil)
	}
	return nil
}

// parse reads the document. The executor does so again, once it has passed: that
// costs a fraction of a millisecond, and nothing after the limits has to be
// repeated here.
func (l *limiter) parse(query string) (*ast.QueryDocument, *gqlerror.Error) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, l.limits.Tokens)
	if err == nil {
		return doc, nil
	}
	g, ok := errors.AsType[*gqlerror.Error](err)
	if !ok {
		g = gqlerror.Wrap(err)
	}
	if strings.HasPrefix(g.Message, "exceeded token limit") {
		return nil, refusal(fault.New(fault.CodeGraphQLParseFailed, "The document has more than %d tokens. Ask for less at once, in several requests.", l.limits.Tokens), nil)
	}
	errcode.Set(g, errcode.ParseFailed)
	return nil, g
}

// MutateOperationContext looks at what the operation asks for, now that it is
// known to fit the schema, and charges for it. The document is kept for the next
// request only then.
func (l *limiter) MutateOperationContext(ctx context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	known := l.kept.of(oc.RawQuery, oc.Operation)
	owed, refused := l.bill(oc, known)
	if refused != nil {
		return refused
	}
	cost := owed.cost
	oc.Stats.SetExtension(askedKey, &asked{cost, known})
	viewer := access.FromContext(ctx)
	if budget := l.budget(viewer); cost > budget {
		if (viewer == nil || viewer.Anonymous()) && !l.open(oc) {
			return refusal(fault.New(fault.CodeUnauthenticated, "Please sign in."), oc.Operation.Position)
		}
		return refusal(fault.New(fault.CodeTooComplex, "The operation costs %d points, at most %d are allowed. Ask for smaller pages, or for fewer lists inside of lists.", cost, budget), oc.Operation.Position)
	}
	if known == nil {
		l.keep(oc, owed)
	}
	if l.charge == nil {
		return nil
	}
	if err := l.charge(ctx, cost, owed.alone); err != nil {
		return refusal(err, nil)
	}
	return nil
}

// bill is what an operation costs, and the sensitive mutation that it is, if it is
// one.
type bill struct {
	cost   int
	alone  string
	varies bool // with variables
}

// bill makes the bill, or finds the one that was made for the same text.
func (l *limiter) bill(oc *graphql.OperationContext, known *standing) (*bill, *gqlerror.Error) {
	if known != nil {
		if made := known.bill.Load(); made != nil {
			return made, nil
		}
	}
	alone, f := l.roots(oc)
	if f != nil {
		return nil, refusal(f, oc.Operation.Position)
	}
	cost, varies, f := l.price(oc)
	if f != nil {
		return nil, refusal(f, nil)
	}
	made := &bill{cost, alone, varies}
	if known != nil && !varies {
		known.bill.Store(made)
	}
	return made, nil
}

// keep remembers a document that has passed every limit, with the bill of the
// operation that has.
func (l *limiter) keep(oc *graphql.OperationContext, made *bill) {
	l.kept.keep(oc.RawQuery, oc.Doc, func(operation *ast.OperationDefinition) *standing {
		s := &standing{definition: operation, says: say(oc.RawQuery, operation)}
		for _, v := range operation.VariableDefinitions {
			if hasLimits(l.schema, v.Type) {
				s.limited = append(s.limited, v)
			}
		}
		if operation == oc.Operation && !made.varies {
			s.bill.Store(made)
		}
		return s
	})
}

// open says whether the operation asks for nothing but what is everybody's. Of
// another one its size is not what nobody has to be told.
func (l *limiter) open(oc *graphql.OperationContext) bool {
	for _, f := range graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{rootType(oc.Operation)}) {
		if f.Definition == nil || strings.HasPrefix(f.Name, "__") {
			continue
		}
		if d, _ := doorOf(f.Definition.Directives); d.kind != "public" {
			return false
		}
	}
	return true
}

// roots counts the fields at the root as they will be answered: fragments are
// spread, and fields under one name are one. It gives the sensitive mutation, if
// there is one.
func (l *limiter) roots(oc *graphql.OperationContext) (alone string, _ *fault.Error) {
	limit := l.limits.QueryFields
	if oc.Operation.Operation == ast.Mutation {
		limit = l.limits.MutationFields
	}
	fields := graphql.CollectFields(oc, oc.Operation.SelectionSet, []string{rootType(oc.Operation)})
	if len(fields) > limit {
		return "", fault.New(fault.CodeTooComplex, "The operation has %d fields at its root, at most %d are allowed. Send several requests.", len(fields), limit)
	}
	if oc.Operation.Operation != ast.Mutation {
		return "", nil
	}
	for _, f := range fields {
		if isSensitive, listed := sensitive[f.Name]; (isSensitive || !listed) && f.Name != "__typename" {
			if len(fields) > 1 {
				return "", fault.New(fault.CodeTooComplex, "`%s` must be the only field of its mutation; this one has %d. Send a request for each.", f.Name, len(fields))
			}
			alone = f.Name
		}
	}
	return alone, nil
}

// budget is the most that an operation of the viewer may cost. Staff is who may
// see other people's data.
func (l *limiter) budget(v *access.Viewer) int {
	switch {
	case v == nil || v.Anonymous():
		return l.limits.CostAnonymous
	case v.SeesOthers():
		return l.limits.CostStaff
	default:
		return l.limits.CostUser
	}
}

// InterceptOperation gives a query or mutation its time. A subscription has no
// end of its own; each of its statements has.
func (l *limiter) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Subscription {
		return next(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, l.limits.Duration)
	respond := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer cancel()
		return respond(ctx)
	}
}

// refusal is a fault in the form that the executor passes on.
func refusal(err error, at *ast.Position) *gqlerror.Error {
	g := &gqlerror.Error{Err: err, Message: err.Error()}
	if f, ok := fault.As(err); ok {
		g.Message = f.Message
	}
	if at != nil {
		g.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return g
}
