package app

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clinicgraph/internal/archive"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/store"
)

// source gives entries of the record, one at a time.
type source func(each func(*chain.Row) error) error

// inDatabase are the entries that the database has, log by log.
func inDatabase(ctx context.Context, db *store.DB, logs []string, from, to time.Time) source {
	return func(each func(*chain.Row) error) error {
		for _, log := range logs {
			if err := chain.ReadLog(ctx, db, log, from, to, each); err != nil {
				return err
			}
		}
		return nil
	}
}

// inArchives are the entries of archives, in the order of the chain. A file is checked
// with the keys of the chain before any of its entries is given.
func inArchives(ctx context.Context, files []string, keys *chain.Keys, logs []string, from, to time.Time) source {
	return func(each func(*chain.Row) error) error {
		for _, file := range files {
			if strings.HasSuffix(file, ".manifest.json") { // of *, as the shell has it
				continue
			}
			alive := func(*chain.Sealed) error { return ctx.Err() }
			if _, err := archive.Verify(file, keys.Public(), keys, alive); err != nil {
				return err
			}
			row := &chain.Row{}
			_, err := archive.Verify(file, keys.Public(), keys, func(s *chain.Sealed) error {
				written, err := s.Read(row)
				if err != nil || !slices.Contains(logs, row.Log) || written.Before(from) || !written.Before(to) {
					return err
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				return each(row)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func archivesTold(files []string) string {
	if len(files) == 0 {
		return ""
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = filepath.Base(file)
	}
	return " in " + strings.Join(names, ", ")
}

// sought narrows an export to entries that are looked for.
type sought struct {
	Actor   string `placeholder:"NAME" help:"Only of this actor."`
	Entity  string `placeholder:"ID" help:"Only about the object with this id: what was changed, what an event is about, or the session."`
	Event   string `placeholder:"NAME" help:"Only this event or action, such as LOGIN_ERROR or UPDATE."`
	Request string `placeholder:"ID" help:"Only of this request."`
}

// among leaves the entries of a source that are looked for.
func (w sought) among(all source) source {
	wanted := []struct {
		value  string
		fields []string
	}{
		{w.Actor, []string{"actor"}}, {strings.ToLower(w.Entity), []string{"entityId", "subjectId", "sessionId"}},
		{w.Event, []string{"event", "action"}}, {w.Request, []string{"requestId"}},
	}
	return func(each func(*chain.Row) error) error {
		return all(func(r *chain.Row) error {
			for _, want := range wanted {
				fits := func(f chain.Field) bool { return f.Value == want.value && slices.Contains(want.fields, f.Name) }
				if want.value != "" && !slices.ContainsFunc(r.Fields, fits) {
					return nil
				}
			}
			return each(r)
		})
	}
}

// told is what is looked for, for the record.
func (w sought) told() (text string) {
	for _, what := range [][2]string{{"actor", w.Actor}, {"entity", w.Entity}, {"event", w.Event}, {"request", w.Request}} {
		if what[1] != "" {
			text += fmt.Sprintf(", %s %s", what[0], what[1])
		}
	}
	return text
}
