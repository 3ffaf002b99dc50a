package app

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"clinicgraph/internal/audit"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/config"
	"clinicgraph/internal/events"
	"clinicgraph/migrate"
)

type keysCmd struct {
	List   keysList   `cmd:"" help:"Print all keys, the newest first."`
	Rotate keysRotate `cmd:"" help:"Have the published key sign, and publish the next."`
	Revoke keysRevoke `cmd:"" help:"Refuse a key at once, with everything that it has signed."`
}

type keysList struct{}

// Run prints the keys.
func (keysList) Run(con terminal, cfg config.Config) error {
	return withKeys(con, cfg, func(*auth.Keyring) error { return nil })
}

type keysRotate struct{}

// Run rotates and prints the keys. Servers at work follow within a second.
func (keysRotate) Run(con terminal, cfg config.Config) error {
	return withKeys(con, cfg, func(k *auth.Keyring) error { return k.Rotate(con.ctx) })
}

type keysRevoke struct {
	KID string `arg:"" name:"kid" help:"The id of the key."`
}

// Run revokes a key and prints the keys. Servers at work follow within a second.
func (r keysRevoke) Run(con terminal, cfg config.Config) error {
	return withKeys(con, cfg, func(k *auth.Keyring) error { return k.Revoke(con.ctx, r.KID) })
}

// withKeys runs a verb on the keys of a database that a server has been started
// on, tells the servers at work, and prints the keys.
func withKeys(con terminal, cfg config.Config, verb func(*auth.Keyring) error) (err error) {
	derived, err := presentSecrets(cfg)
	if err != nil {
		return err
	}
	db, err := Open(con.ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate.Check(con.ctx, db); err != nil {
		return err
	}
	record, err := openChain(con.ctx, cfg, db, derived)
	if err != nil {
		return err
	}
	a, resolver, err := assemble(db, derived, record, audit.Rules{}, cfg, con.log, Options{Now: clock})
	if err != nil {
		return err
	}
	keys, err := keyring(resolver.Auth, derived)
	if err != nil {
		return err
	}
	a.events.Start(events.Listener{Changed: func(events.Event) {}, Interrupted: func() {}, Lost: func() {}})
	defer a.events.Close(con.ctx) // tells the servers
	if err := keys.Load(con.ctx); err != nil {
		return foreign(cfg, err)
	}
	if err := verb(keys); err != nil {
		return err
	}
	rows, err := keys.List(con.ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(con.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KID\tSTATE\tPUBLISHED\tSIGNS SINCE\tUNTIL")
	for _, row := range rows {
		until := row.RetiredAt
		if row.RevokedAt != nil {
			until = row.RevokedAt
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", row.Kid, row.State, instant(&row.CreatedAt), instant(row.ActivatedAt), instant(until))
	}
	return table.Flush()
}

func instant(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
