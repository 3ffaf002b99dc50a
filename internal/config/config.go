// Package config owns the settings: their flags, environment names, defaults,
// help and checks. It is the only place that reads the environment. It never
// opens a database, a listener or a secret, and it never prints a password.
//
// A [Config] is filled by kong through its tags. The order in main is
// [PrepareEnvironment], kong.Parse, which calls [Config.Validate], and go. A
// flag beats the environment, the environment beats the default.
package config

import "time"

// The exit codes of every command.
const (
	ExitOK      = 0 // done, or stopped in good order
	ExitFailure = 1 // something failed while running
	ExitUsage   = 2 // a wrong setting, flag or command: nothing was started
	ExitSchema  = 3 // the database is not migrated, or newer than this binary
)

// Environment says how careful the server is about its own settings.
type Environment string

// The environments.
const (
	Development Environment = "development"
	Production  Environment = "production"
)

// Config is all settings.
type Config struct {
	Env               Environment `name:"env" env:"CLINICGRAPH_ENV" default:"development" placeholder:"NAME" help:"Environment: development or production."`
	SecretFile        string      `name:"secret-file" env:"CLINICGRAPH_SECRET_FILE" placeholder:"FILE" help:"File with the master secret, base64 of at least 32 bytes, mode 0600. Required in production; otherwise secret.key in the data folder, created when missing."`
	FormerSecretFiles []string    `name:"former-secret-files" env:"CLINICGRAPH_FORMER_SECRET_FILES" placeholder:"FILE,..." help:"Files with master secrets that were in use before: what was hashed or sealed with them is accepted, and made anew with the present one."`
	Currency          string      `name:"currency" env:"CLINICGRAPH_CURRENCY" default:"EUR" placeholder:"CODE" help:"Currency of the clinic (ISO 4217)."`
	ClinicName        string      `name:"clinic-name" env:"CLINICGRAPH_CLINIC_NAME" placeholder:"NAME" help:"Name of the clinic; a password must not contain it."`
	Timezone          string      `name:"timezone" env:"CLINICGRAPH_TIMEZONE" default:"UTC" placeholder:"ZONE" help:"Time zone of the clinic, such as Europe/Zurich."`
	AuditRules        []string    `name:"audit-rules" env:"CLINICGRAPH_AUDIT_RULES" placeholder:"EVENT=RULE,..." help:"Which frequent events are put on record: EVENT=always, EVENT=off or EVENT=sampled:N (one of N). What protects people always is."`

	Server   Server   `embed:"" group:"Server"`
	Live     Live     `embed:"" group:"Live updates"`
	Sessions Sessions `embed:"" group:"Sessions"`
	Mail     Mail     `embed:"" group:"Mail and registration"`
	Factors  Factors  `embed:"" group:"Second factors"`
	Database Database `embed:"" group:"Database"`
	Limits   Limits   `embed:"" group:"Limits of an operation"`
	Load     Load     `embed:"" group:"Load"`
	Log      Log      `embed:"" group:"Log"`
	Observe  Observe  `embed:"" group:"Observability"`
	Audit    Audit    `embed:"" group:"Record"`
}

// Audit says where the record shows what it is, and how much of it the database keeps.
type Audit struct {
	Heads string `name:"audit-heads" env:"CLINICGRAPH_AUDIT_HEADS" placeholder:"FILE" help:"File that a signed head of the audit chain is appended to each minute; when empty, audit-heads.jsonl in the data folder beside SQLite, and the log with PostgreSQL."`

	Archive string `name:"audit-archive" env:"CLINICGRAPH_AUDIT_ARCHIVE" placeholder:"DIR" help:"Folder that closed months of the record are archived to; when empty, all of it stays in the database."`
	Keep    int    `name:"audit-keep" env:"CLINICGRAPH_AUDIT_KEEP" default:"13" placeholder:"MONTHS" help:"Whole months of the record that stay in the database before they are archived; 0 for ever."`
	Stream  string `name:"audit-stream" env:"CLINICGRAPH_AUDIT_STREAM" default:"off" placeholder:"FILE" help:"Where each entry of the record goes as a line of JSON, for a collector of logs: off, stdout, or a file that is appended to."`
}

// Live says how many subscriptions the server carries.
type Live struct {
	Streams    int `name:"live-streams" env:"CLINICGRAPH_LIVE_STREAMS" default:"20000" placeholder:"N" help:"Most live connections of this server: sockets and event streams."`
	PerUser    int `name:"live-streams-per-user" env:"CLINICGRAPH_LIVE_STREAMS_PER_USER" default:"10" placeholder:"N" help:"Most live connections of one user on this server."`
	Operations int `name:"live-operations" env:"CLINICGRAPH_LIVE_OPERATIONS" default:"32" placeholder:"N" help:"Most subscriptions on one socket."`
}

// Sessions says how long somebody stays signed in, and where.
type Sessions struct {
	PerUser int `name:"sessions-per-user" env:"CLINICGRAPH_SESSIONS_PER_USER" default:"10" placeholder:"N" help:"Most live sessions of one user; one more ends the oldest."`
}

// Server is what the HTTP server listens to and answers.
type Server struct {
	Addr           string   `name:"addr" env:"CLINICGRAPH_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 takes a free one."`
	PublicURL      string   `name:"public-url" env:"CLINICGRAPH_PUBLIC_URL" placeholder:"URL" help:"Where browsers reach the server, such as https://clinic.example; links are built from it."`
	AllowedOrigins []string `name:"allowed-origins" env:"CLINICGRAPH_ALLOWED_ORIGINS" placeholder:"ORIGIN,..." help:"Other origins whose pages may call the API, such as https://app.clinic.example."`
	Playground     string   `name:"playground" env:"CLINICGRAPH_PLAYGROUND" default:"auto" placeholder:"WHEN" help:"Serve the GraphQL playground: on, off, or auto (off in production, and with trusted documents)."`

	TrustedDocuments string `name:"trusted-documents" env:"CLINICGRAPH_TRUSTED_DOCUMENTS" placeholder:"FILE" help:"Manifest of the documents that may be executed, as GraphQL Code Generator and relay-compiler write it; every document when empty."`
	ServeGET         bool   `name:"serve-get" env:"CLINICGRAPH_SERVE_GET" help:"Answer queries by GET as well, with their parameters in the address; never mutations."`
}

// Database says where the data is: in PostgreSQL when URL is set, otherwise in
// a SQLite file in the folder Data.
type Database struct {
	URL              URL           `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL, as postgres://user:password@host:5432/name?sslmode=verify-full; SQLite in the data folder when empty. Better in the environment or a file: other processes can read flags."`
	URLFile          string        `name:"database-url-file" env:"DATABASE_URL_FILE" placeholder:"FILE" help:"File that holds the value of DATABASE_URL."`
	ListenAddr       string        `name:"listen-addr" env:"CLINICGRAPH_LISTEN_ADDR" placeholder:"HOST:PORT" help:"PostgreSQL itself, where DATABASE_URL leads to a connection pooler: servers tell each other there what has changed."`
	Data             string        `name:"data" env:"CLINICGRAPH_DATA" default:"./data" placeholder:"FOLDER" help:"Folder for what the server keeps in files."`
	MaxConns         int           `name:"db-conns" env:"CLINICGRAPH_DB_CONNS" default:"16" placeholder:"N" help:"Most connections to PostgreSQL of one server, kept open."`
	StatementTimeout time.Duration `name:"statement-timeout" env:"CLINICGRAPH_STATEMENT_TIMEOUT" default:"4s" placeholder:"TIME" help:"Longest time of one SQL statement on PostgreSQL; the connection is given up half a second later."`
	CompiledReads    string        `name:"compiled-reads" env:"CLINICGRAPH_COMPILED_READS" default:"on" placeholder:"WHEN" help:"Answer queries by plans where there are any: on or off. Answers are the same."`
	AutoMigrate      bool          `name:"auto-migrate" env:"CLINICGRAPH_AUTO_MIGRATE" help:"Let serve migrate PostgreSQL at start, too; SQLite always is."`
}

// Log says what is logged, to standard error.
type Log struct {
	Level  string `name:"log-level" env:"CLINICGRAPH_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"Least level to log: debug, info, warn or error."`
	Format string `name:"log-format" env:"CLINICGRAPH_LOG_FORMAT" default:"auto" placeholder:"FORMAT" help:"Form of the log: text, json, or auto (text on a terminal)."`
}

// Observe says what can be seen of a running server, and where.
type Observe struct {
	AdminAddr     string        `name:"admin-addr" env:"CLINICGRAPH_ADMIN_ADDR" default:"auto" placeholder:"HOST:PORT" help:"Address for metrics, health and profiles: auto (127.0.0.1 and the port after that of CLINICGRAPH_ADDR), off, or host:port."`
	SlowOperation time.Duration `name:"slow-operation" env:"CLINICGRAPH_SLOW_OPERATION" default:"1s" placeholder:"TIME" help:"Log an operation as slow from this time on; 0 never does."`
	SlowSQL       time.Duration `name:"slow-sql" env:"CLINICGRAPH_SLOW_SQL" default:"200ms" placeholder:"TIME" help:"Log a statement of SQL as slow from this time on; 0 never does."`
	TracesURL     string        `name:"traces-url" env:"CLINICGRAPH_TRACES_URL" placeholder:"URL" help:"Where traces go by OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces; none are made when empty."`
	TracesShare   float64       `name:"traces-share" env:"CLINICGRAPH_TRACES_SHARE" default:"1" placeholder:"SHARE" help:"Share of the requests that are traced, from 0 to 1."`
}

// Production says whether the settings are those of a clinic at work.
func (c Config) Production() bool { return c.Env == Production }

// PlaygroundOn says whether to serve the playground. With trusted documents it
// would be of no use: nothing that somebody types there is executed.
func (c Config) PlaygroundOn() bool {
	return c.Server.Playground == "on" || c.Server.Playground == "auto" && !c.Production() && c.Server.TrustedDocuments == ""
}

// Location is the time zone of the clinic. UTC when the setting, which
// Validate refuses, names none.
func (c Config) Location() *time.Location {
	if location, err := time.LoadLocation(c.Timezone); err == nil {
		return location
	}
	return time.UTC
}
