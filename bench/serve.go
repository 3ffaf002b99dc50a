//go:build linux

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
)

// server is a running server.
type server struct {
	addr    string // host:port
	process *exec.Cmd
}

// announced is the line in which the server says where it is.
var announced = regexp.MustCompile(`serves http://(\S+?)/graphql`)

// serve starts the server on a free port of this machine. With pinned it has one
// processor from its first moment, and knows.
func (p place) serve(binary string, h home, pinned bool) (*server, error) {
	args := []string{binary, "serve"}
	if pinned {
		args = append([]string{"taskset", "-c", serverCPU}, args...) // which becomes the server
	}
	log, err := os.Create(p.file("server.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stderr = environment(h), log
	// An interrupt typed at the terminal is for the benchmark alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{process: cmd}
	for lines := bufio.NewScanner(out); s.addr == "" && lines.Scan(); {
		if found := announced.FindStringSubmatch(lines.Text()); found != nil {
			s.addr = found[1]
		}
	}
	if s.addr == "" {
		text, _ := os.ReadFile(p.file("server.log")) // more words for the same failure
		return nil, errors.Join(fmt.Errorf("the server did not start:\n%s", text), s.stop())
	}
	go io.Copy(io.Discard, out) // what else it says must not block it
	return s, nil
}

// stop ends the server in good order and waits for its end.
func (s *server) stop() error {
	err := s.process.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	return nil
}

// The processors, when pinned.
const (
	serverCPU = "0"
	otherCPU  = "1"
)

// pin keeps processes, all their threads and the children they will have to the
// given processors.
func pin(ctx context.Context, cpus string, pids ...int) error {
	for _, pid := range pids {
		cmd := exec.CommandContext(ctx, "taskset", "-a", "-p", "-c", cpus, strconv.Itoa(pid))
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("pin process %d: %w\n%s", pid, err, out)
		}
	}
	return nil
}
