package auth

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	minSecretLen     = 32
	maxSecretFile    = 4096
	minSecretVariety = 16 // different bytes; 32 random ones miss it less than once in 10^14
	redacted         = "***"
)

// Secret is key material that prints as *** in every way that logs, errors and
// JSON are made. The bytes lie in a function, the one thing that fmt cannot
// look into: it asks no method of a Secret in an unexported field.
type Secret struct{ reveal func() []byte }

// NewSecret copies b. It refuses fewer than 32 bytes.
func NewSecret(b []byte) (Secret, error) {
	if len(b) < minSecretLen {
		return Secret{}, fmt.Errorf("a secret of %d bytes is too short, it needs at least %d", len(b), minSecretLen)
	}
	b = bytes.Clone(b)
	return Secret{reveal: func() []byte { return b }}, nil
}

// Reveal gives the bytes themselves, nil for the zero Secret. Do not change
// them.
func (s Secret) Reveal() []byte {
	if s.reveal == nil {
		return nil
	}
	return s.reveal()
}

// Format prints *** for every verb, %d and %x included.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, redacted) }

func (s Secret) String() string               { return redacted }
func (s Secret) GoString() string             { return redacted }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LoadSecret reads the master secret that an operator has put at path: base64
// of at least 32 bytes, in a regular file that nobody but its owner may read.
// Errors are one line that names the file and the remedy, and never hold the
// content.
func LoadSecret(path string) (Secret, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Secret{}, fmt.Errorf("secret file %q does not exist: create it with %s", path, recipe(path))
	}
	if err != nil {
		return Secret{}, fmt.Errorf("secret file %q cannot be read (%w): let the server's user read it", path, cause(err))
	}
	defer f.Close()
	// The open file is asked, not the path: the two may differ by now.
	info, err := f.Stat()
	if err != nil {
		return Secret{}, fmt.Errorf("secret file %q cannot be read (%w): check the file system", path, cause(err))
	}
	if !info.Mode().IsRegular() {
		return Secret{}, fmt.Errorf("secret file %q is not a regular file: name the file itself", path)
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 && runtime.GOOS != "windows" {
		return Secret{}, fmt.Errorf("secret file %q has mode %#o, so others may use it: run chmod 600 %q", path, perm, path)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return Secret{}, fmt.Errorf("secret file %q cannot be read (%w): check the file system", path, cause(err))
	}
	secret, err := decodeSecret(content)
	if err != nil {
		return Secret{}, fmt.Errorf("secret file %q %w: restore it, or make a new one with %s", path, err, recipe(path))
	}
	return secret, nil
}

// LoadOrCreateSecret is LoadSecret, but writes a random secret (mode 0600,
// folders 0700) where there is no file yet, and says so. Two servers that
// start at once end up with the same secret. A new secret makes every stored
// password and every token of an older one useless: a caller with users in its
// database should refuse to go on when created is true.
func LoadOrCreateSecret(path string) (secret Secret, created bool, err error) {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		err := createSecret(path)
		if err != nil && !errors.Is(err, fs.ErrExist) { // exists: another server was faster
			return Secret{}, false, fmt.Errorf("secret file %q cannot be created (%w): create it with %s", path, cause(err), recipe(path))
		}
		created = err == nil
	}
	secret, err = LoadSecret(path)
	return secret, created, err
}

// createSecret writes a whole file beside path first and links it there: a
// reader sees all of it or nothing, and what exists is never overwritten.
func createSecret(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".secret-*") // O_EXCL, mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	raw := make([]byte, minSecretLen)
	rand.Read(raw)
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(raw) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the new name survive a power cut.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// decodeSecret accepts base64 in either alphabet, padded or not, wrapped or
// not, as the usual tools write it.
func decodeSecret(content []byte) (Secret, error) {
	if len(content) > maxSecretFile {
		return Secret{}, fmt.Errorf("is larger than %d bytes", maxSecretFile)
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(string(content)))
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil { // its text would tell where in the secret
		return Secret{}, errors.New("is not base64")
	}
	if len(raw) < minSecretLen {
		return Secret{}, fmt.Errorf("holds %d bytes, it needs at least %d", len(raw), minSecretLen)
	}
	seen := map[byte]bool{}
	for _, b := range raw {
		seen[b] = true
	}
	if len(seen) < minSecretVariety {
		return Secret{}, errors.New("holds a placeholder, not random bytes")
	}
	return NewSecret(raw)
}

func recipe(path string) string {
	return fmt.Sprintf("(umask 077; openssl rand -base64 32 > %q)", path)
}

// cause takes the path out of a file error: the line around it names it.
func cause(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	var linkErr *os.LinkError
	if errors.As(err, &linkErr) {
		return linkErr.Err
	}
	return err
}
