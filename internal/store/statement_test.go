package store

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestOnlyReads(t *testing.T) {
	for query, want := range map[string]bool{
		"SELECT 1":                                        true,
		" \n\tselect 1":                                   true,
		"(SELECT 1) UNION (SELECT 2)":                     true,
		"-- name: X\nSELECT 1":                            true,
		"/* why */ SELECT 1":                              true,
		"WITH a AS (SELECT 1) SELECT * FROM a":            true,
		"WITH a AS (SELECT updated_at FROM t) SELECT 1":   true,
		"VALUES (1)":                                      true,
		"INSERT INTO t VALUES (1)":                        false,
		"insert into t values (1) RETURNING id":           false,
		"-- SELECT\nDELETE FROM t":                        false,
		"/* SELECT */UPDATE t SET a = 1":                  false,
		"WITH a AS (DELETE FROM t RETURNING id) SELECT 1": false,
		"with a as (select 1) update t set a = 1":         false,
		"WITH a AS (SELECT 1) MERGE INTO t":               false,
		"SELECTED":                                        false,
		"PRAGMA foreign_keys(0)":                          false,
		"BEGIN":                                           false,
		"SET ROLE x":                                      false,
		"":                                                false,
		"-- nothing":                                      false,
		"/* nothing":                                      false,
	} {
		if got := onlyReads(query); got != want {
			t.Errorf("onlyReads(%q) = %t", query, got)
		}
	}
}

func TestCacheable(t *testing.T) {
	for _, c := range []struct {
		name  string
		query string
		args  int
		want  bool
	}{
		{"a read", "SELECT a FROM t WHERE id = $1", 1, true},
		{"a write", "INSERT INTO t VALUES ($1)", 1, true},
		{"with comments, as River's", "-- name: JobGetAvailable :many\nWITH a AS (SELECT 1) SELECT 1", 0, true},
		{"a last semicolon", "SELECT 1 ;\n", 0, true},
		{"the most arguments", "SELECT 1", maxCachedArgs, true},
		{"more arguments", "SELECT 1", maxCachedArgs + 1, false},
		{"the most arguments of inserts that are sent together", "WITH w0 AS (INSERT", maxTogetherArgs, true},
		{"more of them", "WITH w0 AS (INSERT", maxTogetherArgs + 1, false},
		{"the longest text", "SELECT " + strings.Repeat("1", maxCachedText-7), 0, true},
		{"a longer text", "SELECT " + strings.Repeat("1", maxCachedText-6), 0, false},
		{"several statements", "SELECT 1; SELECT 2", 0, false},
		{"a setting", "SET LOCAL lock_timeout = 1", 0, false},
		{"a table", "CREATE TABLE t ()", 0, false},
		{"copying", "COPY t FROM STDIN", 0, false},
	} {
		if got := cacheable(c.query, c.args); got != c.want {
			t.Errorf("%s: cacheable = %t", c.name, got)
		}
	}
}

func TestStatementText_never_panics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		query := rapid.StringMatching(`(?i)([ (\n]|--|/\*|\*/|;|é|_|with|select|update|insertx|[a-z]){0,12}`).Draw(t, "query")
		onlyReads(query)
		cacheable(query, 0)
	})
}
