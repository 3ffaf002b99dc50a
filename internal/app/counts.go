package app

import (
	"errors"
	"fmt"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/config"
	"clinicgraph/internal/counts"
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

type countsCmd struct {
	Check   countsCheck   `cmd:"" help:"Compare the counts with the bookings."`
	Rebuild countsRebuild `cmd:"" help:"Count all bookings anew. Who books waits meanwhile."`
}

type countsCheck struct{}

// Run fails when a count is wrong.
func (countsCheck) Run(con terminal, cfg config.Config) error {
	return withCounts(con, cfg, func(*store.Store) error { return nil })
}

type countsRebuild struct{}

// Run makes the counts anew, and checks them.
func (countsRebuild) Run(con terminal, cfg config.Config) error {
	return withCounts(con, cfg, func(s *store.Store) error { return counts.Rebuild(access.System(con.ctx, "counts"), s) })
}

// withCounts runs a verb on the counts of a database, and says whether they are right.
func withCounts(con terminal, cfg config.Config, verb func(*store.Store) error) (err error) {
	db, err := Open(con.ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate.Check(con.ctx, db); err != nil {
		return err
	}
	if err := verb(&store.Store{Client: ent.NewClient(ent.Driver(db.Driver)), DB: db}); err != nil {
		return err
	}
	wrong, err := counts.Check(con.ctx, db)
	if err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d counts of bookings are wrong; counts rebuild makes them anew", wrong)
	}
	_, err = fmt.Fprintln(con.out, "All counts of bookings are right.")
	return err
}
