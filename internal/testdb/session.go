package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/lib/pq"
)

// prefix begins the name of every database made here.
const prefix = "cgtest_"

// session is this process on the server. Its databases are named after it, and
// it holds an advisory lock of that name for as long as the process lives; a
// database whose lock is free was left behind by a process that was killed.
type session struct {
	admin  string
	name   string
	number atomic.Int64
	// strategy makes CREATE DATABASE copy files, several times faster for small
	// databases than writing them to the log; versions before 15 always do.
	strategy string
	// holder is not a *sql.DB, whose goroutine would look like a leak in every
	// package that checks for them.
	holder driver.Conn
}

func openSession(ctx context.Context, admin string) (*session, error) {
	s := &session{admin: admin, name: prefix + strings.ToLower(rand.Text()[:10])}
	connector, err := pq.NewConnector(admin)
	if err != nil {
		return nil, fmt.Errorf("the URL of the test server: %w", err)
	}
	if s.holder, err = connector.Connect(ctx); err != nil {
		return nil, fmt.Errorf("connect to the test server: %w", err)
	}
	_, err = s.holder.(driver.ExecerContext).ExecContext(ctx,
		"SELECT pg_advisory_lock(hashtext('"+s.name+"'))", nil)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("mark the test process on the server: %w", err), s.holder.Close())
	}
	return s, s.tidy(ctx)
}

// create makes a database, cloned from template unless that is "".
func (s *session) create(ctx context.Context, template string) (name string, err error) {
	name = fmt.Sprintf("%s_%d", s.name, s.number.Add(1))
	if template == "" {
		template = "template1"
	}
	return name, s.do(ctx, "CREATE DATABASE "+pq.QuoteIdentifier(name)+" TEMPLATE "+pq.QuoteIdentifier(template)+s.strategy)
}

func (s *session) drop(ctx context.Context, name string) error {
	return s.do(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)")
}

// freeze lets nobody connect to a database, so that it can be cloned at any time.
func (s *session) freeze(ctx context.Context, name string) error {
	return s.do(ctx, "ALTER DATABASE "+pq.QuoteIdentifier(name)+" WITH ALLOW_CONNECTIONS false")
}

// url is the URL of another database on the server.
func (s *session) url(name string) string {
	u, err := url.Parse(s.admin)
	if err != nil {
		return "" // openSession has connected with it
	}
	u.Path = "/" + name
	return u.String()
}

// tidy looks what server this is and drops the databases of processes that are
// gone.
func (s *session) tidy(ctx context.Context) (err error) {
	db, err := sql.Open("postgres", s.admin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // the locks below belong to a connection

	var version int
	if err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return fmt.Errorf("ask the test server for its version: %w", err)
	}
	if version >= 15_00_00 {
		s.strategy = " STRATEGY file_copy"
	}
	rows, err := db.QueryContext(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, prefix)
	if err != nil {
		return fmt.Errorf("list the databases of earlier tests: %w", err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return errors.Join(err, rows.Close())
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		owner := name[:strings.LastIndexByte(name, '_')]
		var gone bool
		if err := db.QueryRowContext(ctx, `SELECT pg_try_advisory_lock(hashtext($1))`, owner).Scan(&gone); err != nil {
			return err
		}
		if !gone {
			continue
		}
		if _, err := db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+pq.QuoteIdentifier(name)+" WITH (FORCE)"); err != nil {
			return fmt.Errorf("drop %s, left behind by an earlier test: %w", name, err)
		}
	}
	return nil
}

func (s *session) do(ctx context.Context, statement string) (err error) {
	db, err := sql.Open("postgres", s.admin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
