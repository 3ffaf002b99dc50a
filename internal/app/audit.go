package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"clinicgraph/internal/auth"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/store"
	"clinicgraph/migrate"
)

// headsFile is where heads of the audit chain go beside a SQLite database.
const headsFile = "audit-heads.jsonl"

type auditCmd struct {
	Verify   auditVerify   `cmd:"" help:"Check the record, or archives of it: that nothing in it was added, changed, taken away or swapped."`
	Head     auditHead     `cmd:"" help:"Print the signed head of the audit chain, to keep where nobody who writes to the database can change it."`
	Archive  auditArchive  `cmd:"" help:"Move closed months of the record to files that were verified."`
	Archives auditArchives `cmd:"" help:"List the archives, and whether their files are there."`
	Restore  auditRestore  `cmd:"" help:"Copy an archive to a new SQLite file, to look something up."`
	Export   auditExport   `cmd:"" help:"Write the record out, as CSV or as lines of JSON. That it was done is on record."`
}

type auditVerify struct {
	Files []string `arg:"" optional:"" type:"existingfile" help:"Archives to check instead of the database; their manifests lie beside them."`
	Key   string   `placeholder:"KEY" help:"Check archives by their signatures alone, with the public key of an exported head: no database and no secret is needed."`
	Heads []string `type:"existingfile" placeholder:"FILE" help:"Files with exported heads, beside the one of the settings."`
}

// errTampered says that the record is not what the servers wrote.
var errTampered = errors.New("the record has been tampered with")

// Run checks the chain, or archives, and names the first thing that is wrong.
func (a auditVerify) Run(con terminal, cfg config.Config) error {
	if a.Key != "" {
		return verifyFiles(con, a.Files, a.Key)
	}
	return withChain(con, cfg, func(db *store.DB, keys *chain.Keys) error {
		heads, err := a.heads(cfg)
		if err != nil {
			return err
		}
		if len(a.Files) > 0 {
			return verifyAgainst(con, a.Files, db, keys, heads)
		}
		r, err := keys.Check(con.ctx, db, heads...)
		if err != nil {
			return err
		}
		fmt.Fprintf(con.out, "%d of %d entries checked, %d are archived, %d exported heads, %d rows wait to be sealed\n", r.Entries, r.Last, r.Archived, len(heads), r.Waiting)
		if r.First != nil {
			fmt.Fprintf(con.out, "first problem: %s\n", r.First)
			return errTampered
		}
		fmt.Fprintln(con.out, "nothing is wrong")
		return nil
	})
}

// heads reads the exported heads of the settings and of the command line.
func (a auditVerify) heads(cfg config.Config) (heads []chain.Head, err error) {
	files := a.Heads
	if path := headsPath(cfg); path != "" {
		if _, err := os.Stat(path); err == nil {
			files = append(files, path)
		}
	}
	for _, file := range files {
		more, err := readHeads(file)
		if err != nil {
			return nil, err
		}
		heads = append(heads, more...)
	}
	return heads, nil
}

type auditHead struct{}

// Run prints the head as a line of JSON.
func (auditHead) Run(con terminal, cfg config.Config) error {
	return withChain(con, cfg, func(db *store.DB, keys *chain.Keys) error {
		h, err := keys.Head(con.ctx, db, clock())
		if err != nil {
			return err
		}
		return json.NewEncoder(con.out).Encode(h)
	})
}

// withRecord opens the database of a server and the keys of its record. Statements may
// take as long as they need.
func withRecord(con terminal, cfg config.Config, do func(*store.DB, *chain.Keys, *datakeys.Keys) error) (err error) {
	derived, err := presentSecrets(cfg)
	if err != nil {
		return err
	}
	cfg.Database.StatementTimeout = -1
	db, err := Open(con.ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrate.Check(con.ctx, db); err != nil {
		return err
	}
	keys, err := openChain(con.ctx, cfg, db, derived)
	if err != nil {
		return err
	}
	people, err := peoplesKeys(derived)
	if err != nil {
		return err
	}
	return do(db, keys, people)
}

// withChain is withRecord for what opens nothing personal.
func withChain(con terminal, cfg config.Config, do func(*store.DB, *chain.Keys) error) error {
	return withRecord(con, cfg, func(db *store.DB, keys *chain.Keys, _ *datakeys.Keys) error { return do(db, keys) })
}

// peoplesKeys gives the keys that personal values are sealed with.
func peoplesKeys(keys auth.Keys) (*datakeys.Keys, error) {
	wrap, err := keys.Sealer("people")
	if err != nil {
		return nil, err
	}
	return &datakeys.Keys{Wrap: wrap}, nil
}

// presentSecrets derives the keys from secret files that are there.
func presentSecrets(cfg config.Config) (auth.Keys, error) {
	path, _ := cfg.SecretPath()
	secret, err := auth.LoadSecret(path)
	if err != nil {
		return auth.Keys{}, &config.Error{Key: "CLINICGRAPH_SECRET_FILE", Value: path, Reason: err.Error(), Remedy: "name the secret file of this database"}
	}
	former, err := formerSecrets(cfg)
	if err != nil {
		return auth.Keys{}, err
	}
	return auth.DeriveKeys(secret, former...)
}

// openChain gives the keys of the audit chain.
func openChain(ctx context.Context, cfg config.Config, db *store.DB, keys auth.Keys) (*chain.Keys, error) {
	sealing, err := keys.Sealer("audit-chain")
	if err != nil {
		return nil, err
	}
	opened, err := chain.Open(ctx, db, sealing)
	return opened, foreign(cfg, err)
}

// headsPath is the file that heads are appended to, "" for none.
func headsPath(cfg config.Config) string {
	if cfg.Audit.Heads != "" || cfg.Database.URL.Reveal() != "" {
		return cfg.Audit.Heads
	}
	return filepath.Join(cfg.Database.Data, headsFile)
}

// exportHead appends a head to the file of the settings, as a line of JSON; without
// one it goes to the log.
func exportHead(path string, log *slog.Logger) func(context.Context, chain.Head) error {
	return func(ctx context.Context, h chain.Head) error {
		if path == "" {
			log.InfoContext(ctx, "audit head", "head", h)
			return nil
		}
		line, err := json.Marshal(h)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("open the file of heads: %w", err)
		}
		_, err = f.Write(append(line, '\n'))
		return errors.Join(err, f.Close())
	}
}

// readHeads reads heads as exportHead has written them.
func readHeads(path string) (heads []chain.Head, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var h chain.Head
		if err := json.Unmarshal(lines.Bytes(), &h); err != nil {
			return nil, fmt.Errorf("%s, line %d is no head: %w", path, n, err)
		}
		heads = append(heads, h)
	}
	return heads, lines.Err()
}
