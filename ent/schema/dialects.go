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

// jsonAsWritten keeps JSON byte for byte, so that a code over it can be checked.
// PostgreSQL's jsonb keeps what it means.
func jsonAsWritten() map[string]string {
	return map[string]string{dialect.Postgres: "json"}
}
