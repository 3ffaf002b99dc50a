package guard

import (
	"time"

	"clinicgraph/ent"
	_ "clinicgraph/ent/runtime" // the defaults, hooks and policies of the schemas
	"clinicgraph/internal/store"
)

// Open puts a guarded client on an open database: the only way to one, for the
// server and for the tests. See Install for now.
func Open(db *store.DB, now func() time.Time) *store.Store {
	client := ent.NewClient(ent.Driver(db.Driver))
	Install(client, now)
	return &store.Store{Client: client, DB: db}
}

// Now is the server's clock: UTC, in the microseconds that both databases keep.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
