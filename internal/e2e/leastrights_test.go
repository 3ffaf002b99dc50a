package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"clinicgraph/ent"
	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

// heldBack opens a server that signs in to PostgreSQL as a role with the rights of
// `migrate grant`, and the database as its owner.
func heldBack(t *testing.T) (c *clinic, owner *store.DB) {
	t.Helper()
	role := testdb.NewRole(t)
	url := testdb.NewPostgresDatabase(t, postgresTemplate.Get(t, buildPostgres))
	owner, err := store.OpenPostgres(t.Context(), store.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := owner.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := migrate.Grant(t.Context(), owner, role); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenPostgres(t.Context(), store.Options{URL: testdb.As(url, role), Wait: -1})
	if err != nil {
		t.Fatal(err)
	}
	w := postgresWorld
	c = &clinic{
		world: w, t: t, dialect: dialect.Postgres, log: &journal{}, clock: &clock{at: opening},
		clients: map[string]*client{}, secrets: []string{password, w.first.Password},
	}
	return serveOn(t, c, db, func(*config.Config, *app.Options) {}), owner
}

// TestAServerWorksWithoutTheRightToChangeTheRecord lives a day of the clinic, and has
// each job run once, on a server whose role may only add to the record. What triggers
// refuse otherwise is refused by PostgreSQL then, also where the triggers are off.
func TestAServerWorksWithoutTheRightToChangeTheRecord(t *testing.T) {
	t.Parallel()
	c, owner := heldBack(t)
	d := withDiary(t, c) // signs in, books, pays, redeems, grants and tells
	boss := c.as(admin)
	user := boss.newUser("new.one").ok().text("createUser.user.id")
	boss.assign(user, c.roles["staff"]).ok()
	boss.do(`{ auditLogs(first: 5) { totalCount edges { node { event actor } } } }`).ok()
	c.as(customerA).cancel(d.near.booking).ok()
	c.as(customerB).book(c.consultation, c.practitioners[doctorNorth], at(15, 0)).ok()
	boss.erase(d.next.profile)
	c.advance(time.Hour)
	jobs := c.runsEachJob()
	for n := 1; n > 0; {
		var err error
		if n, err = c.app.Sealer.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	c.as(manager).verifyChain(nil, nil).ok().want("auditChain.check", `null`)
	if c.count(`SELECT count(*) FROM audit_chain`) == 0 || jobs < 10 {
		t.Errorf("%d jobs have run", jobs)
	}
	for entity, meta := range ent.Meta {
		if !meta.AppendOnly {
			continue
		}
		if c.count(`SELECT count(*) FROM `+meta.Table) == 0 {
			t.Errorf("no rows of %s to try on", entity)
		}
		c.refusedByRights(owner, meta.Table)
	}
	c.refusedByRights(owner, "audit_chain")
	c.mustAddUp()
}

// runsEachJob starts the jobs and waits until each has run; none may fail.
func (c *clinic) runsEachJob() (run int) {
	c.t.Helper()
	if err := c.app.Jobs.Start(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
	tick, limit := time.NewTicker(20*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for run == 0 || c.count(`SELECT count(*) FROM river_job WHERE finalized_at IS NULL`) > 0 {
		select {
		case <-tick.C:
			run = c.count(`SELECT count(*) FROM river_job`)
		case <-limit:
			c.t.Fatal("the jobs have not run in a minute")
		}
	}
	if failed := c.texts(`SELECT kind || ' ' || errors::text FROM river_job WHERE state <> 'completed'`); len(failed) > 0 {
		c.t.Errorf("jobs that failed: %s", failed)
	}
	if err := c.app.Jobs.Stop(context.WithoutCancel(c.t.Context())); err != nil {
		c.t.Error(err)
	}
	return run
}

// refusedByRights has the owner switch the triggers of a table off, and the server try
// to change it.
func (c *clinic) refusedByRights(owner *store.DB, table string) {
	c.t.Helper()
	switched := func(to string) {
		c.t.Helper()
		if _, err := owner.Write.Exec(`ALTER TABLE ` + table + ` ` + to + ` TRIGGER USER`); err != nil {
			c.t.Fatal(err)
		}
	}
	before := c.count(`SELECT count(*) FROM ` + table)
	switched("DISABLE")
	column := c.texts(`SELECT attname::text FROM pg_attribute WHERE attrelid = '` + table + `'::regclass AND attnum = 1`)[0]
	for _, statement := range []string{`UPDATE ` + table + ` SET ` + column + ` = ` + column, `DELETE FROM ` + table, `TRUNCATE ` + table + ` CASCADE`} {
		_, err := c.app.Store.DB.Write.Exec(statement)
		if e, ok := errors.AsType[*pq.Error](err); !ok || e.Code != "42501" {
			c.t.Errorf("%s: %v", statement, err)
		}
	}
	switched("ENABLE")
	if after := c.count(`SELECT count(*) FROM ` + table); after != before {
		c.t.Errorf("%s: %d rows became %d", table, before, after)
	}
}
