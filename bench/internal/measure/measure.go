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

// Run measures. Each round asks every operation of every login, so that what
// disturbs the machine for a while disturbs all alike. M1 leaves its bookings
// behind.
func Run(ctx context.Context, cfg Config) (samples []Sample, err error) {
	db, err := sql.Open("postgres", cfg.Database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	source := &question.Source{DB: db}
	sets := map[string][]*question.Set{}
	for _, login := range cfg.Logins {
		if sets[login], err = cfg.prepare(ctx, source, login); err != nil {
			return nil, err
		}
		cfg.Log.Info("questions prepared", "login", login)
	}
	for round := range cfg.Rounds {
		for _, login := range cfg.Logins {
			for _, set := range sets[login] {
				s, err := cfg.sample(ctx, login, set)
				if err != nil {
					return nil, err
				}
				cfg.Log.Info("measured", "round", round+1, "login", login, "operation", set.Name, "requests", s.Requests,
					"server", s.Server, "postgres", s.Postgres)
				samples = append(samples, s)
			}
		}
	}
	return samples, nil
}

func (cfg Config) token(ctx context.Context, login string) (string, error) {
	password, ok := cfg.Passwords[login]
	if !ok {
		return "", fmt.Errorf("there is no password of %s", login)
	}
	return closedloop.SignIn(ctx, cfg.Addr, login, password)
}

func (cfg Config) prepare(ctx context.Context, source *question.Source, login string) ([]*question.Set, error) {
	token, err := cfg.token(ctx, login)
	if err != nil {
		return nil, err
	}
	return source.Prepare(ctx, login, func(ctx context.Context, body []byte) ([]byte, error) {
		return closedloop.Ask(ctx, cfg.Addr, token, body)
	}, cfg.Operations)
}

// sample signs in anew, since an access token lives ten minutes, and measures one
// operation.
func (cfg Config) sample(ctx context.Context, login string, set *question.Set) (Sample, error) {
	s := Sample{Login: login, Operation: set.Name}
	token, err := cfg.token(ctx, login)
	if err != nil {
		return s, err
	}
	var before, after usage
	load := closedloop.Load{
		Addr: cfg.Addr, Token: token, Connections: cfg.Connections, Warm: cfg.Warm, Measure: cfg.Measure,
		Begin: func() (err error) {
			if err := cpu.ForgetPeak(cfg.ServerPID); err != nil {
				return err
			}
			before, err = cfg.usage()
			return err
		},
		End: func() (err error) {
			if after, err = cfg.usage(); err != nil {
				return err
			}
			s.PeakMemory, err = cpu.PeakMemory(cfg.ServerPID)
			return err
		},
	}
	r, err := load.Run(ctx, set)
	if err != nil {
		return s, err
	}
	if r.Dry {
		return s, fmt.Errorf("%s: there were too few questions for the time", set.Name)
	}
	n := time.Duration(r.Requests)
	s.Requests, s.PerSecond, s.P50, s.P99 = r.Requests, r.PerSecond(), r.P50, r.P99
	s.Server, s.Postgres = (after.server-before.server)/n, (after.postgres-before.postgres)/n
	s.AnswerBytes = r.Bytes / int64(n)
	ours := after.server - before.server + after.postgres - before.postgres + after.generator - before.generator
	s.Others = max(0, (after.machine-before.machine-ours).Seconds()/r.Elapsed.Seconds())
	return s, nil
}

// usage is the processor time used so far.
type usage struct{ server, postgres, generator, machine time.Duration }

func (cfg Config) usage() (u usage, err error) {
	var errs [4]error
	u.server, errs[0] = cpu.OfProcess(cfg.ServerPID)
	u.postgres, errs[1] = cpu.OfFamily(cfg.PostgresPID)
	u.generator, errs[2] = cpu.OfProcess(os.Getpid())
	u.machine, errs[3] = cpu.OfMachine()
	return u, errors.Join(errs[:]...)
}
