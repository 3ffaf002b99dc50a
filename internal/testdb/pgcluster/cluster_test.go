package pgcluster

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// asChild makes the test binary start a cluster, tell its folder and wait to be
// killed.
const asChild = "PGCLUSTER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		c, err := Start(context.Background())
		if err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Stdout.WriteString(c.dir + "\n")
		select {}
	}
	goleak.VerifyTestMain(m)
}

func TestCluster(t *testing.T) {
	c, err := Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("is_private", func(t *testing.T) {
		info, err := os.Stat(c.dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o700 {
			t.Errorf("folder has mode %o, want 700", got)
		}
	})
	t.Run("keeps_the_settings_that_the_store_asserts", func(t *testing.T) {
		db, err := sql.Open("postgres", c.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		want := map[string]string{
			"synchronous_commit": "on", "fsync": "off", "full_page_writes": "off",
			"listen_addresses": "", "server_encoding": "UTF8", "TimeZone": "UTC", "jit": "off",
		}
		got := map[string]string{}
		for name := range want {
			var value string
			if err := db.QueryRow(`SELECT current_setting($1)`, name).Scan(&value); err != nil {
				t.Fatal(err)
			}
			got[name] = value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("leaves_nothing_after_Stop", func(t *testing.T) {
		if err := c.Stop(); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(c.dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("folder after Stop: %v, want that it does not exist", err)
		}
	})
}

func TestCluster_goes_when_its_process_is_killed(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), asChild+"=1")
	child.Stderr = os.Stderr
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(line)
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); err != nil {
		t.Fatalf("before the kill: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // says that it was killed

	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for limit := time.After(30 * time.Second); ; {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-limit:
			t.Fatalf("%s is still there", dir)
		case <-tick.C:
		}
	}
}

func TestPrograms(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	root := t.TempDir()
	install := func(version string, names ...string) {
		bin := filepath.Join(root, version, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(bin, name), nil, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	pattern := filepath.Join(root, "*", "bin")

	install("17", "initdb") // only the client's half
	if _, err := programs(pattern); !errors.Is(err, errNotInstalled) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("without both programs: %v, want what to install", err)
	}
	install("9", "initdb", "postgres")
	install("15", "initdb", "postgres")
	got, err := programs(pattern)
	if want := filepath.Join(root, "15", "bin"); err != nil || got != want {
		t.Errorf("programs = %q, %v; want the newest, %q", got, err, want)
	}
}

func TestOwner_is_nobody_else_unless_we_are_root(t *testing.T) {
	if got, err := ownerOf(1000); got != nil || err != nil {
		t.Errorf("ownerOf(1000) = %v, %v; want nobody else", got, err)
	}
	if got, err := ownerOf(0); err != nil || got == nil || got.uid == 0 {
		t.Errorf("ownerOf(0) = %v, %v; want an ordinary user", got, err)
	}
}

func TestReachable_refuses_a_closed_folder(t *testing.T) {
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o700, 0o755} { // cannot enter; cannot remove
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if err := reachable(dir, &account{uid: 1}); err == nil {
			t.Errorf("a folder of mode %o is good enough for another user", mode)
		}
		if err := reachable(dir, nil); err != nil {
			t.Errorf("a folder of mode %o is not good enough for ourselves: %v", mode, err)
		}
	}
}
