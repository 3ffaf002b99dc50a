package app

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/user"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/store"
	"clinicgraph/internal/trail"
)

type auditExport struct {
	Files []string `arg:"" optional:"" type:"existingfile" help:"Archives to read instead of the database, each with its manifest beside it. What is wrong with one is found before anything of it is written."`

	From     string `required:"" placeholder:"TIME" help:"From when on: a day (2026-11-01) or a moment (2026-11-01T08:00:00Z). A day begins at midnight UTC."`
	To       string `required:"" placeholder:"TIME" help:"Until when, itself left out; written like --from."`
	Log      string `default:"all" enum:"all,operation,audit,session" help:"Which log: operation, audit, session or all. Of all they come one after the other."`
	Personal bool   `help:"Open personal values, which else show as [personal]. It is on record that they were."`
	Format   string `default:"jsonl" enum:"jsonl,csv" help:"jsonl or csv."`

	sought
}

// sheet takes entries.
type sheet interface {
	Write(*chain.Row) error
	Close() error
}

// Run writes the entries to the standard output, one by one. Before the first and
// after the last it puts on record who exported what.
func (a auditExport) Run(con terminal, cfg config.Config) error {
	from, to, err := a.span()
	if err != nil {
		return err
	}
	logs := []string{a.Log}
	if a.Log == "all" {
		logs = chain.LogNames()
	}
	return withRecord(con, cfg, func(db *store.DB, keys *chain.Keys, people *datakeys.Keys) error {
		client := ent.NewClient(ent.Driver(db.Driver))
		guard.Install(client, clock, guard.Record{Codes: keys})
		record := exporting{&store.Store{Client: client, DB: db}, fmt.Sprintf("%s of %s from %s to %s", a.Format, a.Log, from.Format(time.RFC3339), to.Format(time.RFC3339)) + a.told() + archivesTold(a.Files)}
		show := func(*chain.Row) error { return nil }
		if a.Personal {
			record.what += ", with personal values"
			show = opening(access.System(con.ctx, "audit-export"), client, people, con.log)
		}
		if err := record.put(con.ctx, audit.EventExportBegin, nil, 0); err != nil {
			return fmt.Errorf("nothing is exported, since it cannot be put on record: %w", err)
		}
		source := inDatabase(con.ctx, db, logs, from, to)
		if len(a.Files) > 0 {
			source = inArchives(con.ctx, a.Files, keys, logs, from, to)
		}
		n, err := export(con.out, a.Format, logs, a.among(source), show)
		err = errors.Join(err, record.put(context.WithoutCancel(con.ctx), audit.EventExport, err, n))
		if err == nil {
			con.log.LogAttrs(con.ctx, slog.LevelInfo, "record exported", slog.Int("entries", n))
		}
		return err
	})
}

// export writes the entries of a source as show has changed them, and says how many.
func export(w io.Writer, format string, logs []string, from source, show func(*chain.Row) error) (n int, err error) {
	out := bufio.NewWriterSize(w, 64<<10)
	var table sheet = &trail.JSON{W: out}
	if format == "csv" {
		if table, err = trail.NewCSV(out, logs); err != nil {
			return 0, err
		}
	}
	err = from(func(r *chain.Row) error {
		n++
		if err := show(r); err != nil {
			return err
		}
		return table.Write(r)
	})
	if err != nil {
		return n, err
	}
	return n, errors.Join(table.Close(), out.Flush())
}

// span reads --from and --to.
func (a auditExport) span() (from, to time.Time, err error) {
	if from, err = moment("--from", a.From); err != nil {
		return from, to, err
	}
	if to, err = moment("--to", a.To); err != nil {
		return from, to, err
	}
	if !from.Before(to) {
		err = &config.Error{Key: "--to", Value: a.To, Reason: "is not later than --from", Remedy: "give the end of the time, which is itself left out"}
	}
	return from, to, err
}

func moment(flag, value string) (time.Time, error) {
	for _, form := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(form, value); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, &config.Error{Key: flag, Value: value, Reason: "is no time", Remedy: "write a day (2026-11-01) or a moment (2026-11-01T08:00:00Z)"}
}

// exporting puts an export on record.
type exporting struct {
	store *store.Store
	what  string
}

// put writes the event. Who it was is the account of the machine: the command line
// knows no other.
func (e exporting) put(ctx context.Context, event string, failed error, n int) error {
	details := e.what + ", by " + account()
	if event != audit.EventExportBegin {
		details += fmt.Sprintf(", %d entries", n)
	}
	ctx = access.System(ctx, "audit-export")
	return e.store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return audit.Write(ctx, c, audit.Event{Name: event, Resource: "audit export", Err: failed, Details: details})
	})
}

// account is that of the machine.
func account() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "uid " + fmt.Sprint(os.Getuid())
}
