package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"

	"clinicgraph/internal/access"
	"clinicgraph/internal/config"
	"clinicgraph/migrate"
)

// cli is the command line: the settings, and one command.
type cli struct {
	config.Config

	Serve   serveCmd   `cmd:"" default:"withargs" help:"Serve the graph (the default)."`
	Migrate migrateCmd `cmd:"" help:"Bring the schema of the database up to date."`
	Seed    seedCmd    `cmd:"" help:"Fill the database."`
	Keys    keysCmd    `cmd:"" help:"The keys that access tokens are signed with."`
	Audit   auditCmd   `cmd:"" help:"The record of who did what."`
	Counts  countsCmd  `cmd:"" help:"The counts that long lists are counted by."`
	Schema  schemaCmd  `cmd:"" help:"The published schema of the graph."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

// terminal is where a command writes, and what it is part of.
type terminal struct {
	ctx     context.Context
	out     io.Writer
	log     *slog.Logger
	version string
}

// Main runs the command line until it is done or ctx ends, and gives the exit
// code; see package config. Args are without the program's name. What a command
// prints goes to out, the log and all errors to errs.
func Main(ctx context.Context, version string, args []string, out, errs io.Writer) (code int) {
	fail := func(code int, err error) int {
		fmt.Fprintln(errs, "clinicgraph:", err)
		return code
	}
	if err := config.PrepareEnvironment(); err != nil {
		return fail(config.ExitUsage, err)
	}
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("clinicgraph"),
		kong.Description("One GraphQL graph for a clinic."),
		kong.Writers(out, errs),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return fail(config.ExitFailure, err)
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		return fail(config.ExitUsage, err)
	}
	// What the command changes is on record under its name.
	name, _, _ := strings.Cut(command.Command(), " <")
	con := terminal{ctx: access.WithRequest(ctx, access.Request{Operation: name}), out: out, log: newLogger(c.Log, errs), version: version}
	if err := command.Run(con, c.Config); err != nil {
		return fail(exitCode(err), err)
	}
	return config.ExitOK
}

func exitCode(err error) int {
	var setting *config.Error
	switch {
	case errors.As(err, &setting):
		return config.ExitUsage
	case errors.Is(err, migrate.ErrNewer), errors.Is(err, migrate.ErrPending):
		return config.ExitSchema
	default:
		return config.ExitFailure
	}
}

// newLogger makes the log: JSON for machines, text for people at a terminal.
func newLogger(c config.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // checked with the settings
	if c.Format == "text" || c.Format == "auto" && isTerminal(w) {
		return slog.New(textHandler(w, level, isTerminal(w)))
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}

func textHandler(w io.Writer, level slog.Level, color bool) slog.Handler {
	return tint.NewHandler(w, &tint.Options{Level: level, NoColor: !color, ReplaceAttr: visible})
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
