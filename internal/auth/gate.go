package auth

import (
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/accounts"
)

// canIssue is the one gate in front of every token: sign-in, refresh and each
// request with an access token ask it. The account is active, not locked by an
// administrator and not deleted, and the session is alive. A session of nil is
// one that is about to be opened.
//
// The lock of failed sign-ins (locked_until) is no matter of tokens: who guesses
// at an account must not sign its owner out. That a password must be changed is
// none either: the door asks for it at each field.
func canIssue(u *ent.User, session *ent.UserSession, now time.Time) bool {
	return u != nil && accounts.Shut(u) == "" && (session == nil || alive(session, now))
}

// alive says whether a session counts at now.
func alive(session *ent.UserSession, now time.Time) bool {
	return session.Status == usersession.StatusActive && now.Before(session.IdleExpiresAt) && now.Before(session.ExpiresAt)
}
