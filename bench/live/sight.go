//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// sight is what is seen of the server.
type sight struct {
	garbage    int64 // bytes resident before a collection
	memory     int64 // and after it
	used       int64 // of that, by objects and stacks
	goroutines int
}

// look asks the admin listener, which collects garbage first, and the kernel.
func look(ctx context.Context, admin string, pid int) (s sight, err error) {
	if s.garbage, err = resident(pid); err != nil {
		return s, err
	}
	for range 2 { // what a finalizer frees goes with the second
		if _, err := get(ctx, admin, "/debug/pprof/heap?gc=1"); err != nil {
			return s, err
		}
	}
	// The runtime gives memory back to the kernel bit by bit.
	for last := int64(1) << 62; ctx.Err() == nil; last = s.memory {
		if s.memory, err = resident(pid); err != nil {
			return s, err
		}
		if last-s.memory < s.memory/500 {
			break
		}
		wait(ctx, 5*time.Second)
	}
	text, err := get(ctx, admin, "/metrics")
	if err != nil {
		return s, err
	}
	s.used = metric(text, "go_memstats_heap_alloc_bytes") + metric(text, "go_memstats_stack_inuse_bytes")
	s.goroutines = int(metric(text, "go_goroutines"))
	return s, nil
}

// settle waits until the server has no more than so many goroutines, at most 30 s.
func settle(ctx context.Context, admin string, most int) (goroutines int, err error) {
	for range 300 {
		text, err := get(ctx, admin, "/metrics")
		if goroutines = int(metric(text, "go_goroutines")); err != nil || goroutines <= most {
			return goroutines, err
		}
		wait(ctx, 100*time.Millisecond)
	}
	return goroutines, nil
}

// metric is the value of a metric without labels; 0 where there is none.
func metric(text, name string) int64 {
	for line := range strings.Lines(text) {
		if n, ok := strings.CutPrefix(line, name+" "); ok {
			value, _ := strconv.ParseFloat(strings.TrimSpace(n), 64)
			return int64(value)
		}
	}
	return 0
}

func get(ctx context.Context, addr, path string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return string(text), err
}

// resident is the memory of a process that is in use, in bytes.
func resident(pid int) (int64, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if kb, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")), 10, 64)
			return n * 1024, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}

// freeAddr is an address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
