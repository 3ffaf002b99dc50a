// Package goclient owns a typed client in Go: genqlient makes the functions from
// operations.graphql and the published graph, and the stories ask a server with
// them. The server never imports it, and it knows nothing of the server but
// schema.graphqls.
package goclient

import (
	"context"
	"net/http"

	"github.com/Khan/genqlient/graphql"
)

//go:generate go tool genqlient

// Client asks the graph at a URL. The zero token asks as nobody.
type Client struct {
	URL   string
	HTTP  *http.Client
	token string
}

// SignIn asks for an access token and uses it from then on.
func (c *Client) SignIn(ctx context.Context, login, password string) error {
	answer, err := signIn(ctx, c.graph(), login, password)
	if err != nil {
		return err
	}
	c.token = answer.Login.AccessToken
	return nil
}

// Me names the user who is signed in.
func (c *Client) Me(ctx context.Context) (username string, err error) {
	answer, err := me(ctx, c.graph())
	if err != nil || answer.Viewer.User == nil {
		return "", err
	}
	return answer.Viewer.User.Username, nil
}

// Bookings reads all bookings that the user may see, in pages.
func (c *Client) Bookings(ctx context.Context, size int) (all []Booking, err error) {
	for after := (*string)(nil); ; {
		answer, err := bookings(ctx, c.graph(), size, after)
		if err != nil {
			return nil, err
		}
		for _, edge := range answer.Bookings.Edges {
			all = append(all, edge.Node)
		}
		if after = answer.Bookings.PageInfo.EndCursor; !answer.Bookings.PageInfo.HasNextPage {
			return all, nil
		}
	}
}

// Booking is what a page shows of a booking.
type Booking = bookingsBookingsBookingConnectionEdgesBookingEdgeNodeBooking

func (c *Client) graph() graphql.Client { return graphql.NewClient(c.URL, c) }

// Do implements graphql.Doer: it adds the token.
func (c *Client) Do(r *http.Request) (*http.Response, error) {
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	return c.HTTP.Do(r)
}
