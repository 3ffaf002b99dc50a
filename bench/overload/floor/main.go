//go:build linux

// Command floor refuses every request and does nothing else: it waits for
// connections that have something, reads it, and writes the same few hundred bytes.
// It does not look at what it reads, counts nothing, and has no goroutines to
// schedule. So what a refusal takes it is what the kernel takes, and no server that
// reads and writes through it can refuse for less.
//
// Requests are handled together, every few milliseconds, as the server does it.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// together is how long requests wait for each other.
const together = 2 * time.Millisecond

// refusal is as long as the server's, which has an id and CORS besides.
var refusal = func() []byte {
	const head, body = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json; charset=utf-8\r\nRetry-After: 1\r\nContent-Length: %d\r\n\r\n", 230
	return fmt.Appendf(nil, head+"%s", body, strings.Repeat(" ", body))
}()

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// serve refuses until the process is ended.
func serve() error {
	listener, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(syscall.Bind(listener, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(listener, 1024)); err != nil {
		return err
	}
	at, err := syscall.Getsockname(listener)
	if err != nil {
		return err
	}
	ready, err := syscall.EpollCreate1(0)
	if err != nil {
		return err
	}
	watch := func(fd int) error {
		return syscall.EpollCtl(ready, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
	}
	if err := watch(listener); err != nil {
		return err
	}
	fmt.Printf("serves http://127.0.0.1:%d/graphql\n", at.(*syscall.SockaddrInet4).Port)
	events, room := make([]syscall.EpollEvent, 1024), make([]byte, 16<<10)
	for {
		n, err := syscall.EpollWait(ready, events, -1)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if int(e.Fd) != listener {
				refuse(int(e.Fd), room)
				continue
			}
			fd, _, err := syscall.Accept4(listener, syscall.SOCK_NONBLOCK)
			if err != nil {
				continue // it has gone again
			}
			if err := watch(fd); err != nil {
				return err
			}
		}
		time.Sleep(together)
	}
}

// refuse answers what has come on a connection, or closes it at its end.
func refuse(fd int, room []byte) {
	n, err := syscall.Read(fd, room)
	if n > 0 {
		_, err = syscall.Write(fd, refusal)
	}
	if n == 0 || err != nil && !errors.Is(err, syscall.EAGAIN) {
		_ = syscall.Close(fd) // nobody is told
	}
}
