package unmarshal

import (
	"sync"
	"testing"
)

type keeper struct{ kept Kept }

func (k *keeper) KeptReaders() *Kept { return &k.kept }

func TestReadersAreMadeOnce(t *testing.T) {
	var made sync.Map
	read := func(resolvers any) Readers {
		return Of(resolvers, func() Readers {
			r := Readers{}
			made.Store(&r, true)
			return r
		})
	}
	count := func() (n int) {
		made.Range(func(any, any) bool { n++; return true })
		return n
	}
	one, other := &keeper{}, &keeper{}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { read(one) })
	}
	all.Wait()
	if n := count(); n != 1 {
		t.Errorf("made %d times for one keeper", n)
	}
	read(other)
	if n := count(); n != 2 {
		t.Errorf("made %d times for two keepers", n)
	}
	read(nil)
	read(nil)
	if n := count(); n != 4 {
		t.Errorf("made %d times, two of them for nobody who keeps", n)
	}
}
