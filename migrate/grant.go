package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/lib/pq"

	"clinicgraph/internal/store"
)

// kept are the tables of the record, of the ledgers and of the chain: a server reads
// them and adds to them, and changes or removes nothing. Their partitions are with them.
var kept = []string{"operation_logs", "audit_logs", "session_logs", "order_events", "points_entries", "audit_chain"}

// readOnly are the tables that a server only reads: what is archived is said by whoever
// archives, and what is migrated by whoever migrates.
var readOnly = []string{"audit_checkpoints", "goose_db_version", "river_migration"}

var (
	// ErrNoRoles says that a database has no roles to give rights to.
	ErrNoRoles = errors.New("only PostgreSQL has roles")

	// ErrRole says that a role cannot be kept from changing the record, or is not there.
	ErrRole = errors.New("the role cannot be given the rights of a server")
)

// Grant gives a role of PostgreSQL what a server needs, and takes from it what it does
// not: it reads, adds, changes and removes rows of the clinic's tables, and only reads
// and adds those of the record. It makes and drops nothing. Whoever calls it owns the
// tables. Doing it again changes nothing; Renew does, for tables that came later.
// Errors: ErrNoRoles; ErrRole where there is no such role, or it owns the tables or may
// do everything.
func Grant(ctx context.Context, db *store.DB, role string) error {
	if db.Dialect != dialect.Postgres {
		return fmt.Errorf("migrate: %w", ErrNoRoles)
	}
	unlock, err := lock(ctx, db)
	if err != nil {
		return fmt.Errorf("migrate: wait for whoever is migrating: %w", err)
	}
	err = func() error {
		tx, err := db.Write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if err := grant(ctx, tx, role); err != nil {
			return err
		}
		return tx.Commit()
	}()
	if err != nil {
		err = fmt.Errorf("migrate: rights of %s: %w", role, err)
	}
	return errors.Join(err, unlock())
}

func grant(ctx context.Context, tx *sql.Tx, role string) error {
	var there, mighty bool
	err := tx.QueryRowContext(ctx, `SELECT count(*) = 1, coalesce(bool_or(r.rolsuper OR pg_has_role(r.oid, c.relowner, 'MEMBER')), false)
		FROM pg_roles r, pg_class c WHERE r.rolname = $1 AND c.oid = 'audit_chain'::regclass`, role).Scan(&there, &mighty)
	switch {
	case err != nil:
		return err
	case !there:
		return fmt.Errorf("%w: there is no such role", ErrRole)
	case mighty:
		return fmt.Errorf("%w: it owns the tables, or may do everything", ErrRole)
	}
	all, err := owned(ctx, tx)
	if err != nil {
		return err
	}
	to := pq.QuoteIdentifier(role)
	var schema string
	if err := tx.QueryRowContext(ctx, `SELECT quote_ident(current_schema())`).Scan(&schema); err != nil {
		return err
	}
	statements := []string{
		`REVOKE ALL ON SCHEMA ` + schema + ` FROM ` + to,
		`GRANT USAGE ON SCHEMA ` + schema + ` TO ` + to,
	}
	for _, r := range all {
		name := r.kind + " " + schema + "." + pq.QuoteIdentifier(r.name)
		statements = append(statements, `REVOKE ALL ON `+name+` FROM `+to, `GRANT `+r.rights+` ON `+name+` TO `+to)
	}
	// One message: each is a row of the catalogue, and there are many.
	_, err = tx.ExecContext(ctx, strings.Join(statements, ";\n"))
	return err
}

// granted is a table, view or sequence, and what a server may do with it.
type granted struct{ kind, name, rights string }

// owned are those that belong to the owner of the chain. Partitions are read; what is
// added to them is added to the log.
func owned(ctx context.Context, tx *sql.Tx) (all []granted, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname,
		CASE WHEN c.relkind = 'S' THEN 'USAGE'
		     WHEN c.relname = ANY ($2) OR c.relispartition OR c.relkind = 'v' THEN 'SELECT'
		     WHEN c.relname = ANY ($1) THEN 'SELECT, INSERT'
		     ELSE 'SELECT, INSERT, UPDATE, DELETE' END
		FROM pg_class c JOIN pg_class chain ON chain.oid = 'audit_chain'::regclass
		WHERE c.relnamespace = chain.relnamespace AND c.relowner = chain.relowner AND c.relkind IN ('r', 'p', 'v', 'S') ORDER BY c.relname`,
		pq.Array(kept), pq.Array(readOnly))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r granted
		if err := rows.Scan(&r.kind, &r.name, &r.rights); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// Renew grants again to each role that Grant was called for, so that it can use the
// tables that a migration has made; it gives the roles. They are those that may add to
// the chain, and not change it. On SQLite there are none.
func Renew(ctx context.Context, db *store.DB) (roles []string, err error) {
	if db.Dialect != dialect.Postgres {
		return nil, nil
	}
	err = db.Read.QueryRowContext(ctx, `SELECT array_agg(r.rolname ORDER BY r.rolname) FROM pg_class c, pg_roles r
		WHERE c.oid = 'audit_chain'::regclass AND pg_has_role(c.relowner, 'MEMBER')
		AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = r.oid AND a.privilege_type = 'INSERT')
		AND NOT has_table_privilege(r.oid, c.oid, 'UPDATE, DELETE, TRUNCATE')`).Scan(pq.Array(&roles))
	if err != nil {
		return nil, fmt.Errorf("migrate: look for the roles of servers: %w", err)
	}
	for _, role := range roles {
		if err := Grant(ctx, db, role); err != nil {
			return nil, err
		}
	}
	return roles, nil
}

// Changeable names the tables of the record whose rows the role of this connection may
// change or remove, there or in a partition, as far as rights go. On SQLite there are no rights, and it names none.
func Changeable(ctx context.Context, db *store.DB) (tables []string, err error) {
	if db.Dialect != dialect.Postgres {
		return nil, nil
	}
	err = db.Read.QueryRowContext(ctx, `SELECT array_agg(DISTINCT t ORDER BY t) FROM unnest($1::text[]) t, pg_class c
		LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
		WHERE coalesce(i.inhparent, c.oid) = t::regclass AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')`,
		pq.Array(append(kept[:len(kept):len(kept)], "audit_checkpoints"))).Scan(pq.Array(&tables))
	if err != nil {
		return nil, fmt.Errorf("migrate: look for rights to change the record: %w", err)
	}
	return tables, nil
}
