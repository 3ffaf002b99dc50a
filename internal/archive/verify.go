package archive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"clinicgraph/internal/chain"
)

// Damage says that an archive, or the record that is to be archived, is not what
// it must be: what is wrong with the file, the first entry that is wrong, or both.
type Damage struct {
	File    string
	What    string
	Problem *chain.Problem
}

// Error tells it in a line.
func (d *Damage) Error() string {
	said := []string{}
	if d.What != "" {
		said = append(said, d.What)
	}
	if d.Problem != nil {
		said = append(said, "first problem: "+d.Problem.String())
	}
	return d.File + ": " + strings.Join(said, "; ")
}

func readManifest(path string) (m chain.Manifest, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, &Damage{File: path, What: "this is no manifest"}
	}
	return m, nil
}

// Verify reads an archive and its manifest, which lies beside it: that the manifest
// was signed with the key, that the file is the one it speaks of (SHA-256), and that
// its entries are those it counts, in order and without gaps; with the keys of the
// chain also that each entry follows from the one before and each row is what it was
// when it was sealed. Without them nothing secret is needed. Each entry is given to
// do, if there is one. Errors: *Damage, and those of the file system.
func Verify(path string, key ed25519.PublicKey, keys *chain.Keys, do func(*chain.Sealed) error) (chain.Manifest, error) {
	m, err := readManifest(strings.TrimSuffix(path, dataSuffix) + manifestSuffix)
	if err != nil {
		return m, err
	}
	if err := m.Check(key); err != nil {
		return m, &Damage{File: path, What: err.Error()}
	}
	f, err := os.Open(path)
	if err != nil {
		return m, err
	}
	defer f.Close()
	sum := sha256.New()
	r := reading{Manifest: m, keys: keys, do: do, before: m.Before, rows: map[string]int64{}}
	whole := io.TeeReader(f, sum)
	problem, err := r.file(whole)
	if err != nil {
		return m, err
	}
	if _, err := io.Copy(io.Discard, whole); err != nil {
		return m, err
	}
	if !bytes.Equal(sum.Sum(nil), m.SHA256) {
		return m, &Damage{File: path, What: "it is not the file of its manifest (SHA-256)", Problem: problem}
	}
	if problem != nil {
		return m, &Damage{File: path, Problem: problem}
	}
	if r.broken || !bytes.Equal(r.before, m.LastCode) || r.next != m.Last+1 || !maps.Equal(r.rows, m.Rows) {
		return m, &Damage{File: path, What: "it does not hold what its manifest says"}
	}
	return m, nil
}

// reading is how far an archive was read.
type reading struct {
	chain.Manifest
	keys   *chain.Keys
	do     func(*chain.Sealed) error
	before []byte // the code of the last entry
	next   int64
	rows   map[string]int64
	broken bool // it is no archive from here on
}

// file reads the lines, up to the first that is wrong.
func (r *reading) file(from io.Reader) (*chain.Problem, error) {
	r.next = r.First
	unpacked, err := gzip.NewReader(from)
	if err != nil {
		r.broken = true
		return nil, nil
	}
	lines := bufio.NewReaderSize(unpacked, 1<<16)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			if r.next <= r.Last {
				return &chain.Problem{Kind: chain.ProblemGap, Seq: r.next}, nil
			}
			return nil, nil
		}
		var s chain.Sealed
		if err != nil || json.Unmarshal(line, &s) != nil {
			r.broken = true
			return &chain.Problem{Kind: chain.ProblemEntry, Seq: r.next}, nil
		}
		if p := r.entry(&s); p != nil {
			return p, nil
		}
		if r.do != nil {
			if err := r.do(&s); err != nil {
				return nil, err
			}
		}
	}
}

func (r *reading) entry(s *chain.Sealed) *chain.Problem {
	if s.Seq != r.next {
		return &chain.Problem{Kind: chain.ProblemGap, Seq: r.next}
	}
	if r.keys != nil {
		if p := r.keys.Fits(s, r.before); p != nil {
			return p
		}
	}
	r.next, r.before = s.Seq+1, s.Code
	r.rows[s.Log]++
	if s.Seq == r.First && !bytes.Equal(s.Code, r.FirstCode) || s.Seq > r.Last {
		return &chain.Problem{Kind: chain.ProblemEntry, Seq: s.Seq}
	}
	return nil
}

// Joins says whether archives follow one another without a gap, the codes at their
// ends included. They are in the order of their entries.
func Joins(all []chain.Manifest) error {
	for i := 1; i < len(all); i++ {
		before, m := all[i-1], all[i]
		if m.First != before.Last+1 || !bytes.Equal(m.Before, before.LastCode) {
			return &Damage{File: m.File, What: fmt.Sprintf("it does not follow %s, which ends with entry %d", before.File, before.Last)}
		}
	}
	return nil
}
