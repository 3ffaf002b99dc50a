//go:build linux

package place

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"syscall"

	"clinicgraph/bench/internal/cluster"
	"clinicgraph/bench/internal/cpu"
)

// Server is a running server.
type Server struct {
	Addr string // host:port

	process *exec.Cmd
}

// PID is that of the server's process.
func (s *Server) PID() int { return s.process.Process.Pid }

// announced is the line in which the server says where it is.
var announced = regexp.MustCompile(`serves http://(\S+?)/graphql`)

// Serve starts a server on a free port of this machine; more are settings as in an
// environment. With pinned it has one processor from its first moment, and knows.
func (p Place) Serve(binary string, h Home, pinned bool, more ...string) (*Server, error) {
	return p.run(pinned, h.environment(more...), binary, "serve")
}

// run starts a program that says where it serves, and keeps its log.
func (p Place) run(pinned bool, environ []string, args ...string) (*Server, error) {
	if pinned {
		args = append([]string{"taskset", "-c", serverCPU}, args...) // which becomes the server
	}
	log, err := os.OpenFile(p.File("server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Stderr = environ, log
	s, err := Start(cmd)
	if err != nil {
		text, _ := os.ReadFile(p.File("server.log")) // more words for the same failure
		return nil, fmt.Errorf("%w:\n%s", err, text[max(0, len(text)-2_000):])
	}
	return s, nil
}

// Start starts a server and waits until it says where it is. It ends with the
// thread that started it.
func Start(cmd *exec.Cmd) (*Server, error) {
	// An interrupt typed at the terminal is for the benchmark alone.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{process: cmd}
	for lines := bufio.NewScanner(out); s.Addr == "" && lines.Scan(); {
		if found := announced.FindStringSubmatch(lines.Text()); found != nil {
			s.Addr = found[1]
		}
	}
	if s.Addr == "" {
		return nil, errors.Join(errors.New("the server did not start"), s.Stop())
	}
	go io.Copy(io.Discard, out) // what else it says must not block it
	return s, nil
}

// Stop ends the server in good order and waits for its end, which must be one.
func (s *Server) Stop() error {
	err := s.process.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the server: %w", err)
	}
	if err := s.process.Wait(); err != nil {
		return fmt.Errorf("the server: %w", err)
	}
	return nil
}

// Kill ends a server that knows no good order.
func (s *Server) Kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait() // it says that it was killed
}

// The processors, when pinned.
const (
	serverCPU = "0"
	otherCPU  = "1"
)

// Pinnable says whether processes can be kept to processors here.
func Pinnable() error {
	if _, err := exec.LookPath("taskset"); err != nil || runtime.NumCPU() < 2 {
		return errors.New("pinning takes two processors and the program taskset of util-linux; without: -pinned=false")
	}
	return nil
}

// others keeps PostgreSQL and this program to their processors. It comes before a
// server connects: PostgreSQL's backends stay where they are born.
func (p Pinned) others(ctx context.Context, pg *cluster.Cluster) error {
	children, err := cpu.Children(pg.PID)
	if err != nil {
		return err
	}
	postgres := otherCPU
	if p == AskerApart {
		postgres = serverCPU
	}
	if err := pin(ctx, postgres, append(children, pg.PID)...); err != nil {
		return err
	}
	return pin(ctx, otherCPU, os.Getpid())
}

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
