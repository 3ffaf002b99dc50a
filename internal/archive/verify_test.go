package archive_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"clinicgraph/internal/archive"
	"clinicgraph/internal/chain"
)

// lines are the lines of an archive.
func (c *clinic) lines(m chain.Manifest) [][]byte {
	c.Helper()
	f, err := os.ReadFile(c.path(m))
	if err != nil {
		c.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(f))
	if err != nil {
		c.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		c.Fatal(err)
	}
	return bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

func packed(lines [][]byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(append(bytes.TrimSuffix(bytes.Join(lines, nil), []byte("\n")), '\n'))
	_ = w.Close()
	return b.Bytes()
}

// Every kind of tampering is found without anything secret, and named; who signs
// anew with a key of their own is found by the key that was kept.
func TestATamperedArchiveIsFound(t *testing.T) {
	each(t, func(c *clinic) {
		m := c.before(november)[0]
		whole, err := os.ReadFile(c.path(m))
		if err != nil {
			c.Fatal(err)
		}
		lines := c.lines(m)
		without := append(append([][]byte{}, lines[:6]...), lines[7:]...)
		swapped := append([][]byte{}, lines...)
		swapped[6], swapped[7] = swapped[7], swapped[6]
		changed := append([][]byte{}, lines...)
		changed[6] = bytes.Replace(lines[6], []byte(`"actor":"a"`), []byte(`"actor":"b"`), 1)
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		for name, tampered := range map[string]struct {
			file         []byte
			plain, keyed string // what is said without and with the keys of the chain
		}{
			"a changed byte": {flipped, "SHA-256", "SHA-256"},
			"a cut file":     {whole[:len(whole)-40], "SHA-256", "SHA-256"},
			"a dropped line": {packed(without), "GAP: entry 7", "GAP: entry 7"},
			"a swapped line": {packed(swapped), "GAP: entry 7", "GAP: entry 7"},
			"a changed row":  {packed(changed), "SHA-256", "ROW_CHANGED: entry 7"},
			"the end is cut": {packed(lines[:690]), "GAP: entry 691", "GAP: entry 691"},
		} {
			if err := os.WriteFile(c.path(m), tampered.file, 0o600); err != nil {
				c.Fatal(err)
			}
			for keys, says := range map[*chain.Keys]string{nil: tampered.plain, c.keys: tampered.keyed} {
				_, err := archive.Verify(c.path(m), c.keys.Public(), keys, nil)
				if err == nil || !strings.Contains(err.Error(), says) {
					c.Errorf("%s: %v, want %q", name, err, says)
				}
			}
		}

		// The manifest is made to fit.
		forged := m
		sum := sha256.Sum256(packed(changed))
		forged.SHA256 = sum[:]
		c.manifest(forged)
		if err := os.WriteFile(c.path(m), packed(changed), 0o600); err != nil {
			c.Fatal(err)
		}
		if _, err := archive.Verify(c.path(m), c.keys.Public(), nil, nil); err == nil || !strings.Contains(err.Error(), "signature of the manifest") {
			c.Errorf("a forged manifest: %v", err)
		}
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			c.Fatal(err)
		}
		forged.Key, forged.Signature = public, nil
		text, err := json.Marshal(forged)
		if err != nil {
			c.Fatal(err)
		}
		forged.Signature = ed25519.Sign(private, append([]byte("clinicgraph audit manifest v1\n"), text...))
		c.manifest(forged)
		if _, err := archive.Verify(c.path(m), public, nil, nil); err != nil {
			c.Fatalf("the forger's archive does not pass the forger's key: %v", err)
		}
		if _, err := archive.Verify(c.path(m), c.keys.Public(), nil, nil); err == nil || !strings.Contains(err.Error(), "another key") {
			c.Errorf("a manifest of another key: %v", err)
		}
	})
}

// manifest puts a manifest beside its archive.
func (c *clinic) manifest(m chain.Manifest) {
	c.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(c.path(m), ".jsonl.gz")+".manifest.json", text, 0o600); err != nil {
		c.Fatal(err)
	}
}

// A prefix without a checkpoint, or with one that somebody else made, is missing.
func TestAPrefixIsGoneOnlyWithACheckpoint(t *testing.T) {
	for name, forge := range map[string]func(c *clinic, m chain.Manifest) (statements []string){
		"no checkpoint": func(*clinic, chain.Manifest) []string { return []string{"DELETE FROM audit_checkpoints"} },
		"a forged one": func(*clinic, chain.Manifest) []string {
			return []string{`UPDATE audit_checkpoints SET manifest = '{"last":700}'`}
		},
		"no manifest at all": func(*clinic, chain.Manifest) []string { return []string{`UPDATE audit_checkpoints SET manifest = 'x'`} },
		"an older one": func(*clinic, chain.Manifest) []string {
			return []string{"DELETE FROM audit_checkpoints WHERE last_seq > 700"}
		},
		"a head for one": func(c *clinic, m chain.Manifest) []string {
			h, err := c.keys.Head(c.Context(), c.s.DB, c.now)
			if err != nil {
				c.Fatal(err)
			}
			text, err := json.Marshal(chain.Manifest{Last: h.Seq, LastCode: h.Code, Key: h.Key, Signature: h.Signature})
			if err != nil {
				c.Fatal(err)
			}
			return []string{"UPDATE audit_checkpoints SET manifest = '" + string(text) + "' WHERE last_seq = 720"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(c *clinic) {
				done := c.before(december)
				off := []string{"DROP TRIGGER audit_checkpoints_no_update", "DROP TRIGGER audit_checkpoints_no_delete"}
				if c.s.DB.LocksRows() {
					off = []string{"ALTER TABLE audit_checkpoints DISABLE TRIGGER USER"}
				}
				c.at(december, 2)
				for _, statement := range append(off, forge(c, done[1])...) {
					if _, err := c.s.DB.Write.Exec(statement); err != nil {
						c.Fatal(err)
					}
				}
				if got := c.check().First; got == nil || got.Kind != chain.ProblemGap && got.Kind != chain.ProblemCheckpoint {
					c.Errorf("%v", got)
				}
			})
		})
	}
}

// An entry before the first counts for nothing, so no row hides behind one.
func TestNoRowHidesBehindAnEntryBeforeTheFirst(t *testing.T) {
	each(t, func(c *clinic) {
		for _, statement := range []string{
			`INSERT INTO audit_logs (id, created_at, event, actor, success) SELECT '00000000-0000-7000-8000-000000000001', created_at, 'LOGIN', 'b', true FROM audit_logs LIMIT 1`,
			`DELETE FROM audit_pending`,
			`INSERT INTO audit_chain (seq, stream, row_id, row_mac, mac, sealed_at) SELECT -1, 2, '00000000-0000-7000-8000-000000000001', row_mac, mac, sealed_at FROM audit_chain WHERE seq = 1`,
		} {
			if _, err := c.s.DB.Write.Exec(statement); err != nil {
				c.Fatal(err)
			}
		}
		if got := c.check().First; got == nil || got.Kind != chain.ProblemEntry || got.Seq != -1 {
			c.Errorf("%v", got)
		}
	})
}

// The record does not take back what has left it, though the row is genuine and its
// code is right: whoever puts it there again is seen.
func TestAnArchivedRowDoesNotComeBack(t *testing.T) {
	each(t, func(c *clinic) {
		if _, err := c.s.DB.Write.Exec(`CREATE TABLE kept AS SELECT * FROM audit_logs WHERE id IN (SELECT row_id FROM audit_chain WHERE seq <= 2)`); err != nil {
			c.Fatal(err)
		}
		c.before(november)
		if _, err := c.s.DB.Write.Exec(`INSERT INTO audit_logs SELECT * FROM kept`); err != nil {
			c.Fatal(err)
		}
		c.at(december, 2)
		if got := c.check(); got.First == nil || got.First.Kind != chain.ProblemForeign || got.First.Table != "audit_logs" || got.Last != 724 {
			c.Errorf("%+v %v", got, got.First)
		}
	})
}

// Who owns the database can write a checkpoint for entries that no archive holds, and
// the triggers let their rows go. The checkpoint is not signed, and is named.
func TestRowsThatGoByAForgedCheckpointAreMissed(t *testing.T) {
	each(t, func(c *clinic) {
		for _, statement := range []string{
			`INSERT INTO audit_checkpoints (last_seq, code, manifest) SELECT seq, mac, '{"last":2}' FROM audit_chain WHERE seq = 2`,
			`DELETE FROM audit_logs WHERE id IN (SELECT row_id FROM audit_chain WHERE seq <= 2)`,
			`DELETE FROM operation_logs WHERE id IN (SELECT row_id FROM audit_chain WHERE seq <= 2)`,
			`DELETE FROM audit_chain WHERE seq <= 2`,
		} {
			if _, err := c.s.DB.Write.Exec(statement); err != nil {
				c.Fatal(err)
			}
		}
		if got := c.check().First; got == nil || got.Kind != chain.ProblemCheckpoint || got.Seq != 2 {
			c.Errorf("%v", got)
		}
	})
}
