// Package unmarshal keeps how the input types of the graph are read, which gqlgen
// would find out anew, by reflection over all of them, for each operation. It
// never reads one itself.
package unmarshal

import (
	"reflect"
	"sync"
)

// Readers are the functions that read input types, by the type. Nobody changes
// them once they are made.
type Readers = map[reflect.Type]reflect.Value

// Kept are the readers of one schema that is executed: its resolvers have them.
// The zero value has none yet.
type Kept struct {
	once    sync.Once
	readers Readers
}

// Keeper is what keeps them.
type Keeper interface{ KeptReaders() *Kept }

// Of gives the readers that the resolvers keep, and has them made the first time.
// Resolvers that keep none get new ones each time, as gqlgen means it.
func Of(resolvers any, make func() Readers) Readers {
	keeper, keeps := resolvers.(Keeper)
	if !keeps {
		return make()
	}
	kept := keeper.KeptReaders()
	kept.once.Do(func() { kept.readers = make() })
	return kept.readers
}
