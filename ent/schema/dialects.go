package schema

import (
	"entgo.io/ent/dialect"
)

// timeType keeps times as PostgreSQL's timestamptz and, on SQLite, as text in
// UTC that sorts like the time itself.
func timeType() map[string]string {
	return map[string]string{dialect.Postgres: "timestamptz", dialect.SQLite: "datetime"}
}

// textType is text without a length on both databases.
func textType() map[string]string {
	return map[string]string{dialect.Postgres: "text", dialect.SQLite: "text"}
}
