//go:build linux

package measure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/question"
)

// Statement is a statement of SQL that an operation makes.
type Statement struct {
	Text       string
	PerRequest float64
	Time       time.Duration // of one run, in PostgreSQL
}

// Count is the statements of one operation.
type Count struct {
	Login, Operation string
	Statements       []Statement
}

// countedRequests of each operation are looked at.
const countedRequests = 20

// Statements counts the statements of ours for each operation by pg_stat_statements, which
// is loaded, and switched on for this alone. The first of the counts is that of a
// request that reads nothing.
func (s *Session) Statements(ctx context.Context) (counts []Count, err error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return nil, fmt.Errorf("count statements: %w", err)
	}
	if err := track(ctx, conn, "top"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, track(context.WithoutCancel(ctx), conn, "none")) }()
	for _, login := range s.Logins {
		token, err := s.token(ctx, s.Systems[0], login)
		if err != nil {
			return nil, err
		}
		for _, set := range append([]*question.Set{question.Nothing()}, s.sets[asking{0, login}]...) {
			found, err := s.count(ctx, conn, token, set)
			if err != nil {
				return nil, fmt.Errorf("count statements: %w", err)
			}
			counts = append(counts, Count{login, set.Name, found})
		}
	}
	s.Log.Info("statements counted")
	return counts, nil
}

// track switches pg_stat_statements and waits until a connection notices.
func track(ctx context.Context, db *sql.Conn, what string) error {
	if _, err := db.ExecContext(ctx, `ALTER SYSTEM SET pg_stat_statements.track = `+what); err != nil {
		return fmt.Errorf("switch pg_stat_statements: %w", err)
	}
	if _, err := db.ExecContext(ctx, `SELECT pg_reload_conf()`); err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var is string
		if err := db.QueryRowContext(ctx, `SHOW pg_stat_statements.track`).Scan(&is); err != nil || is == what {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (s *Session) count(ctx context.Context, db *sql.Conn, token string, set *question.Set) (all []Statement, err error) {
	// The first requests prepare what the others run, and let all connections
	// notice that they are counted.
	if err := closedloop.InTurn(ctx, s.Systems[0].Addr, token, set, countedRequests); err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, `SELECT pg_stat_statements_reset()`); err != nil {
		return nil, err
	}
	if err := closedloop.InTurn(ctx, s.Systems[0].Addr, token, set, countedRequests); err != nil {
		return nil, err
	}
	rows, err := db.QueryContext(ctx, `SELECT query, calls, mean_exec_time FROM pg_stat_statements WHERE query !~* 'river|pg_stat_statements'
		ORDER BY mean_exec_time * calls DESC`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var found Statement
		var calls, ms float64
		if err := rows.Scan(&found.Text, &calls, &ms); err != nil {
			return nil, err
		}
		found.PerRequest, found.Time = calls/countedRequests, time.Duration(ms*float64(time.Millisecond))
		found.Text = strings.Join(strings.Fields(found.Text), " ")
		all = append(all, found)
	}
	return all, rows.Err()
}

// Sum is the statements of a request, BEGIN and COMMIT among them.
func (c Count) Sum() (n float64) {
	for _, s := range c.Statements {
		n += s.PerRequest
	}
	return n
}
