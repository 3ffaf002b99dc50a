package auth

import (
	"context"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/notify"
)

// notice tells the owner of the account by mail what has happened to it, inside
// the transaction in which it does: when, and from which address. What is said
// of it besides is for the templates that show it.
func (s *Service) notice(ctx context.Context, c *ent.Client, u *ent.User, what notify.Template, about ...notify.Facts) error {
	m := notify.Message{Template: what, User: u}
	if len(about) > 0 {
		m.Facts = about[0]
	}
	m.Facts.At, m.Facts.IP = s.Now(), access.RequestOf(ctx).IP
	return s.Mail.Write(access.Elevated(ctx, string(what)), c, m)
}

// noticeDevice tells of a sign-in from a device that the account has not been
// used on before.
func (s *Service) noticeDevice(ctx context.Context, c *ent.Client, u *ent.User) error {
	return s.notice(ctx, c, u, notify.NewDevice, notify.Facts{Device: access.RequestOf(ctx).UserAgent})
}

// noticeReuse tells that a refresh token was used twice, and its session ended.
func (s *Service) noticeReuse(ctx context.Context, c *ent.Client, u *ent.User) error {
	return s.notice(ctx, c, u, notify.RefreshReused)
}

// noticeFactor tells of a factor that was added or removed: notify.FactorAdded or
// FactorRemoved, and what it is, such as "a passkey".
func (s *Service) noticeFactor(ctx context.Context, c *ent.Client, u *ent.User, what notify.Template, factor string) error {
	return s.notice(ctx, c, u, what, notify.Facts{Factor: factor})
}
