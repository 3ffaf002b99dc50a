package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"clinicgraph/internal/store"
)

// prepared counts the statements that the server keeps on the only connection.
func prepared(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	// VALUES is not cached itself.
	err := db.Read.QueryRowContext(t.Context(), `VALUES ((SELECT count(*) FROM pg_prepared_statements))`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// statsOf gives the counts without those of opening the database.
func statsOf(db *store.DB) func() store.CacheStats {
	before := db.CacheStats()
	return func() store.CacheStats {
		now := db.CacheStats()
		return store.CacheStats{
			Hits: now.Hits - before.Hits, Prepared: now.Prepared - before.Prepared, Evicted: now.Evicted - before.Evicted,
			Dropped: now.Dropped - before.Dropped, Bypassed: now.Bypassed - before.Bypassed,
		}
	}
}

func TestStatements_are_prepared_once_per_connection(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{MaxConns: 1})
	must(t, db, cats)
	stats := statsOf(db)
	ctx, read := t.Context(), `SELECT count(*) FROM cats WHERE id = $1`
	for i := range 3 {
		if _, err := one[int](ctx, db.Driver, read, i); err != nil {
			t.Fatal(err)
		}
	}
	tx := begin(t, ctx, db, nil)
	for i := range 3 {
		if _, err := one[int](ctx, tx, read, i); err != nil {
			t.Fatal(err)
		}
		if err := tx.Exec(ctx, `INSERT INTO cats VALUES ($1, 'Tom')`, []any{i}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(store.CacheStats{Prepared: 2, Hits: 7}, stats()); diff != "" {
		t.Error(diff)
	}
}

func TestStatements_are_closed_when_they_are_evicted(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{MaxConns: 1, CachedStatements: 3})
	for i := range 10 {
		if _, err := one[int](t.Context(), db.Driver, fmt.Sprintf(`SELECT %d`, i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := prepared(t, db); n != 3 {
		t.Errorf("the server keeps %d statements, want 3", n)
	}
	if got := db.CacheStats(); got.Evicted != got.Prepared-3 {
		t.Errorf("%d prepared, %d evicted", got.Prepared, got.Evicted)
	}
}

func TestStatements_that_are_not_cached_still_run(t *testing.T) {
	t.Parallel()
	many := make([]any, 51)
	list := make([]string, len(many))
	for i := range many {
		many[i], list[i] = i, fmt.Sprintf("$%d", i+1)
	}
	for name, c := range map[string]struct {
		options store.Options
		query   string
		args    []any
	}{
		"a long text":        {store.Options{}, `SELECT 1 -- ` + strings.Repeat("x", 8<<10), nil},
		"many arguments":     {store.Options{}, `SELECT 1 WHERE 1 IN (` + strings.Join(list, ", ") + `)`, many},
		"a cache of nothing": {store.Options{CachedStatements: -1}, `SELECT 1`, nil},
	} {
		c.options.MaxConns = 1
		db := openPostgres(t, c.options)
		stats := statsOf(db)
		if n, err := one[int](t.Context(), db.Driver, c.query, c.args...); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
		if diff := cmp.Diff(store.CacheStats{Bypassed: 1}, stats()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestStatements_prepared_in_transactions_need_no_second_connection has as many
// transactions as the pool has connections, each with a statement that no
// connection knows: a cache that prepares on another connection would hang.
func TestStatements_prepared_in_transactions_need_no_second_connection(t *testing.T) {
	t.Parallel()
	const conns = 4
	db := openPostgres(t, store.Options{MaxConns: conns})
	txs := make([]*store.Tx, conns)
	for i := range txs {
		txs[i] = begin(t, t.Context(), db, nil)
	}
	for i, tx := range txs {
		if n, err := one[int](t.Context(), tx, fmt.Sprintf(`SELECT %d`, i)); n != i || err != nil {
			t.Errorf("transaction %d: %d, %v", i, n, err)
		}
	}
}

func TestStatement_while_rows_are_open_is_refused_and_harms_nothing(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{MaxConns: 1})
	tx := begin(t, t.Context(), db, nil)
	read := `SELECT generate_series(1, 3)`
	rows, err := tx.SQL().QueryContext(t.Context(), read)
	if err != nil {
		t.Fatal(err)
	}
	rows.Next()
	if _, err := one[int](t.Context(), tx, `SELECT 1`); err == nil {
		t.Error("a second query was let through")
	}
	if err := tx.Exec(t.Context(), `SELECT 1`, noArgs, nil); err == nil {
		t.Error("a second statement was let through")
	}
	n := 1
	for rows.Next() {
		n++
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil || n != 3 {
		t.Errorf("%d rows, %v; want 3", n, err)
	}
	if n, err := one[int](t.Context(), tx, `SELECT 1`); n != 1 || err != nil {
		t.Errorf("after the rows: %d, %v", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
}

// TestStatements_give_the_values_they_give_uncached reads one value of each
// type with the cache and without, with arguments and without.
func TestStatements_give_the_values_they_give_uncached(t *testing.T) {
	t.Parallel()
	query := `SELECT 1::int2, 2::int4, 3::int8, 4.5::float8, 6.7::numeric, true, 'a'::text, 'b'::varchar, null::text,
		'\xdead'::bytea, '2026-03-29T02:30:00.123456Z'::timestamptz, '2026-03-29'::date, '02:30'::time,
		'{"a": 1}'::jsonb, '{1,2}'::int[], 'c29b7b1e-5d3f-8a6e-9c1d-0123456789ab'::uuid`
	read := func(limit int, query string, args ...any) []any {
		db := openPostgres(t, store.Options{CachedStatements: limit})
		rows, err := db.Read.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		names, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		values, dest := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			dest[i] = &values[i]
		}
		if err := errors.Join(rows.Scan(dest...), rows.Close(), rows.Err()); err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			values[i] = fmt.Sprintf("%T %v", v, v)
		}
		return values
	}
	if diff := cmp.Diff(read(-1, query), read(0, query)); diff != "" {
		t.Errorf("without arguments:\n%s", diff)
	}
	query += ` WHERE $1`
	if diff := cmp.Diff(read(-1, query, true), read(0, query, true)); diff != "" {
		t.Errorf("with arguments:\n%s", diff)
	}
}

func TestStatements_are_safe_under_concurrency(t *testing.T) {
	t.Parallel()
	db := openPostgres(t, store.Options{MaxConns: 4, CachedStatements: 5})
	must(t, db, cats)
	var wg sync.WaitGroup
	for g := range 12 {
		wg.Go(func() {
			for i := range 40 {
				if g%4 == 0 { // some are cancelled on the way
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*50*time.Microsecond)
					_, _ = one[int](ctx, db.Driver, fmt.Sprintf(`SELECT %d FROM generate_series(1, 2000)`, i%9))
					cancel()
					continue
				}
				if n, err := one[int](t.Context(), db.Driver, fmt.Sprintf(`SELECT %d + $1`, i%9), g); n != i%9+g || err != nil {
					t.Errorf("%d + %d = %d, %v", i%9, g, n, err)
				}
				if i%10 != 0 {
					continue
				}
				tx, err := db.Write.BeginTx(t.Context(), nil)
				if err != nil {
					t.Error(err)
					continue
				}
				_, err = tx.ExecContext(t.Context(), `INSERT INTO cats VALUES ($1, 'Tom')`, g*100+i)
				if err := errors.Join(err, tx.Commit()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, db); n != 9*4 {
		t.Errorf("%d rows, want %d", n, 9*4)
	}
}
