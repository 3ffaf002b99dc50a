//go:build linux

package cpu_test

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"clinicgraph/bench/internal/cpu"
)

func TestTimesGrowWithWork(t *testing.T) {
	before, err := cpu.OfProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	machine, err := cpu.OfMachine()
	if err != nil {
		t.Fatal(err)
	}
	x := uint64(1)
	for range 100_000_000 {
		x = x*6364136223846793005 + 1
	}
	after, err := cpu.OfProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	later, err := cpu.OfMachine()
	if err != nil {
		t.Fatal(err)
	}
	if after <= before || later <= machine {
		t.Errorf("process %v to %v, machine %v to %v, and x is %d", before, after, machine, later, x)
	}
}

func TestAFamilyIsTheLivingAndTheBuried(t *testing.T) {
	child := exec.Command("cat")
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	children, err := cpu.Children(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(children, child.Process.Pid) {
		t.Errorf("%d is not among the children %v", child.Process.Pid, children)
	}
	alone, err := cpu.OfProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	family, err := cpu.OfFamily(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if family < alone {
		t.Errorf("the family used %v, the process alone %v", family, alone)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if children, err = cpu.Children(os.Getpid()); err != nil || slices.Contains(children, child.Process.Pid) {
		t.Errorf("children %v, %v", children, err)
	}
	if _, err := cpu.OfProcess(child.Process.Pid); err == nil {
		t.Error("a process that has ended has a time")
	}
}

func TestPeakMemory(t *testing.T) {
	if err := cpu.ForgetPeak(os.Getpid()); err != nil {
		t.Fatal(err)
	}
	before, err := cpu.PeakMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	big := make([]byte, 64<<20)
	for i := 0; i < len(big); i += 4096 {
		big[i] = 1
	}
	after, err := cpu.PeakMemory(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after-before < 32<<20 {
		t.Errorf("the peak went from %d to %d bytes with %d more", before, after, len(big))
	}
}
