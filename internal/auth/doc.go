// Package auth owns what proves who somebody is: passwords, access tokens,
// refresh tokens and the keys under them. It never speaks HTTP, and it never
// decides what an account may do: that is package access.
//
// Everything secret in it prints as ***, whatever the verb; see [Secret].
package auth

import "clinicgraph/internal/fault"

// unauthenticated is the one answer to every token that is not good. The cause
// is for the log: a client must not learn which check refused it.
func unauthenticated(cause error) error {
	return fault.Wrap(fault.CodeUnauthenticated, cause, "Please sign in.")
}
