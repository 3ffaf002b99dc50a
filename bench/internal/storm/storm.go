//go:build linux

// Package storm owns the proof that the record is complete though the server is
// killed: clients change things and keep a journal of what they were told, the server
// is killed (SIGKILL) and started again on the same database, and in the end the
// journal, the tables and the record are held against each other. It never looks at
// the server from inside.
package storm

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/place"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/store"
)

// Storm says what is done. Database is a URL, "" for SQLite in the folder.
type Storm struct {
	Binary, Dir, Database string

	Clients int
	Kills   int
	Between int // mutations that are answered between two kills, about
}

// Report is what came of it.
type Report struct {
	Answered, Refused, Unknown int   // mutations, by what the client was told
	Happened                   int   // of the unknown ones
	Rows, Entries              int64 // of the operation log, of the chain
}

// stream is the file that the record is written out to.
func (s *Storm) stream() string { return filepath.Join(s.Dir, "stream.jsonl") }

func (s *Storm) secret() string { return filepath.Join(s.Dir, "secret.key") }

// sqlite is the file of the database where there is no URL.
func (s *Storm) sqlite() string { return filepath.Join(s.Dir, "clinicgraph.db") }

func (s *Storm) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.Dir, "DATABASE_URL=" + s.Database, "CLINICGRAPH_DATA=" + s.Dir, "CLINICGRAPH_SECRET_FILE=" + s.secret(),
		"CLINICGRAPH_AUDIT_STREAM=" + s.stream(), "CLINICGRAPH_ADDR=127.0.0.1:0", "CLINICGRAPH_ADMIN_ADDR=off", "CLINICGRAPH_PLAYGROUND=off",
		"CLINICGRAPH_RATE_ANONYMOUS=0", "CLINICGRAPH_RATE_USER=0", "CLINICGRAPH_RATE_STAFF=0", "CLINICGRAPH_RATE_ACTIONS=0", "CLINICGRAPH_CONNS_PER_IP=0",
		"CLINICGRAPH_IN_FLIGHT=0", "CLINICGRAPH_DRAIN_DELAY=0s",
	}
}

// command runs the program to its end and gives what it prints.
func (s *Storm) command(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, s.Binary, args...)
	var errs bytes.Buffer
	cmd.Env, cmd.Stderr = s.environment(), &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("clinicgraph %s: %w\n%s%s", strings.Join(args, " "), err, out, errs.String())
	}
	return string(out), nil
}

func (s *Storm) serve() (*place.Server, error) {
	cmd := exec.Command(s.Binary, "serve")
	cmd.Env = s.environment()
	return place.Start(cmd)
}

var oneTime = regexp.MustCompile(`one-time password (\S+)`)

// Run goes through the storm. Whatever is missing, doubled or wrong is an error.
func (s *Storm) Run(ctx context.Context) (r Report, err error) {
	if _, _, err := auth.LoadOrCreateSecret(s.secret()); err != nil {
		return r, err
	}
	if _, err := s.command(ctx, "migrate", "up"); err != nil {
		return r, err
	}
	told, err := s.command(ctx, "seed", "base")
	if err != nil {
		return r, err
	}
	found := oneTime.FindStringSubmatch(told)
	if found == nil {
		return r, errors.New("there is no first administrator")
	}
	server, err := s.serve()
	if err != nil {
		return r, err
	}
	defer func() {
		if server != nil {
			err = errors.Join(err, server.Stop())
		}
	}()
	token, err := signIn(ctx, server.Addr, found[1])
	if err != nil {
		return r, err
	}
	j := &journal{token: token, addr: server.Addr, changed: make(chan struct{}), answered: make(chan struct{})}
	if server, err = s.blow(ctx, j, server); err != nil {
		return r, err
	}
	// What was sealed last is written out when the server ends in good order.
	last := server
	server = nil
	if err := last.Stop(); err != nil {
		return r, err
	}
	db, err := s.open(ctx)
	if err != nil {
		return r, err
	}
	r, err = s.compare(ctx, db, j)
	if err = errors.Join(err, db.Close()); err != nil {
		return r, err
	}
	_, err = s.command(ctx, "audit", "verify")
	return r, err
}

func (s *Storm) open(ctx context.Context) (*store.DB, error) {
	if s.Database == "" {
		return store.OpenSQLite(ctx, s.sqlite())
	}
	return store.OpenPostgres(ctx, store.Options{URL: s.Database})
}

// blow has the clients ask while the server is killed and started again. It gives the
// last server, when all clients have ended.
func (s *Storm) blow(ctx context.Context, j *journal, server *place.Server) (*place.Server, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var clients sync.WaitGroup
	for i := range s.Clients {
		clients.Go(func() { j.client(ctx, i) })
	}
	for range s.Kills {
		if err := j.await(ctx, s.Between/2+rand.IntN(s.Between)+1); err != nil {
			return server, err
		}
		server.Kill()
		var err error
		if server, err = s.serve(); err != nil {
			return nil, err
		}
		j.moved(server.Addr)
	}
	err := j.await(ctx, s.Between)
	cancel()
	clients.Wait()
	return server, errors.Join(err, j.failed())
}

// signIn gives the first administrator a password of their own, and a session.
func signIn(ctx context.Context, addr, first string) (string, error) {
	password := crand.Text()
	token, err := closedloop.SignIn(ctx, addr, "admin", first)
	if err != nil {
		return "", err
	}
	if _, err := closedloop.Ask(ctx, addr, token, request(`mutation($in: ChangePasswordInput!) { changePassword(input: $in) { accessToken } }`,
		map[string]any{"currentPassword": first, "newPassword": password})); err != nil {
		return "", err
	}
	return closedloop.SignIn(ctx, addr, "admin", password)
}
