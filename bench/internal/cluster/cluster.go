//go:build linux

// Package cluster owns the PostgreSQL of the benchmarks: one of the benchmark's
// own, made from the installed programs in a folder that is given, durable as in
// production, and stopped when the benchmark ends or dies. It never touches
// another one.
package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// Settings are what differs from a PostgreSQL as it is installed. Nothing here
// trades safety for speed: a commit is on the disk when it is acknowledged.
var Settings = []string{
	"shared_buffers=1GB", "effective_cache_size=8GB", "work_mem=16MB", "max_connections=100",
	"fsync=on", "synchronous_commit=on", "full_page_writes=on",
	"max_wal_size=8GB", "checkpoint_timeout=30min",
	"random_page_cost=1.1", "jit=off", "max_parallel_workers_per_gather=0",
	"autovacuum_naptime=10min", "timezone=UTC", "log_timezone=UTC",
	// Statements are counted apart from the measurement; see Count.
	"shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track=none",
}

// Cluster is a running PostgreSQL.
type Cluster struct {
	PID int

	addr, password string
	process        *exec.Cmd
}

// folders, as Debian has them, of the programs, beside the PATH.
const folders = "/usr/lib/postgresql/*/bin"

// startLimit bounds the first answer; after a crash the log is replayed first.
const startLimit = 2 * time.Minute

// Start starts the cluster in the folder dir, and makes it there first when there
// is none. The process ends with the thread that calls: lock the goroutine to it.
func Start(ctx context.Context, dir string) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	owner, err := owner()
	if err != nil {
		return nil, err
	}
	c := &Cluster{}
	if c.password, err = c.init(ctx, bin, dir, owner); err != nil {
		return nil, fmt.Errorf("make a PostgreSQL cluster: %w", err)
	}
	if err := c.start(ctx, bin, dir, owner); err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w; see %s", err, filepath.Join(dir, "postgres.log")), c.Stop())
	}
	return c, nil
}

// URL is that of a database, as the superuser.
func (c *Cluster) URL(database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", c.password), Host: c.addr, Path: "/" + database,
		RawQuery: "sslmode=disable",
	}).String()
}

// Stop ends the cluster in good order and waits for its end.
func (c *Cluster) Stop() error {
	if c.process == nil {
		return nil
	}
	if err := c.process.Process.Signal(syscall.SIGINT); err != nil { // "fast": whoever is connected is cut off
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	err := c.process.Wait()
	c.process = nil
	return err
}

// init makes the data folder unless there is one, and gives the password.
func (c *Cluster) init(ctx context.Context, bin, dir string, owner *syscall.Credential) (string, error) {
	data, secret := filepath.Join(dir, "postgres"), filepath.Join(dir, "postgres.password")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err == nil {
		password, err := os.ReadFile(secret)
		return strings.TrimSpace(string(password)), err
	}
	password := rand.Text()
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		return "", err
	}
	if err := os.Mkdir(data, 0o700); err != nil {
		return "", err
	}
	if owner != nil {
		if err := errors.Join(os.Chown(data, int(owner.Uid), int(owner.Gid)), os.Chown(secret, int(owner.Uid), int(owner.Gid))); err != nil {
			return "", err
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret,
		"-E", "UTF8", "--locale=C.UTF-8", "--no-instructions")
	cmd.Dir, cmd.SysProcAttr = data, &syscall.SysProcAttr{Credential: owner}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return password, nil
}

func (c *Cluster) start(ctx context.Context, bin, dir string, owner *syscall.Credential) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	c.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	args := []string{filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "postgres"), "-p", strconv.Itoa(port),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="}
	// A file and not arguments, which ALTER SYSTEM could not change.
	conf := filepath.Join(dir, "postgres", "postgresql.conf")
	if err := os.WriteFile(conf, []byte(settings()), 0o644); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(dir, "postgres.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = filepath.Join(dir, "postgres"), log, log
	// An interrupt typed at the terminal is for the benchmark alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT, Credential: owner}
	if err := cmd.Start(); err != nil {
		return err
	}
	c.process, c.PID = cmd, cmd.Process.Pid
	return c.await(ctx)
}

// settings are Settings as PostgreSQL reads them.
func settings() string {
	var text strings.Builder
	for _, s := range Settings {
		name, value, _ := strings.Cut(s, "=")
		fmt.Fprintf(&text, "%s = '%s'\n", name, value)
	}
	return text.String()
}

// await opens connections until one succeeds.
func (c *Cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	connector, err := pq.NewConnector(c.URL("postgres"))
	if err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := connector.Connect(ctx)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-tick.C:
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// programs gives the folder of the programs: of initdb in the PATH, else the
// newest version's.
func programs() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(initdb); err == nil {
			return filepath.Dir(real), nil
		}
	}
	found, err := filepath.Glob(folders)
	if err != nil {
		return "", err
	}
	newest, best := "", 0
	for _, bin := range found {
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin))); err == nil && version > best {
			newest, best = bin, version
		}
	}
	if newest == "" {
		return "", errors.New("PostgreSQL is not installed: initdb is neither in PATH nor in " + folders)
	}
	return newest, nil
}

// owner is who runs the cluster: PostgreSQL refuses to run as root.
func owner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no user to run it: %w", err)
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
}
