package auth

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"clinicgraph/ent"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/access"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/ratelimit"
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

// deviceMemory is how many of the last sign-ins by programs of one name are
// looked at to tell whether a device is new.
const deviceMemory = 50

// noticeDevice tells of a sign-in from a device that the account has not been
// used on before: it has shown no token of a known device, and no earlier session
// was of the same program from the same network. The first session of all is no
// news. It is called before the session is opened.
func (s *Service) noticeDevice(ctx context.Context, c *ent.Client, u *ent.User) error {
	if s.Mail == nil || s.deviceOf(ctx, u.ID) != "" {
		return nil
	}
	r := access.RequestOf(ctx)
	any, err := c.UserSession.Query().Where(usersession.UserID(u.ID)).Exist(ctx)
	if err != nil || !any {
		return err
	}
	alike, err := c.UserSession.Query().Where(usersession.UserID(u.ID), usersession.FingerprintHash(fingerprint(r))).
		Order(usersession.ByID(sql.OrderDesc())).Limit(deviceMemory).All(ctx)
	if err != nil {
		return fmt.Errorf("look for sessions of the device: %w", err)
	}
	here := ratelimit.Network(r.IP)
	for _, session := range alike {
		if ratelimit.Network(session.IPAddress) == here || ratelimit.Network(session.LastIPAddress) == here {
			return nil
		}
	}
	return s.notice(ctx, c, u, notify.NewDevice, notify.Facts{Device: r.UserAgent})
}

// noticeReuse tells that a refresh token was used twice, and its session ended.
func (s *Service) noticeReuse(ctx context.Context, c *ent.Client, u *ent.User) error {
	return s.notice(ctx, c, u, notify.RefreshReused)
}

// TellMoved tells the address that an account is about to lose, inside the
// client's transaction, whoever has changed it.
func (s *Service) TellMoved(ctx context.Context, c *ent.Client, u *ent.User) error {
	return s.notice(ctx, c, u, notify.AddressChanged)
}

// noticeFactor tells of a factor that was added or removed: notify.FactorAdded or
// FactorRemoved, and what it is, such as "a passkey".
func (s *Service) noticeFactor(ctx context.Context, c *ent.Client, u *ent.User, what notify.Template, factor string) error {
	return s.notice(ctx, c, u, what, notify.Facts{Factor: factor})
}
