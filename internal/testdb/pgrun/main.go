// Command pgrun runs a command with a throw-away PostgreSQL beside it, whose
// URL the command finds in TESTDB_POSTGRES_URL:
//
//	go run ./internal/testdb/pgrun -- go test ./...
//
// It ends with the command's exit code, 125 when it could not start. (go run
// makes 1 of every code but 0.) When the variable is already set, that server
// is used.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"clinicgraph/internal/testdb/pgcluster"
)

const (
	urlEnv         = "TESTDB_POSTGRES_URL"
	exitNotStarted = 125
)

func main() {
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: pgrun [--] command [argument ...]")
		os.Exit(exitNotStarted)
	}
	os.Exit(run(args))
}

func run(args []string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	defer close(signals)
	defer signal.Stop(signals)
	if os.Getenv(urlEnv) == "" {
		cluster, err := pgcluster.Start(context.Background())
		if err != nil {
			return notStarted(err)
		}
		defer func() {
			if err := cluster.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, "pgrun: stop PostgreSQL:", err)
			}
		}()
		if err := os.Setenv(urlEnv, cluster.URL); err != nil {
			return notStarted(err)
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return notStarted(err)
	}
	go passOn(signals, cmd.Process)
	err := cmd.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(exit.ExitCode(), 1)
	}
	if err != nil {
		return notStarted(err)
	}
	return 0
}

// passOn gives the command what it would not get by itself. An interrupt typed
// at the terminal reaches it too, and it decides what to do.
func passOn(signals <-chan os.Signal, command *os.Process) {
	for s := range signals {
		if s == syscall.SIGTERM {
			_ = command.Signal(s) // it may have ended just now
		}
	}
}

func notStarted(err error) int {
	fmt.Fprintln(os.Stderr, "pgrun:", err)
	return exitNotStarted
}
