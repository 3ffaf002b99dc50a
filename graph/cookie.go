package graph

import (
	"context"
	"time"

	"github.com/google/uuid"

	"clinicgraph/graph/model"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/fault"
)

// RefreshCookie is what a request's cookie says, and what the answer is to make
// of it: the refresh token of a page. It renews and ends sessions, and authorises
// nothing else. Whoever speaks HTTP fills it in and writes it out.
type RefreshCookie struct {
	Token  string // "" where there is no cookie
	Proven bool   // the request carries what a page of another origin cannot send unasked

	// What the answer sets the cookie to, and until when; "" removes it.
	Changed bool
	Next    string
	Until   time.Time

	// Device is what the answer sets the cookie of the known device to; "" leaves
	// it as it is. It outlives the session.
	Device string
}

func (k *RefreshCookie) set(token string, until time.Time) {
	k.Changed, k.Next, k.Until = true, token, until
}

type cookieKey struct{}

// WithRefreshCookie gives ctx the cookie of its request.
func WithRefreshCookie(ctx context.Context, k *RefreshCookie) context.Context {
	return context.WithValue(ctx, cookieKey{}, k)
}

// cookieOf is the cookie of the request; one that is empty and not proven where
// the transport has none.
func cookieOf(ctx context.Context) *RefreshCookie {
	if k, ok := ctx.Value(cookieKey{}).(*RefreshCookie); ok {
		return k
	}
	return &RefreshCookie{}
}

// proven refuses a request that uses the cookie and may come from a page that
// should not.
func (k *RefreshCookie) proven() error {
	if !k.Proven {
		return fault.Forbidden("A request that uses the cookie carries the header X-Requested-With.")
	}
	return nil
}

// shown is the refresh token that a client presents: that of the input, or of the
// cookie. "" where there is neither.
func (k *RefreshCookie) shown(input *string) (string, error) {
	switch {
	case k.Token == "":
		return deref(input), nil
	case input != nil && *input != k.Token:
		return "", fault.Invalid("input.refreshToken", "The cookie holds another token.")
	default:
		return k.Token, k.proven()
	}
}

// delivered looks whether a session may be delivered so, before it is opened.
func delivered(ctx context.Context, by model.TokenDelivery) error {
	if by == model.TokenDeliveryCookie {
		return cookieOf(ctx).proven()
	}
	return nil
}

// deliver gives what of the refresh token and of the device token goes into the
// answer.
func deliver(ctx context.Context, s *auth.Session, by model.TokenDelivery) (refresh, device *string) {
	if by == model.TokenDeliveryCookie {
		cookie := cookieOf(ctx)
		cookie.set(s.RefreshToken, s.RefreshExpiresAt)
		cookie.Device = s.DeviceToken
		return nil, nil
	}
	return &s.RefreshToken, orNull(s.DeviceToken)
}

func (r *mutationResolver) RefreshSession(ctx context.Context, in model.RefreshSessionInput) (*model.SessionPayload, error) {
	cookie := cookieOf(ctx)
	token, err := cookie.shown(in.RefreshToken)
	if err != nil {
		return nil, err
	}
	by := model.TokenDeliveryBody
	if cookie.Token != "" {
		by = model.TokenDeliveryCookie
	}
	if in.Delivery != nil {
		if cookie.Token != "" && *in.Delivery == model.TokenDeliveryBody {
			// A script that could ask for it would have what the cookie keeps from it.
			return nil, fault.Invalid("input.delivery", "A token that came as a cookie stays one.")
		}
		by = *in.Delivery
	}
	return r.session(ctx, by, func() (*auth.Session, error) { return r.Auth.Refresh(ctx, token) })
}

func (r *mutationResolver) Logout(ctx context.Context, in *model.LogoutInput) (*model.LogoutPayload, error) {
	if in == nil {
		in = &model.LogoutInput{}
	}
	v := access.FromContext(ctx)
	if v.TokenID != uuid.Nil {
		return nil, fault.Forbidden("This is not for programs: a personal token has no session.")
	}
	cookie, signedIn := cookieOf(ctx), !v.Anonymous()
	token, err := cookie.shown(in.RefreshToken)
	switch {
	case signedIn && fault.CodeOf(err) == fault.CodeForbidden:
		token = "" // the access token is enough; the cookie is left as it is
	case err != nil:
		return nil, err
	case !signedIn && token == "":
		return nil, fault.New(fault.CodeUnauthenticated, "Please sign in.")
	case cookie.Token != "":
		cookie.set("", time.Time{})
	}
	if signedIn {
		err = r.Auth.Logout(ctx)
	}
	if err == nil && token != "" {
		err = r.Auth.LogoutByToken(ctx, token)
		if signedIn && fault.CodeOf(err) == fault.CodeUnauthenticated {
			err = nil // what ended long ago is in the way of nothing
		}
	}
	if err != nil {
		return nil, err
	}
	return &model.LogoutPayload{LoggedOut: true}, nil
}
