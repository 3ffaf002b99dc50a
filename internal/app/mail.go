package app

import (
	"log/slog"
	"path/filepath"
	"time"

	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/pages"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// outboxFolder is where messages are written without a mail server, in the data
// folder.
const outboxFolder = "outbox"

// outbox makes what messages leave by, and the key of what goes with the tokens
// in them.
func outbox(cfg config.Config, keys auth.Keys, s *store.Store, now func() time.Time, log *slog.Logger) (*notify.Outbox, *seal.Key, error) {
	key, err := keys.Sealer("outbox")
	if err != nil {
		return nil, nil, err
	}
	oneTime, err := keys.Sealer("one-time-token")
	if err != nil {
		return nil, nil, err
	}
	return &notify.Outbox{
		Store: s, Key: key, Transport: transport(cfg), From: cfg.Sender(), Now: now, Log: log,
		Links: notify.Links{
			VerifyEmail:   cfg.LinkTo(cfg.Mail.LinkVerifyEmail, pages.VerifyEmail.Path),
			ResetPassword: cfg.LinkTo(cfg.Mail.LinkResetPassword, pages.ResetPassword.Path),
		},
	}, oneTime, nil
}

// mailPages are the pages of links that lead to this server.
func mailPages(cfg config.Config) (served []*pages.Page) {
	if cfg.LinksHere(cfg.Mail.LinkVerifyEmail, pages.VerifyEmail.Path) {
		served = append(served, pages.VerifyEmail)
	}
	if cfg.LinksHere(cfg.Mail.LinkResetPassword, pages.ResetPassword.Path) {
		served = append(served, pages.ResetPassword)
	}
	return served
}

// transport is the mail server of the settings, or files.
func transport(cfg config.Config) notify.Transport {
	server, ok := cfg.SMTP()
	if !ok {
		return notify.Folder(filepath.Join(cfg.Database.Data, outboxFolder))
	}
	return notify.SMTP{
		Host: server.Host, Port: server.Port, User: server.User, Password: server.Password,
		Implicit: server.Implicit, Plain: server.Loopback && !server.Implicit,
	}
}
