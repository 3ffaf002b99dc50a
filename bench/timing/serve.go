//go:build linux

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the database of the server

	"clinicgraph/bench/internal/place"
)

// server is the clinic at work.
type server struct {
	*place.Server
	dir    string
	client *http.Client
	base   int // MiB, before anybody has signed in
}

// serve builds the server and starts it; what limits rates by address is off, or
// meets addresses that differ each time.
// More are arguments of serve, which begin with a hyphen, and settings.
func serve(ctx context.Context, more ...string) (*server, error) {
	dir, err := os.MkdirTemp("", "clinicgraph-timing-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 2000}}}
	binary := filepath.Join(dir, "clinicgraph")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "clinicgraph").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the server: %w: %s", err, out)
	}
	cmd := exec.Command(binary, "serve")
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "CLINICGRAPH_DATA="+filepath.Join(dir, "data"), "CLINICGRAPH_ADDR=127.0.0.1:0", "CLINICGRAPH_ADMIN_ADDR=off",
		"CLINICGRAPH_TRUSTED_PROXIES=127.0.0.1", "CLINICGRAPH_RATE_ACTIONS=0", "CLINICGRAPH_RATE_ANONYMOUS=0", "CLINICGRAPH_CONNS_PER_IP=0",
		"CLINICGRAPH_LOG_LEVEL=error")
	for _, m := range more {
		if strings.HasPrefix(m, "-") {
			cmd.Args = append(cmd.Args, m)
		} else {
			cmd.Env = append(cmd.Env, m)
		}
	}
	if s.Server, err = place.Start(cmd); err != nil {
		return nil, err
	}
	s.base, err = s.memory("VmRSS")
	return s, err
}

// close ends the server and removes what it kept.
func (s *server) close() error { return errors.Join(s.Stop(), os.RemoveAll(s.dir)) }

// people makes n accounts that are known and n that are locked, and one to be
// blocked: copies of the administrator, whose password nobody here knows.
func (s *server) people(ctx context.Context, n int) (err error) {
	db, err := sql.Open("sqlite", filepath.Join(s.dir, "data", "clinicgraph.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `SELECT name FROM pragma_table_info('users')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var into, from []string
	for rows.Next() {
		var column string
		if err := rows.Scan(&column); err != nil {
			return err
		}
		into = append(into, column)
		switch column {
		case "id":
			from = append(from, "$1")
		case "username", "username_key", "email", "email_key":
			from = append(from, "$2")
		case "is_locked":
			from = append(from, "$3")
		default:
			from = append(from, column)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	copyOf := `INSERT INTO users (` + strings.Join(into, ", ") + `) SELECT ` + strings.Join(from, ", ") + ` FROM users WHERE rowid = (SELECT min(rowid) FROM users)`
	add := func(login string, locked bool) error {
		_, err := tx.ExecContext(ctx, copyOf, uuid.NewString(), login, locked)
		return err
	}
	if err := add("blocked", false); err != nil {
		return err
	}
	for i := range n {
		if err := errors.Join(add(fmt.Sprintf("known-%d", i), false), add(fmt.Sprintf("locked-%d", i), true)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// outcome is what came of a sign-in: how long the answer took, its code and, of
// one that was refused for the moment, when to come again.
type outcome struct {
	took  time.Duration
	code  string
	again time.Duration
}

// login tries a wrong password.
func (s *server) login(ctx context.Context, login, address string) (got outcome, err error) {
	body, err := json.Marshal(map[string]any{
		"query":     `mutation ($in: LoginInput!) { login(input: $in) { accessToken } }`,
		"variables": map[string]any{"in": map[string]string{"login": login, "password": "not the password"}},
	})
	if err != nil {
		return got, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Addr+"/graphql", bytes.NewReader(body))
	if err != nil {
		return got, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", address)
	began := time.Now()
	answer, err := s.client.Do(r)
	if err != nil {
		return got, err
	}
	defer answer.Body.Close()
	var said struct {
		Errors []struct {
			Extensions struct {
				Code       string
				RetryAfter int // at the gate, 503, and at the hashes, in an answer with 200, alike
			}
		}
	}
	err = json.NewDecoder(answer.Body).Decode(&said)
	got.took = time.Since(began)
	if err != nil || len(said.Errors) == 0 {
		return got, fmt.Errorf("status %d without an error: %w", answer.StatusCode, err)
	}
	last := said.Errors[0].Extensions
	got.code, got.again = last.Code, time.Duration(last.RetryAfter)*time.Second
	if got.code == "OVERLOADED" && got.again == 0 || answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "" {
		return got, fmt.Errorf("%s does not say when to come again", got.code)
	}
	return got, nil
}

// patience is how often a client comes again: for the time that a thousand hashes
// take on one processor, and as long again.
const patience = 200

// flood tries so many passwords at once and says whether the memory stayed within
// what it was before anybody had signed in, what the hashes at work may take, and
// something to spare. The peak is that of the server's whole life. Patient clients
// come again when they are told to, each at a moment of its own after it, and
// every one of them must have had its password looked at in the end.
func (s *server) flood(ctx context.Context, crowd int, patient bool) (fits bool, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	network := 200
	if patient {
		network++
	}
	codes, refused, began := map[string]int{}, 0, time.Now()
	for i := range crowd {
		all.Go(func() {
			tries, got := 0, outcome{}
			var err error
			for {
				got, err = s.login(ctx, fmt.Sprintf("flood-%t-%d", patient, i), fmt.Sprintf("10.%d.%d.%d", network, i/250, i%250))
				if err != nil || got.again == 0 || !patient || tries == patience {
					break
				}
				tries++
				<-time.After(got.again + rand.N(got.again))
			}
			if err != nil {
				got.code = "failed"
			}
			mu.Lock()
			defer mu.Unlock()
			codes[got.code]++
			refused += tries
		})
	}
	all.Wait()
	peak, err := s.memory("VmHWM")
	if err != nil {
		return false, err
	}
	slots := min(runtime.NumCPU(), 16)
	bound := s.base + slots*slotMiB + spareMiB
	how := "once each"
	if patient {
		how = fmt.Sprintf("until they are looked at: %s, told %d times to come again", time.Since(began).Round(time.Second), refused)
	}
	fmt.Printf("\n%d sign-ins at once, %s: %v; memory %d MiB before, %d MiB at the peak, %d MiB allowed with %d slots\n", crowd, how, codes, s.base, peak, bound, slots)
	return peak <= bound && (!patient || codes["INVALID_CREDENTIALS"] == crowd), nil
}

// memory reads a line of the server's books, in MiB.
func (s *server) memory(line string) (mib int, err error) {
	books, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(books), line+":")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0, err
	}
	return kib / 1024, nil
}
