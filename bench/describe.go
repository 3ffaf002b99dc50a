//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"clinicgraph/bench/internal/cluster"
	"clinicgraph/bench/internal/place"
)

// describe writes what was measured on what, as Markdown.
func describe(ctx context.Context, w io.Writer, o options, g place.Ground) error {
	version, err := exec.CommandContext(ctx, g.Binary, "version").Output()
	if err != nil {
		return fmt.Errorf("clinicgraph version: %w", err)
	}
	where := map[place.Pinned]string{
		place.Nowhere:     "everything on all processors",
		place.ServerApart: "server on one processor, PostgreSQL and generator on another",
		place.AskerApart:  "server and PostgreSQL on one processor, generator on another",
	}[o.pinned]
	fmt.Fprintf(w, "%s, server %s; %s, %d processors, %s; %s; %s\n\n", time.Now().UTC().Format("2006-01-02 15:04 UTC"), strings.TrimSpace(string(version)),
		firstOf("/proc/cpuinfo", "model name"), runtime.NumCPU(), memory(), runtime.Version(), where)
	fmt.Fprintf(w, "%d bookings, loaded in %s as of %s; %d connections, medians of %d rounds of %s after %s\n\n",
		g.Home.Bookings, g.Home.Took.Round(100*time.Millisecond), g.Home.Day, o.measure.Connections, o.measure.Rounds, o.measure.Measure, o.measure.Warm)
	_, err = fmt.Fprintf(w, "PostgreSQL: %s\n", strings.Join(cluster.Settings, " "))
	return err
}

// memory is that of the machine.
func memory() string {
	text := strings.TrimSuffix(firstOf("/proc/meminfo", "MemTotal"), " kB")
	kib, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return "memory unknown"
	}
	return fmt.Sprintf("%.0f GiB", float64(kib)/(1<<20))
}

// firstOf is the value of a key in a file of lines with colons.
func firstOf(file, key string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return key + " unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return key + " unknown"
}
