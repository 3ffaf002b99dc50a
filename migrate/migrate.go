package migrate

import "embed"

// The folders of the two databases, with files of the same names.
const (
	postgresDir = "postgres"
	sqliteDir   = "sqlite"
)

//go:embed all:postgres all:sqlite
var files embed.FS
