//go:build linux

// Package cpu owns what the kernel knows of other processes: how much processor
// time they have used and how much memory they have had. It reads /proc and
// nothing else, so it works on Linux alone.
package cpu

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: Linux shows 100 a second to
// programs whatever it counts itself.
const tick = 10 * time.Millisecond

// OfProcess gives the processor time that the living threads of a process have
// used. Threads that have ended are not in it; a Go program keeps its threads.
func OfProcess(pid int) (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0, err
	}
	if len(tasks) == 0 {
		return 0, fmt.Errorf("there is no process %d", pid)
	}
	var sum time.Duration
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if gone(err) {
			continue
		}
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// OfFamily gives the processor time of a process, of its children that live and
// of those that it has buried: PostgreSQL has a process for each connection.
func OfFamily(pid int) (time.Duration, error) {
	sum, err := OfProcess(pid)
	if err != nil {
		return 0, err
	}
	children, err := Children(pid)
	if err != nil {
		return 0, err
	}
	for _, child := range children {
		// One that ends meanwhile is found among the buried next time.
		if used, err := OfProcess(child); err == nil {
			sum += used
		}
	}
	own := fmt.Sprintf("/proc/%d/stat", pid)
	fields, err := statFields(own)
	if err != nil {
		return 0, err
	}
	for _, f := range []int{buriedUser, buriedSystem} {
		n, err := strconv.ParseInt(fields[f], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", own, err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// Children lists the children of a process that live.
func Children(pid int) (children []int, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range all {
		fields, err := statFields(file)
		if gone(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if fields[parent] != strconv.Itoa(pid) {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return nil, err
		}
		children = append(children, child)
	}
	return children, nil
}

// OfMachine gives the time that all processors together were not idle, with what
// the hypervisor has taken away.
func OfMachine() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line)
	var sum time.Duration
	for _, f := range []int{user, nice, system, irq, softirq, steal} {
		if f >= len(fields) {
			return 0, fmt.Errorf("/proc/stat begins with %q", line)
		}
		n, err := strconv.ParseInt(fields[f], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/stat: %w", err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// Where the fields of the first line of /proc/stat are.
const (
	user    = 1
	nice    = 2
	system  = 3
	irq     = 6
	softirq = 7
	steal   = 8
)

// Where the fields of /proc/PID/stat are, behind the name of the program; see
// proc(5).
const (
	parent       = 1
	buriedUser   = 13
	buriedSystem = 14
)

func statFields(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The name may hold blanks and brackets.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) <= buriedSystem {
		return nil, fmt.Errorf("%s has %d fields", file, len(fields))
	}
	return fields, nil
}

// gone says that a process has ended while its files were read.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || err != nil && strings.Contains(err.Error(), "no such process")
}

// ForgetPeak starts the peak of a process's memory anew.
func ForgetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}

// PeakMemory gives the most memory that a process has had resident at once, in
// bytes.
func PeakMemory(pid int) (int64, error) { return ofStatus(pid, "VmHWM:") }

// PrivateMemory is what a process has of its own in memory: neither files nor what it
// shares with others.
func PrivateMemory(pid int) (int64, error) { return ofStatus(pid, "RssAnon:") }

// ofStatus is an amount of memory that the kernel tells of a process.
func ofStatus(pid int, key string) (int64, error) {
	file := fmt.Sprintf("/proc/%d/status", pid)
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("%s says nothing of %s", file, key)
}
