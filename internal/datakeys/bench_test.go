package datakeys_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/testdb"
)

// BenchmarkValue is what one value costs besides statements.
func BenchmarkValue(b *testing.B) {
	key, err := seal.New(bytes.Repeat([]byte{1}, 32), "personal-data")
	if err != nil {
		b.Fatal(err)
	}
	person, text := uuid.New(), bytes.Repeat([]byte("x"), 100)
	sealed := datakeys.Seal(key, person, text, "place")
	b.Run("seal", func(b *testing.B) {
		for b.Loop() {
			datakeys.Seal(key, person, text, "place")
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			if _, ok := datakeys.Open(key, sealed, "place"); !ok {
				b.Fatal("it does not open")
			}
		}
	})
	b.Run("key", func(b *testing.B) {
		for b.Loop() {
			if _, err := seal.New(text[:32], "personal-data"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkChange changes a telephone number, with the log sealed and not: of one
// person again and again, whose key is in memory, and of another each time.
func BenchmarkChange(b *testing.B) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		plain := testdb.Open(b, d)
		sealed, keys := with(b, plain, 1)
		var all []uuid.UUID
		for i := range 200 {
			all = append(all, customer(b, sealed, fmt.Sprint("C-", i)))
		}
		for name, s := range map[string]struct {
			sealed, others bool
		}{"unsealed": {false, true}, "key_in_memory": {true, false}, "key_read": {true, true}} {
			b.Run(d+"/"+name, func(b *testing.B) {
				store := plain
				if s.sealed {
					store = sealed
				}
				for i := 0; b.Loop(); i++ {
					id := all[0]
					if s.others {
						id = all[i%len(all)]
						keys.Forget(id)
					}
					err := store.InTx(system(), func(c *ent.Client, _ *sql.Tx) error {
						return c.Customer.UpdateOneID(id).SetPhone(fmt.Sprint("+4930", i)).Exec(system())
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
