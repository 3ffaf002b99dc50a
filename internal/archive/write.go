package archive

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"clinicgraph/internal/chain"
)

const (
	dataSuffix     = ".jsonl.gz"
	manifestSuffix = ".manifest.json"
	partSuffix     = ".part"
)

// name is what the archive of some entries is called. It begins with the key, so
// that two clinics may share a folder.
func (a *Archive) name(month time.Time, first, last int64) string {
	key := sha256.Sum256(a.Keys.Public())
	return fmt.Sprintf("audit-%s-%s-%d-%d", hex.EncodeToString(key[:4]), month.Format("2006-01"), first, last)
}

// write writes entries and rows to a file, and its manifest beside it. The entries
// are checked on the way: what does not fit is not archived. A manifest that is
// there stays: it is of the same file, or something is wrong.
func (a *Archive) write(ctx context.Context, month time.Time, first, last int64, before []byte) (chain.Manifest, error) {
	if err := os.MkdirAll(a.Dir, 0o700); err != nil {
		return chain.Manifest{}, fmt.Errorf("make the folder of archives: %w", err)
	}
	base := filepath.Join(a.Dir, a.name(month, first, last))
	m, err := readManifest(base + manifestSuffix)
	if err == nil { // verify looks at both
		if m.First != first || m.Last != last || !bytes.Equal(m.Before, before) {
			err = &Damage{File: base + manifestSuffix, What: "it is of other entries than its name says"}
		}
		return m, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	m = chain.Manifest{File: filepath.Base(base) + dataSuffix, First: first, Last: last, Before: before, Rows: map[string]int64{}}
	err = a.place(base+dataSuffix, func(w io.Writer) error { return a.lines(ctx, w, &m) })
	if err != nil {
		return m, err
	}
	if err := a.done("file"); err != nil {
		return m, err
	}
	m = a.Keys.Sign(m)
	if err := a.place(base+manifestSuffix, func(w io.Writer) error {
		to := json.NewEncoder(w)
		to.SetIndent("", "  ")
		return to.Encode(m)
	}); err != nil {
		return m, err
	}
	return m, a.done("manifest")
}

// lines writes the entries of a manifest, compressed, and completes it.
func (a *Archive) lines(ctx context.Context, w io.Writer, m *chain.Manifest) error {
	sum := sha256.New()
	packed := gzip.NewWriter(io.MultiWriter(w, sum))
	to := json.NewEncoder(packed)
	p, err := a.Keys.Each(ctx, a.DB, m.First, m.Last, m.Before, func(s *chain.Sealed) error {
		if s.Seq == m.First {
			m.FirstCode, m.From = s.Code, s.SealedAt
		}
		m.LastCode, m.To = s.Code, s.SealedAt
		m.Rows[s.Log]++
		return to.Encode(s)
	})
	if err != nil {
		return err
	}
	if p != nil {
		return &Damage{File: "the database", Problem: p}
	}
	if err := packed.Close(); err != nil {
		return err
	}
	m.SHA256 = sum.Sum(nil)
	return nil
}

// place has a file written under another name, brings it to the disk, and gives it
// its name: under that there is a whole file, or none.
func (a *Archive) place(path string, write func(io.Writer) error) (err error) {
	left, _ := filepath.Glob(path + ".*" + partSuffix)
	for _, part := range left { // of runs that were cut off
		_ = os.Remove(part)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+partSuffix)
	if err != nil {
		return fmt.Errorf("write an archive: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write an archive: %w", err)
	}
	if err := a.done("part of " + filepath.Ext(path)); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("name an archive: %w", err)
	}
	_ = f.Close() // what was written is on the disk
	return syncFolder(filepath.Dir(path))
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
