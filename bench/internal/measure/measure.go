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
	Systems     []System // what is measured, in turn
	Database    string   // URL of the database of all
	Passwords   map[string]string
	Logins      []string // who asks, in turn
	Operations  []string
	Rounds      int
	Connections int
	Warm        time.Duration
	Measure     time.Duration
	PostgresPID int // the first process; its children count, too
	Log         *slog.Logger
}

// System is a server. Ours, the first, is asked by whoever has signed in; its peers
// know nobody and answer each for the rows of one login.
type System struct {
	Name      string
	Login     string // whose rows a peer shows; "" for ours
	Addr      string // host:port
	PID       int    // the first process; its children count, too
	Documents question.Documents
}

// Sample is one operation in one round.
type Sample struct {
	System, Login, Operation string
	Requests                 int
	PerSecond                float64
	P50, P99                 time.Duration
	Server, Postgres         time.Duration // processor time of a request
	AnswerBytes              int64
	PeakMemory               int64 // of the server

	// Others is how many processors were busy with anything but the server,
	// PostgreSQL and the generator: with little more than none the figures are
	// the machine's own.
	Others float64
}

// Session is a measurement that is prepared: it knows its questions.
type Session struct {
	Config

	db   *sql.DB
	sets map[asking][]*question.Set
}

// asking is somebody who asks a system, by its place among them.
type asking struct {
	system int
	login  string
}

// Open prepares a measurement. The caller closes it.
func Open(ctx context.Context, cfg Config) (_ *Session, err error) {
	s := &Session{Config: cfg, sets: map[asking][]*question.Set{}}
	if s.db, err = sql.Open("postgres", cfg.Database); err != nil {
		return nil, err
	}
	source := &question.Source{DB: s.db}
	for _, login := range cfg.Logins {
		for i, system := range cfg.Systems {
			if system.Login != "" && system.Login != login {
				continue
			}
			began := time.Now()
			token, err := s.token(ctx, system, login)
			if err == nil {
				s.sets[asking{i, login}], err = source.Prepare(ctx, login, func(ctx context.Context, body []byte) ([]byte, error) {
					return closedloop.Ask(ctx, system.Addr, token, body)
				}, system.Documents, cfg.Operations)
			}
			if err != nil {
				return nil, errors.Join(fmt.Errorf("%s: %w", system.Name, err), s.Close())
			}
			cfg.Log.Info("questions prepared", "system", system.Name, "login", login, "took", time.Since(began).Round(time.Millisecond))
		}
	}
	return s, nil
}

// Close ends the connections to the database.
func (s *Session) Close() error { return s.db.Close() }

// token signs in to ours; its peers take anybody.
func (s *Session) token(ctx context.Context, system System, login string) (string, error) {
	if system.Login != "" {
		return "", nil
	}
	password, ok := s.Passwords[login]
	if !ok {
		return "", fmt.Errorf("there is no password of %s", login)
	}
	return closedloop.SignIn(ctx, system.Addr, login, password)
}

// Run measures. Each round asks every operation of every login, one system after
// the other, so that what disturbs the machine for a while disturbs all alike. M1 leaves its bookings
// behind.
func (s *Session) Run(ctx context.Context) (samples []Sample, err error) {
	for round := range s.Rounds {
		for _, login := range s.Logins {
			for _, next := range s.interleaved(login) {
				sample, err := s.sample(ctx, next.asking, next.Set)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", s.Systems[next.system].Name, err)
				}
				set := next.Set
				s.Log.Info("measured", "round", round+1, "system", sample.System, "login", login, "operation", set.Name, "requests", sample.Requests,
					"server", sample.Server, "postgres", sample.Postgres, "others", sample.Others)
				samples = append(samples, sample)
			}
		}
	}
	return samples, nil
}

type turn struct {
	asking
	*question.Set
}

// interleaved gives the operations of a login in their order, each of all systems.
func (s *Session) interleaved(login string) (all []turn) {
	for _, operation := range s.Operations {
		for i := range s.Systems {
			at := asking{i, login}
			for _, set := range s.sets[at] {
				if set.Name == operation {
					all = append(all, turn{at, set})
				}
			}
		}
	}
	return all
}

// sample signs in anew, since an access token lives ten minutes, and measures one
// operation.
func (s *Session) sample(ctx context.Context, at asking, set *question.Set) (Sample, error) {
	system := s.Systems[at.system]
	made := Sample{System: system.Name, Login: at.login, Operation: set.Name}
	token, err := s.token(ctx, system, at.login)
	if err != nil {
		return made, err
	}
	var before, after usage
	load := closedloop.Load{
		Addr: system.Addr, Token: token, Connections: s.Connections, Warm: s.Warm, Measure: s.Measure,
		Begin: func() (err error) {
			if err := cpu.ForgetPeak(system.PID); err != nil {
				return err
			}
			before, err = s.usage(system)
			return err
		},
		End: func() (err error) {
			if after, err = s.usage(system); err != nil {
				return err
			}
			made.PeakMemory, err = cpu.PeakMemory(system.PID)
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

func (s *Session) usage(of System) (u usage, err error) {
	var errs [4]error
	u.server, errs[0] = cpu.OfFamily(of.PID)
	u.postgres, errs[1] = cpu.OfFamily(s.PostgresPID)
	u.generator, errs[2] = cpu.OfProcess(os.Getpid())
	u.machine, errs[3] = cpu.OfMachine()
	return u, errors.Join(errs[:]...)
}
