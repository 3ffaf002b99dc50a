package testdb

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
)

func TestEach(t *testing.T) {
	var mu sync.Mutex
	dialects := map[string]int{}
	at := time.Date(2027, 3, 1, 9, 0, 0, 123456000, time.UTC)
	test := func(t *testing.T, s *store.Store) {
		mu.Lock()
		dialects[s.DB.Dialect]++
		mu.Unlock()
		ctx := access.System(context.WithoutCancel(t.Context()), "test")
		err := s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			return c.Sex.Create().SetSex("Female").Exec(ctx) // unique: nobody else is here
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Client.Sex.Query().Only(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !got.CreatedAt.Equal(at) || got.CreatedAt.Location() != time.UTC {
			t.Errorf("the row was made at %v, want the test's clock, %v", got.CreatedAt, at)
		}
	}
	t.Run("run", func(t *testing.T) {
		for _, name := range []string{"first", "second"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				EachAt(t, func() time.Time { return at }, test)
			})
		}
	})
	if diff := cmp.Diff(map[string]int{"sqlite3": 2, "postgres": 2}, dialects); diff != "" {
		t.Error(diff)
	}
}
