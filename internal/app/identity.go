package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/events"
)

// secrets derives the keys from the master secret, making one in the data folder
// where the settings allow it.
func secrets(cfg config.Config) (keys auth.Keys, created bool, err error) {
	path, mayCreate := cfg.SecretPath()
	var secret auth.Secret
	if mayCreate {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return keys, false, fmt.Errorf("make the data folder: %w", err)
		}
		secret, created, err = auth.LoadOrCreateSecret(path)
	} else {
		secret, err = auth.LoadSecret(path)
	}
	if err != nil {
		return keys, false, &config.Error{Key: "CLINICGRAPH_SECRET_FILE", Value: path, Reason: err.Error(), Remedy: "see the message"}
	}
	former, err := formerSecrets(cfg)
	if err != nil {
		return keys, false, err
	}
	keys, err = auth.DeriveKeys(secret, former...)
	return keys, created, err
}

// formerSecrets reads the secrets that were in use before.
func formerSecrets(cfg config.Config) (former []auth.Secret, err error) {
	for _, path := range cfg.FormerSecretFiles {
		secret, err := auth.LoadSecret(path)
		if err != nil {
			return nil, &config.Error{Key: "CLINICGRAPH_FORMER_SECRET_FILES", Value: path, Reason: err.Error(), Remedy: "see the message"}
		}
		former = append(former, secret)
	}
	return former, nil
}

// foreign says of a secret that does not open the database what to do.
func foreign(cfg config.Config, err error) error {
	if !errors.Is(err, auth.ErrForeignSecret) && !errors.Is(err, chain.ErrForeignSecret) {
		return err
	}
	path, _ := cfg.SecretPath()
	return &config.Error{
		Key: "CLINICGRAPH_SECRET_FILE", Value: path, Reason: "does not open what this database holds (" + err.Error() + ")",
		Remedy: "put the secret file of this database back, or name it in CLINICGRAPH_FORMER_SECRET_FILES",
	}
}

// keyring gives the keys of access tokens.
func keyring(signIn *auth.Service, keys auth.Keys) (*auth.Keyring, error) {
	sealing, err := keys.Sealer("signing-keys")
	if err != nil {
		return nil, err
	}
	return &auth.Keyring{Store: signIn.Store, Tokens: signIn.Tokens, Seal: sealing, Security: signIn.Security, Now: signIn.Now, First: keys.Tokens}, nil
}

// passwords hashes with the costs of the options, and refuses what is guessed
// first at this clinic.
func passwords(keys auth.Keys, cfg config.Config, o Options) *auth.Passwords {
	former := make([][]byte, len(keys.Former))
	for i, f := range keys.Former {
		former[i] = f.Pepper.Reveal()
	}
	w := auth.NewPasswords(keys.Pepper.Reveal(), o.Passwords, former...)
	w.Blocked, w.Context = auth.Guessed, strings.Fields(cfg.ClinicName)
	w.Strict = cfg.Factors.Profile == "strict"
	return w
}

// follow has what good tokens are known by read from the database, now and from
// the start on.
func (a *App) follow(ctx context.Context, signIn *auth.Service, keys auth.Keys, log *slog.Logger) (err error) {
	if a.Keys, err = keyring(signIn, keys); err != nil {
		return err
	}
	if err := a.Keys.Prepare(ctx); err != nil {
		return err
	}
	if len(keys.Former) > 0 {
		done, err := signIn.AdoptSecret(ctx)
		if err != nil {
			return fmt.Errorf("adopt the secret: %w", err)
		}
		documents, err := a.Seed.Customers.Reseal(ctx)
		if err != nil {
			return fmt.Errorf("adopt the secret: %w", err)
		}
		people, err := a.Seed.Record.People.Adopt(ctx, a.Store)
		if err != nil {
			return fmt.Errorf("adopt the secret: %w", err)
		}
		log.InfoContext(ctx, "former secrets are accepted", "documents_resealed", documents, "keys_of_people_resealed", people,
			"factors_resealed", done.Resealed, "factors_lost", done.FactorsLost, "passwords_of_former", done.PasswordsFormer, "passwords_lost", done.PasswordsLost)
	}
	notes, err := a.Seed.Customers.SealNotes(ctx)
	if err != nil {
		return err
	}
	if notes > 0 {
		log.InfoContext(ctx, "notes sealed that were written in the clear", "notes", notes)
	}
	signIn.Keys = a.Keys
	signIn.Followed = auth.NewFollower(func(ctx context.Context) error {
		return errors.Join(signIn.Revoked.Load(ctx, a.Store.Client, signIn.Now()), a.Keys.Load(ctx))
	}, !a.Store.DB.Notifies(), log)
	a.followed = signIn.Followed
	if err := a.followed.Refresh(ctx); err != nil {
		return fmt.Errorf("before the server is ready: %w", err)
	}
	return nil
}

// listener hears the news: those of revocations and keys are hints to read, the
// others are for who has subscribed.
func (a *App) listener() events.Listener {
	hub := a.Live.Listener()
	return events.Listener{
		Changed: func(e events.Event) {
			switch e.Entity {
			case ent.TypeBlacklistedToken, ent.TypeSigningKey:
				a.followed.Poke()
			default:
				hub.Changed(e)
			}
		},
		Interrupted: func() { a.followed.Poke(); hub.Interrupted() },
		Lost:        hub.Lost,
	}
}

// ready says whether anybody can be served: the database answers, and it is known
// who has been sent away.
func (a *App) ready(ctx context.Context) error {
	if a.followed.Stale() {
		return errors.New("revocations are stale")
	}
	return a.Store.DB.Ping(ctx)
}

// confirmed has who asks for a sensitive mutation looked up in the database before
// it is charged for: a revocation takes up to a second to get around, and nobody
// shall change grants or move money in it.
func confirmed(signIn *auth.Service, charge func(context.Context, int, string) error) func(context.Context, int, string) error {
	return func(ctx context.Context, cost int, sensitive string) error {
		if v := access.FromContext(ctx); sensitive != "" && v != nil && !v.Until.IsZero() {
			if _, err := signIn.Renew(ctx, v); err != nil {
				return err
			}
		}
		return charge(ctx, cost, sensitive)
	}
}
