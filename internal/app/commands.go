package app

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"clinicgraph/internal/config"
	"clinicgraph/internal/seed"
	"clinicgraph/migrate"
)

type migrateCmd struct {
	Up     migrateUp     `cmd:"" help:"Apply what is pending."`
	Status migrateStatus `cmd:"" help:"Say what is applied and what is pending."`
	Grant  migrateGrant  `cmd:"" help:"Give a role of PostgreSQL what a server needs, and nothing more."`
	Create migrateCreate `cmd:"" help:"Plan a migration for both databases from the ent schemas."`
}

type migrateUp struct{}

// Run applies what is pending.
func (migrateUp) Run(con terminal, cfg config.Config) error {
	n, err := Migrate(con.ctx, cfg)
	if err == nil {
		fmt.Fprintf(con.out, "%d migrations applied\n", n)
	}
	return err
}

type migrateStatus struct{}

// Run prints what is applied and what is pending.
func (migrateStatus) Run(con terminal, cfg config.Config) error {
	db, err := Open(con.ctx, cfg)
	if err != nil {
		return err
	}
	report, err := migrate.Status(con.ctx, db)
	if err == nil {
		fmt.Fprintln(con.out, report)
	}
	return errors.Join(err, db.Close())
}

type migrateGrant struct {
	Role string `arg:"" help:"A role that exists, and does not own the tables."`
}

// Run gives the role its rights.
func (g migrateGrant) Run(con terminal, cfg config.Config) error {
	db, err := Open(con.ctx, cfg)
	if err != nil {
		return err
	}
	if err = migrate.Check(con.ctx, db); err == nil {
		err = migrate.Grant(con.ctx, db, g.Role)
	}
	if err == nil {
		fmt.Fprintf(con.out, "%s has the rights of a server\n", g.Role)
	}
	return errors.Join(err, db.Close())
}

type migrateCreate struct {
	Name   string `arg:"" help:"What the migration does, in snake case."`
	Folder string `default:"migrate" help:"The folder of the migrations."`
	DevURL string `name:"dev-url" required:"" help:"A PostgreSQL server that may be written to, to plan on."`
}

// Run writes the files of a migration, and none where the schema has not
// changed.
func (m migrateCreate) Run(con terminal) error {
	files, err := migrate.Create(con.ctx, m.Folder, m.Name, m.DevURL)
	for _, f := range files {
		fmt.Fprintln(con.out, f)
	}
	return err
}

type seedCmd struct {
	Base seedBase `cmd:"" help:"Make the data that every clinic has. Serve does it, too."`
	Demo seedDemo `cmd:"" help:"Make the demo clinic."`
}

type seedBase struct{}

// Run makes the base data.
func (seedBase) Run(con terminal, cfg config.Config) error {
	a, err := New(con.ctx, cfg, con.log, Options{Version: con.version, Out: con.out})
	if err != nil {
		return err
	}
	a.greet(con)
	return a.Close(con.ctx)
}

type seedDemo struct{}

// Run makes the demo clinic and prints its accounts.
func (seedDemo) Run(con terminal, cfg config.Config) error {
	a, err := New(con.ctx, cfg, con.log, Options{Version: con.version, Out: con.out})
	if err != nil {
		return err
	}
	a.greet(con)
	err = a.demo(con, cfg)
	return errors.Join(err, a.Close(con.ctx))
}

// demo makes the demo clinic where there is none, and prints how to sign in.
func (a *App) demo(con terminal, cfg config.Config) error {
	began := time.Now()
	accounts, err := seed.Demo(con.ctx, a.Seed, seed.Options{
		Production: cfg.Production(), Folder: cfg.Database.Data, Currency: cfg.Currency, Timezone: cfg.Timezone,
	})
	if errors.Is(err, seed.ErrThere) {
		fmt.Fprintf(con.out, "The demo clinic is there already; its accounts are in %s/demo-accounts.json\n", cfg.Database.Data)
		return nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(con.out, "Demo clinic ready (%s). Its accounts, also in %s/demo-accounts.json:\n", time.Since(began).Round(time.Millisecond), cfg.Database.Data)
	for _, account := range accounts {
		fmt.Fprintf(con.out, "  %-9s %-16s %-22s %s\n", account.Role, account.Unit, account.Login, account.Password)
	}
	return nil
}

// greet prints the first administrator's password, once.
func (a *App) greet(con terminal) {
	if a.FirstAdmin != nil {
		fmt.Fprintf(con.out, "First administrator: login %s, one-time password %s (to be changed at the first sign-in)\n", a.FirstAdmin.Login, a.FirstAdmin.Password)
	}
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(con terminal) error {
	_, err := fmt.Fprintln(con.out, con.version)
	return err
}

// Version is what the build knows of itself.
func Version() string {
	if v := os.Getenv("CLINICGRAPH_BUILD"); v != "" {
		return v
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				return s.Value[:12]
			}
		}
	}
	return "development"
}
