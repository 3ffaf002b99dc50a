package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// asServer has this program be the server, so that it can get signals.
const asServer = "BE_THE_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// start starts a server as a process of its own, and gives it and its end.
func start(t *testing.T, drain string) (*exec.Cmd, chan error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "serve")
	cmd.Env = []string{asServer + "=1", "CLINICGRAPH_DATA=" + t.TempDir(), "CLINICGRAPH_ADDR=127.0.0.1:0", "CLINICGRAPH_DRAIN_DELAY=" + drain}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if regexp.MustCompile(`^Data: `).MatchString(lines.Text()) { // the last line
			said = true
			break
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if !said {
		t.Fatalf("it did not start: %v", <-ended)
	}
	return cmd, ended
}

func TestOneSignalEndsInOrder(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		cmd, ended := start(t, "0s")
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", signal, err)
		}
	}
}

// TestASecondSignalEndsAtOnce stops a server that would drain for a minute.
func TestASecondSignalEndsAtOnce(t *testing.T) {
	cmd, ended := start(t, "1m")
	began := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		// Once more than it takes: two signals of one kind at once may count as one.
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.Success() {
				t.Errorf("it ended with %v", err)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("it waited for %s", took)
			}
			return
		case <-tick.C:
		}
	}
}
