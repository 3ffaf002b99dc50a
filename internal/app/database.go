package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

// databaseFile is the SQLite database in the data folder.
const databaseFile = "clinicgraph.db"

// Open opens the database that the settings name.
func Open(ctx context.Context, cfg config.Config) (*store.DB, error) {
	if url := cfg.Database.URL.Reveal(); url != "" {
		return store.OpenPostgres(ctx, store.Options{
			URL: url, ListenAddr: cfg.Database.ListenAddr, MaxConns: cfg.Database.MaxConns,
			StatementTimeout: cfg.Database.StatementTimeout,
		})
	}
	return store.OpenSQLite(ctx, filepath.Join(cfg.Database.Data, databaseFile))
}

// Migrate applies what is pending, and has the roles of servers use what is new. A migration of a large table takes longer than
// a statement of a request may, so it has connections of its own.
func Migrate(ctx context.Context, cfg config.Config) (applied int, err error) {
	var db *store.DB
	if url := cfg.Database.URL.Reveal(); url != "" {
		db, err = store.OpenPostgres(ctx, store.Options{URL: url, MaxConns: 2, StatementTimeout: -1})
	} else {
		db, err = Open(ctx, cfg)
	}
	if err != nil {
		return 0, err
	}
	if applied, err = migrate.Apply(ctx, db); err == nil {
		_, err = migrate.Renew(ctx, db)
	}
	return applied, errors.Join(err, db.Close())
}

// migrated brings the schema up to date where serve may, and otherwise refuses
// one that is behind or ahead of this binary.
func migrated(ctx context.Context, cfg config.Config, o Options, db *store.DB, log *slog.Logger) error {
	if cfg.Database.URL.Reveal() == "" && o.DB == nil || cfg.Database.AutoMigrate {
		n, err := Migrate(ctx, cfg)
		if err != nil {
			return err
		}
		if n > 0 {
			log.InfoContext(ctx, "schema migrated", "migrations", n)
		}
	} else if err := migrate.Check(ctx, db); err != nil {
		return err
	}
	return migrate.CheckClaims(ctx, db)
}
