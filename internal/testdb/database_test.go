package testdb

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exists(t *testing.T, admin *sql.DB, url string) bool {
	t.Helper()
	_, name, _ := strings.Cut(url, "@/")
	name, _, _ = strings.Cut(name, "?")
	if name == "" {
		t.Fatalf("no database in %q", url)
	}
	var found bool
	if err := admin.QueryRow(`SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&found); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestNewPostgresDatabase(t *testing.T) {
	var cats Template
	var builds atomic.Int64
	build := func(url string) error {
		builds.Add(1)
		db, err := sql.Open("postgres", url)
		if err != nil {
			return err
		}
		_, err = db.Exec(`CREATE TABLE cats (name text); INSERT INTO cats VALUES ('Tom')`)
		return errors.Join(err, db.Close())
	}
	admin := open(t, Postgres(t))

	t.Run("is_a_clone_of_the_template_and_nobody_else's", func(t *testing.T) {
		var wg sync.WaitGroup
		counts := make([]int, 4)
		for i := range counts {
			wg.Go(func() {
				db := open(t, NewPostgresDatabase(t, cats.Get(t, build)))
				if _, err := db.Exec(`INSERT INTO cats VALUES ('Kit')`); err != nil {
					t.Error(err)
				}
				if err := db.QueryRow(`SELECT count(*) FROM cats`).Scan(&counts[i]); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff([]int{2, 2, 2, 2}, counts); diff != "" {
			t.Error(diff)
		}
		if n := builds.Load(); n != 1 {
			t.Errorf("the template was built %d times", n)
		}
	})

	t.Run("is_dropped_after_the_test_though_in_use", func(t *testing.T) {
		var url string
		var left *sql.DB
		t.Run("test", func(t *testing.T) {
			url = NewPostgresDatabase(t, "")
			var err error
			if left, err = sql.Open("postgres", url); err != nil {
				t.Fatal(err)
			}
			if err := left.Ping(); err != nil {
				t.Fatal(err)
			}
			if !exists(t, admin, url) {
				t.Errorf("%s does not exist during the test", url)
			}
		})
		defer left.Close()
		if exists(t, admin, url) {
			t.Errorf("%s still exists", url)
		}
	})

	t.Run("that_a_killed_process_left_is_dropped_by_the_next", func(t *testing.T) {
		ctx := context.Background()
		open := func() *session {
			s, err := openSession(ctx, Postgres(t))
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		killed, living := open(), open()
		defer living.holder.Close()
		urls := map[string]string{}
		for who, s := range map[string]*session{"killed": killed, "living": living} {
			name, err := s.create(ctx, "")
			if err != nil {
				t.Fatal(err)
			}
			urls[who] = s.url(name)
			defer func() {
				if err := s.drop(ctx, name); err != nil {
					t.Error(err)
				}
			}()
		}
		if err := killed.holder.Close(); err != nil { // as the kernel does for a killed process
			t.Fatal(err)
		}
		// The server notices a moment after the client.
		awaitFree(t, admin, killed.name)
		defer open().holder.Close()

		got := map[string]bool{"killed": exists(t, admin, urls["killed"]), "living": exists(t, admin, urls["living"])}
		if diff := cmp.Diff(map[string]bool{"killed": false, "living": true}, got); diff != "" {
			t.Errorf("databases that are left:\n%s", diff)
		}
	})
}

// awaitFree waits until nobody holds the lock of a session.
func awaitFree(t *testing.T, admin *sql.DB, name string) {
	t.Helper()
	ctx := context.Background()
	conn, err := admin.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(hashtext($1))`, name); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_unlock(hashtext($1))`, name); err != nil {
		t.Fatal(err)
	}
}

func TestPostgres_is_the_shared_server_when_there_is_one(t *testing.T) {
	shared := os.Getenv(SharedEnv)
	if shared != "" && Postgres(t) != shared {
		t.Errorf("Postgres = %s, want %s", Postgres(t), shared)
	}
	if shared == "" && server.cluster == nil && Postgres(t) == "" {
		t.Error("neither a shared server nor one of our own")
	}
}

func BenchmarkNewPostgresDatabase(b *testing.B) {
	ctx := context.Background()
	Postgres(b)
	for b.Loop() {
		name, err := server.session.create(ctx, "")
		if err != nil {
			b.Fatal(err)
		}
		if err := server.session.drop(ctx, name); err != nil {
			b.Fatal(err)
		}
	}
}
