//go:build linux

// Package measure owns a measurement of a running server: rounds of the six
// operations under load, what they cost the server and PostgreSQL, and the table
// of the medians. It starts and stops nothing.
package measure

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/question"
)

// Config says what is measured.
type Config struct {
	Addr        string // host:port of the server
	Database    string // URL of its database
	Passwords   map[string]string
	Logins      []string // who asks, in turn
	Operations  []string
	Rounds      int
	Connections int
	Warm        time.Duration
	Measure     time.Duration
	ServerPID   int
	PostgresPID int // the first process; its children count, too
	Log         *slog.Logger
}

// Sample is one operation in one round.
type Sample struct {
	Login, Operation string
	Requests         int
	PerSecond        float64
	P50, P99         time.Duration
	Server, Postgres time.Duration // processor time of a request
	AnswerBytes      int64
	PeakMemory       int64 // of the server

	// Others is how many processors were busy with anything but the server,
	// PostgreSQL and the generator: with little more than none the figures are
	// the machine's own.
	Others float64
}

// Session is a measurement that is prepared: it knows its questions.
type Session struct {
	Config

	db   *sql.DB
	sets map[string][]*question.Set // by login
}

// Open prepares a measurement. The caller closes it.
func Open(ctx context.Context, cfg Config) (_ *Session, err error) {
	s := &Session{Config: cfg, sets: map[string][]*question.Set{}}
	if s.db, err = sql.Open("postgres", cfg.Database); err != nil {
		return nil, err
	}
	source := &question.Source{DB: s.db}
	for _, login := range cfg.Logins {
		began := time.Now()
		token, err := s.token(ctx, login)
		if err == nil {
			s.sets[login], err = source.Prepare(ctx, login, func(ctx context.Context, body []byte) ([]byte, error) {
				return closedloop.Ask(ctx, cfg.Addr, token, body)
			}, cfg.Operations)
		}
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		cfg.Log.Info("questions prepared", "login", login, "took", time.Since(began).Round(time.Millisecond))
	}
	return s, nil
}

// Close ends the connections to the database.
func (s *Session) Close() error { return s.db.Close() }

func (s *Session) token(ctx context.Context, login string) (string, error) {
	password, ok := s.Passwords[login]
	if !ok {
		return "", fmt.Errorf("there is no password of %s", login)
	}
	return closedloop.SignIn(ctx, s.Addr, login, password)
}

// Run measures. Each round asks every operation of every login, so that what
// disturbs the machine for a while disturbs all alike. M1 leaves its bookings
// behind.
func (s *Session) Run(ctx context.Context) (samples []Sample, err error) {
	for round := range s.Rounds {
		for _, login := range s.Logins {
			for _, set := range s.sets[login] {
				sample, err := s.sample(ctx, login, set)
				if err != nil {
					return nil, err
				}
				s.Log.Info("measured", "round", round+1, "login", login, "operation", set.Name, "requests", sample.Requests,
					"server", sample.Server, "postgres", sample.Postgres, "others", sample.Others)
				samples = append(samples, sample)
			}
		}
	}
	return samples, nil
}

// sample signs in anew, since an access token lives ten minutes, and measures one
// operation.
func (s *Session) sample(ctx context.Context, login string, set *question.Set) (Sample, error) {
	made := Sample{Login: login, Operation: set.Name}
	token, err := s.token(ctx, login)
	if err != nil {
		return made, err
	}
	var before, after usage
	load := closedloop.Load{
		Addr: s.Addr, Token: token, Connections: s.Connections, Warm: s.Warm, Measure: s.Measure,
		Begin: func() (err error) {
			if err := cpu.ForgetPeak(s.ServerPID); err != nil {
				return err
			}
			before, err = s.usage()
			return err
		},
		End: func() (err error) {
			if after, err = s.usage(); err != nil {
				return err
			}
			made.PeakMemory, err = cpu.PeakMemory(s.ServerPID)
			return err
		},
	}
	r, err := load.Run(ctx, set)
	if err != nil {
		return made, err
	}
	if r.Dry {
		return made, fmt.Errorf("%s: there were too few questions for the time", set.Name)
	}
	n := time.Duration(r.Requests)
	made.Requests, made.PerSecond, made.P50, made.P99 = r.Requests, r.PerSecond(), r.P50, r.P99
	made.Server, made.Postgres = (after.server-before.server)/n, (after.postgres-before.postgres)/n
	made.AnswerBytes = r.Bytes / int64(n)
	ours := after.server - before.server + after.postgres - before.postgres + after.generator - before.generator
	made.Others = max(0, (after.machine-before.machine-ours).Seconds()/r.Elapsed.Seconds())
	return made, nil
}

// usage is the processor time used so far.
type usage struct{ server, postgres, generator, machine time.Duration }

func (s *Session) usage() (u usage, err error) {
	var errs [4]error
	u.server, errs[0] = cpu.OfProcess(s.ServerPID)
	u.postgres, errs[1] = cpu.OfFamily(s.PostgresPID)
	u.generator, errs[2] = cpu.OfProcess(os.Getpid())
	u.machine, errs[3] = cpu.OfMachine()
	return u, errors.Join(errs[:]...)
}
