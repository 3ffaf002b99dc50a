//go:build linux

package main

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"clinicgraph/bench/internal/cpu"
	"clinicgraph/bench/internal/place"
)

// floorFor is how long the least that refuses is asked.
const floorFor = 15 * time.Second

// refuseOnly asks as many times what does nothing but refuse (see floor), on the
// server's processor, and finds out what that takes.
func (m *measurement) refuseOnly(ctx context.Context, g place.Ground) (err error) {
	binary := g.File("floor")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "clinicgraph/bench/overload/floor").CombinedOutput(); err != nil {
		return fmt.Errorf("build the floor: %w\n%s", err, out)
	}
	server, err := g.Peer(binary)
	if err != nil {
		return err
	}
	defer server.Kill() // it knows no other end
	m.addr = server.Addr
	began, err := cpu.OfProcess(server.PID())
	if err != nil {
		return err
	}
	asked, err := m.open(ctx, m.times*m.most, floorFor, m.connections)
	if err != nil {
		return err
	}
	ended, err := cpu.OfProcess(server.PID())
	if err != nil {
		return err
	}
	m.floor = (ended - began) / time.Duration(max(len(asked.Rejected), 1))
	return nil
}

// reach is the part of the most that is left when all others are refused at the
// floor's price, on a processor that answers the most when it does nothing else:
// x·most answers and (times−x)·most refusals take one second of it, so that
// x = (1 − times·most·floor) / (1 − most·floor).
func (m *measurement) reach() float64 {
	each := m.most * m.floor.Seconds()
	return max(0, (1-m.times*each)/(1-each))
}
