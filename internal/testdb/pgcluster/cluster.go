// Package pgcluster owns throw-away PostgreSQL clusters: it makes one from the
// installed programs, in a temporary folder, and takes it away when the process
// that asked for it stops or dies. It never touches a cluster that it did not
// make, and its clusters are no place for data: they do not sync to disk.
package pgcluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
)

// startLimit is how long initdb and the first answer together may take. On an
// idle machine they take about a second.
const startLimit = 2 * time.Minute

// Cluster is a running PostgreSQL that is this process's own.
type Cluster struct {
	// URL is the database "postgres" as superuser, through a unix socket.
	URL string

	dir    string
	keeper *exec.Cmd
	// alive is the writing end of the keeper's standard input. It closes with
	// this process, however that ends, and then the keeper cleans up.
	alive *os.File
}

// keeperScript is run by sh as the cluster's owner.
const keeperScript = `
bin=$1 dir=$2
cd "$dir" || exit 1
init() {
	"$bin/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale="$1" \
		--no-sync --no-instructions </dev/null >>"$dir/log" 2>&1 || { rm -rf "$dir/data"; return 1; }
}
if init C.UTF-8 || init C; then
	"$bin/postgres" -D "$dir/data" -k "$dir" -p 5432 -c listen_addresses= \
		-c fsync=off -c full_page_writes=off -c synchronous_commit=on \
		-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=256MB -c checkpoint_timeout=1h \
		-c max_connections=200 -c shared_buffers=64MB -c jit=off -c autovacuum=off \
		-c timezone=UTC -c log_timezone=UTC </dev/null >>"$dir/log" 2>&1 &
	pid=$!
	echo started
else
	echo failed
fi
read -r _
[ -n "$pid" ] && kill -QUIT "$pid" 2>/dev/null && wait "$pid"
cd / && rm -rf "$dir"
`

// Start makes a cluster and waits until it answers.
func Start(ctx context.Context) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	bin, err := programs(debianFolders)
	if err != nil {
		return nil, err
	}
	owner, err := ownerOf(os.Geteuid())
	if err != nil {
		return nil, err
	}
	dir, err := folder(owner)
	if err != nil {
		return nil, fmt.Errorf("folder for a PostgreSQL cluster: %w", err)
	}
	c := &Cluster{dir: dir, URL: (&url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode(),
	}).String()}
	if err := c.start(ctx, bin, owner); err != nil {
		return nil, errors.Join(fmt.Errorf("start a PostgreSQL cluster: %w", err), c.Stop())
	}
	return c, nil
}

// Stop ends the cluster at once and removes its folder.
func (c *Cluster) Stop() error {
	if c.keeper == nil {
		return os.RemoveAll(c.dir)
	}
	if err := c.alive.Close(); err != nil {
		return err
	}
	return c.keeper.Wait()
}

func (c *Cluster) start(ctx context.Context, bin string, owner *account) error {
	stdin, alive, err := os.Pipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	news, stdout, err := os.Pipe()
	if err != nil {
		return errors.Join(err, alive.Close())
	}
	defer news.Close()
	defer stdout.Close()

	keeper := exec.Command("/bin/sh", "-c", keeperScript, "keeper", bin, c.dir)
	keeper.Dir = c.dir
	keeper.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + c.dir, "LC_ALL=C", "TZ=UTC"}
	keeper.Stdin, keeper.Stdout = stdin, stdout
	// A session of its own, so that an interrupt typed at the terminal reaches
	// only this process: the cluster ends after it, not before.
	keeper.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: owner.credential()}
	if err := keeper.Start(); err != nil {
		return errors.Join(err, alive.Close())
	}
	c.keeper, c.alive = keeper, alive
	if err := stdout.Close(); err != nil {
		return err
	}

	deadline, _ := ctx.Deadline()
	if err := news.SetReadDeadline(deadline); err != nil {
		return err
	}
	line, err := bufio.NewReader(news).ReadString('\n')
	if err != nil {
		return fmt.Errorf("no news from initdb: %w\n%s", err, c.log())
	}
	if strings.TrimSpace(line) != "started" {
		return fmt.Errorf("initdb failed:\n%s", c.log())
	}
	return c.awaitAnswer(ctx)
}

// awaitAnswer opens connections until one succeeds.
func (c *Cluster) awaitAnswer(ctx context.Context) error {
	connector, err := pq.NewConnector(c.URL)
	if err != nil {
		return err
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := connector.Connect(ctx)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w\n%s", err, c.log())
		case <-tick.C:
		}
	}
}

// log gives the end of what initdb and the server wrote.
func (c *Cluster) log() string {
	text, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}
