package main

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRun(t *testing.T) {
	t.Run("gives_the_command_a_server_and_its_exit_code_back", func(t *testing.T) {
		t.Setenv(urlEnv, "")
		if got := run([]string{"sh", "-c", `case $` + urlEnv + ` in postgres://*) exit 7;; esac`}); got != 7 {
			t.Errorf("exit code %d, want 7", got)
		}
	})
	t.Setenv(urlEnv, "postgres://somewhere")
	t.Run("uses_the_server_that_is_there", func(t *testing.T) {
		if got := run([]string{"sh", "-c", `test "$` + urlEnv + `" = postgres://somewhere`}); got != 0 {
			t.Errorf("exit code %d, want 0", got)
		}
	})
	t.Run("says_when_the_command_cannot_start", func(t *testing.T) {
		if got := run([]string{"./no-such-command"}); got != exitNotStarted {
			t.Errorf("exit code %d, want %d", got, exitNotStarted)
		}
	})
}
