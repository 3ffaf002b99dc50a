package e2e

import (
	"bufio"
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicgraph/internal/auth"
	"clinicgraph/internal/testdb"
)

// fleet is three servers as an operator starts them: processes of the program, on
// one PostgreSQL, with the real clock and the real costs. Each is a clinic that
// only HTTP leads to.
type fleet struct {
	t        *testing.T
	program  string
	settings []string
	secret   []byte
	db       *sql.DB
	first    string // the password of the account admin

	hears, misheard, deaf *clinic
	ear                   *cable // of the misheard one
}

// servers are all of them.
func (f *fleet) servers() []*clinic { return []*clinic{f.hears, f.misheard, f.deaf} }

// launch builds the program, and starts the servers on an empty database. One
// hears the others, one has an ear that can be closed without its noticing, and
// one never hears anything.
func launch(t *testing.T) *fleet {
	t.Helper()
	dir := t.TempDir()
	f := &fleet{t: t, program: filepath.Join(dir, "clinicgraph")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", f.program, "clinicgraph").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	secret, database := filepath.Join(dir, "secret.key"), testdb.NewPostgresDatabase(t, "")
	_, _, made := auth.LoadOrCreateSecret(secret)
	text, err := os.ReadFile(secret)
	if made != nil || err != nil {
		t.Fatal(made, err)
	}
	f.secret = text
	if f.db, err = sql.Open("postgres", database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.db.Close() })
	f.settings = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DATABASE_URL=" + database, "CLINICGRAPH_SECRET_FILE=" + secret, "CLINICGRAPH_DATA=" + dir,
		"CLINICGRAPH_ADDR=127.0.0.1:0", "CLINICGRAPH_ADMIN_ADDR=off", "CLINICGRAPH_PLAYGROUND=off", "CLINICGRAPH_DB_CONNS=6", "CLINICGRAPH_DRAIN_DELAY=0s",
		"CLINICGRAPH_RATE_ANONYMOUS=0", "CLINICGRAPH_RATE_USER=0", "CLINICGRAPH_RATE_STAFF=0", "CLINICGRAPH_RATE_ACTIONS=0",
	}
	f.command("migrate", "up")
	f.first = regexp.MustCompile(`one-time password (\S+)`).FindStringSubmatch(f.command("seed", "base"))[1]

	f.ear = newCable(t, database)
	through, err := url.Parse(f.ear.url)
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := nobody.Close(); err != nil {
		t.Fatal(err)
	}
	f.hears = f.process()
	f.misheard = f.process("CLINICGRAPH_LISTEN_ADDR=" + through.Host)
	f.deaf = f.process("CLINICGRAPH_LISTEN_ADDR=" + nobody.Addr().String()) // where nobody answers any more
	f.until("two servers listen", func() bool {
		n := 0
		err := f.db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%-events' AND query LIKE 'LISTEN%'`).Scan(&n)
		return err == nil && n == 2
	})
	f.ear.swallows.Store(true)
	return f
}

// command runs the program to its end and gives what it prints.
func (f *fleet) command(args ...string) string {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), f.program, args...)
	var errs bytes.Buffer
	cmd.Env, cmd.Stderr = f.settings, &errs
	out, err := cmd.Output()
	if err != nil {
		f.t.Fatalf("clinicgraph %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// process starts a server with more settings, until the test ends.
func (f *fleet) process(more ...string) *clinic {
	t := f.t
	t.Helper()
	cmd := exec.Command(f.program, "serve")
	var log bytes.Buffer
	cmd.Env, cmd.Stderr = append(f.settings, more...), &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, where := bufio.NewReader(out), ""
	for found := regexp.MustCompile(`serves (http://\S+?)/graphql`); where == ""; {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the server did not start: %v\n%s", cmd.Wait(), log.String())
		}
		if m := found.FindStringSubmatch(line); m != nil {
			where = m[1]
		}
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _, _ = io.Copy(io.Discard, lines) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("a server ended with %v\n%s", err, log.String())
		}
		if strings.Contains(log.String(), "request failed") {
			t.Errorf("a server has failed:\n%s", log.String())
		}
	})
	return &clinic{t: t, world: &world{}, url: where, http: &http.Client{Transport: transport, Timeout: time.Minute}, clients: map[string]*client{}}
}

// until waits for what must come to be within ten seconds.
func (f *fleet) until(what string, is func() bool) {
	f.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(10 * time.Second); !is(); <-tick.C {
		if time.Now().After(end) {
			f.t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

// admin is the administrator, with a password of their own.
func (f *fleet) admin() *client {
	first := f.hears.signIn("admin", f.first)
	return f.hears.holding(first.newPassword(f.first, password).ok(), "changePassword")
}

// joined is somebody new, and their id.
func (f *fleet) joined(name string) (me *client, id string) {
	a := f.hears.anyone().join(name).ok()
	return f.hears.holding(a, "register.session"), a.text("register.session.viewer.user.id")
}

// keys runs a command on the keys and gives the id of the one that signs, and of
// the one that is published to sign next.
func (f *fleet) keys(args ...string) (active, pending string) {
	f.t.Helper()
	for line := range strings.Lines(f.command(append([]string{"keys"}, args...)...)) {
		switch row := strings.Fields(line); row[1] {
		case "ACTIVE":
			active = row[0]
		case "PENDING":
			pending = row[0]
		}
	}
	if active == "" || pending == "" {
		f.t.Fatalf("keys %s: none signs or none is published", args)
	}
	return active, pending
}

// everywhere waits until all servers publish the key.
func (f *fleet) everywhere(kid string) {
	f.t.Helper()
	for i, server := range f.servers() {
		f.until(fmt.Sprintf("server %d publishes %s", i, kid), func() bool { return server.published()[kid] != nil })
	}
}
