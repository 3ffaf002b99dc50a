package app

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/archive"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/store"
)

// archiver archives the record and puts that on record.
func archiver(s *store.Store, keys *chain.Keys, dir string, now func() time.Time) *archive.Archive {
	return &archive.Archive{DB: s.DB, Keys: keys, Dir: dir, Now: now, Tell: func(ctx context.Context, m chain.Manifest) error {
		return noteArchive(ctx, s, fmt.Sprintf("%s: entries %d to %d", m.File, m.First, m.Last), nil)
	}}
}

// noteArchive puts on record that entries are about to leave the database, or that
// archiving has failed.
func noteArchive(ctx context.Context, s *store.Store, details string, failed error) error {
	ctx = access.System(ctx, "audit-archive")
	return s.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return audit.Write(ctx, c, audit.Event{Name: audit.EventArchive, Resource: "audit archive", Err: failed, Details: details + ", by " + account()})
	})
}

// archiving is the job that archives the record, nil where the settings want none or
// the role of this server may remove nothing.
func archiving(cfg config.Config, removes bool, s *store.Store, keys *chain.Keys, now func() time.Time) func(context.Context) (int, error) {
	if cfg.Audit.Archive == "" || cfg.Audit.Keep == 0 || !removes {
		return nil
	}
	a := archiver(s, keys, cfg.Audit.Archive, now)
	return func(ctx context.Context) (int, error) {
		n, err := a.Older(ctx, cfg.Audit.Keep)
		if err != nil {
			err = errors.Join(err, noteArchive(ctx, s, "the job", err))
		}
		return n, err
	}
}

// archiveDir is the folder of archives that a command was given, or the settings'.
func archiveDir(given string, cfg config.Config) (string, error) {
	if given == "" {
		given = cfg.Audit.Archive
	}
	if given == "" {
		return "", &config.Error{Key: "CLINICGRAPH_AUDIT_ARCHIVE", Reason: "is not set", Remedy: "set it, or use --dir"}
	}
	return given, nil
}

type auditArchive struct {
	Before string `required:"" placeholder:"YYYY-MM" help:"Archive what was sealed before this month, which is the present one at the latest."`
	Dir    string `placeholder:"DIR" help:"Folder to archive to, when it is not the one of the settings."`
}

// Run archives months and names the files.
func (a auditArchive) Run(con terminal, cfg config.Config) error {
	month, err := time.Parse("2006-01", a.Before)
	if err != nil {
		return &config.Error{Key: "--before", Value: a.Before, Reason: "is no month", Remedy: "use a year and a month, such as 2026-01"}
	}
	dir, err := archiveDir(a.Dir, cfg)
	if err != nil {
		return err
	}
	return withChain(con, cfg, func(db *store.DB, keys *chain.Keys) error {
		client := ent.NewClient(ent.Driver(db.Driver))
		guard.Install(client, clock, guard.Record{Codes: keys})
		s := &store.Store{Client: client, DB: db}
		done, err := archiver(s, keys, dir, clock).Before(con.ctx, month)
		if err != nil && !errors.Is(err, archive.ErrOpenMonth) && !errors.Is(err, archive.ErrRights) {
			err = errors.Join(err, noteArchive(context.WithoutCancel(con.ctx), s, "before "+a.Before, err))
		}
		for _, m := range done {
			tell(con, m, "archived and removed from the database")
		}
		if err == nil && len(done) == 0 {
			fmt.Fprintln(con.out, "nothing is that old")
		}
		return err
	})
}

func tell(con terminal, m chain.Manifest, state string) {
	fmt.Fprintf(con.out, "%s: entries %d to %d, sealed %s to %s, %s\n", m.File, m.First, m.Last, m.From.Format(time.DateOnly), m.To.Format(time.DateOnly), state)
}

type auditArchives struct {
	Dir string `placeholder:"DIR" help:"Folder of the archives, when it is not the one of the settings."`
}

// Run lists the archives that the database knows, and whether their files are there.
func (a auditArchives) Run(con terminal, cfg config.Config) error {
	dir, err := archiveDir(a.Dir, cfg)
	if err != nil {
		return err
	}
	return withChain(con, cfg, func(db *store.DB, keys *chain.Keys) error {
		all, err := chain.Checkpoints(con.ctx, db)
		if err != nil {
			return err
		}
		missing := false
		for _, m := range all {
			state := "there"
			if m.Check(keys.Public()) != nil {
				state, missing = "its checkpoint is not ours", true
			} else if _, err := os.Stat(filepath.Join(dir, m.File)); err != nil {
				state, missing = "not in the folder", true
			}
			tell(con, m, state)
		}
		if missing {
			return errors.New("there are archives that are not in the folder, or not ours")
		}
		return nil
	})
}

type auditRestore struct {
	File string `arg:"" type:"existingfile" help:"The archive; its manifest lies beside it."`
	Into string `required:"" placeholder:"FILE" help:"A new SQLite file to copy the rows to."`
}

// Run copies an archive to a file that can be asked.
func (a auditRestore) Run(con terminal, cfg config.Config) error {
	return withChain(con, cfg, func(_ *store.DB, keys *chain.Keys) error {
		m, err := archive.Restore(con.ctx, a.File, a.Into, keys)
		if err == nil {
			tell(con, m, "copied to "+a.Into+", and nothing is wrong")
		}
		return err
	})
}

// verifyFiles checks archives with a public key alone.
func verifyFiles(con terminal, files []string, key string) error {
	public, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(public) != ed25519.PublicKeySize {
		return &config.Error{Key: "--key", Value: key, Reason: "is no public key", Remedy: "use the key of an exported head, in base64"}
	}
	all, err := verifyAll(con, files, public, nil, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(con.out, "%d archives checked by their signatures: nothing is wrong\n", len(all))
	return nil
}

// verifyAgainst checks archives with the keys of the chain, the exported heads of
// their entries, and the checkpoints of the database.
func verifyAgainst(con terminal, files []string, db *store.DB, keys *chain.Keys, heads []chain.Head) error {
	all, err := verifyAll(con, files, keys.Public(), keys, heads)
	if err != nil {
		return err
	}
	known, err := chain.Checkpoints(con.ctx, db)
	if err != nil {
		return err
	}
	for _, m := range all {
		if !slices.ContainsFunc(known, func(k chain.Manifest) bool { return bytes.Equal(k.Signature, m.Signature) }) {
			return &archive.Damage{File: m.File, What: "the database has no checkpoint of it"}
		}
	}
	fmt.Fprintf(con.out, "%d of %d archives checked, each row and entry: nothing is wrong\n", len(all), len(known))
	return nil
}

// verifyAll checks archives one by one, in the order of their entries, and that each
// follows the one before.
func verifyAll(con terminal, files []string, key ed25519.PublicKey, keys *chain.Keys, heads []chain.Head) (all []chain.Manifest, err error) {
	exported := map[int64]chain.Head{}
	for _, h := range heads {
		exported[h.Seq] = h
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".manifest.json") { // of *, as the shell has it
			continue
		}
		m, err := archive.Verify(file, key, keys, func(s *chain.Sealed) error {
			if h, ok := exported[s.Seq]; ok && (h.Check(key) != nil || !bytes.Equal(h.Code, s.Code)) {
				return &archive.Damage{File: file, Problem: &chain.Problem{Kind: chain.ProblemHead, Seq: s.Seq}}
			}
			return con.ctx.Err()
		})
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b chain.Manifest) int { return int(a.First - b.First) })
	return all, archive.Joins(all)
}
