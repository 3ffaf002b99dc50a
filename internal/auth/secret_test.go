package auth

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func randomLooking(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*37 + 11)
	}
	return b
}

func TestFirstStartCreatesASecretAndTheNextReadsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "deep", "secret.key")
	first, created, err := LoadOrCreateSecret(path)
	if err != nil || !created || len(first.Reveal()) != 32 {
		t.Fatalf("first: %d bytes, %v, %v", len(first.Reveal()), created, err)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v", filepath.Base(name), info.Mode().Perm(), err)
		}
	}
	second, created, err := LoadOrCreateSecret(path)
	if err != nil || created || !bytes.Equal(first.Reveal(), second.Reveal()) {
		t.Errorf("second: created %v, %v", created, err)
	}
	loaded, err := LoadSecret(path)
	if err != nil || !bytes.Equal(first.Reveal(), loaded.Reveal()) {
		t.Errorf("loaded: %v", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("%d files are left in the folder, %v", len(left), err)
	}
}

func TestServersThatStartAtOnceAgreeOnTheSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.key")
	const n = 16
	secrets, created := make([]Secret, n), make([]bool, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if secrets[i], created[i], err = LoadOrCreateSecret(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	makers := 0
	for i := range n {
		if created[i] {
			makers++
		}
		if !bytes.Equal(secrets[i].Reveal(), secrets[0].Reveal()) {
			t.Errorf("server %d has another secret", i)
		}
	}
	if makers != 1 {
		t.Errorf("%d servers created it", makers)
	}
}

func TestSecretsAsTheUsualToolsWriteThem(t *testing.T) {
	raw := randomLooking(64)
	std := base64.StdEncoding.EncodeToString(raw)
	for name, c := range map[string]struct {
		content string
		want    []byte
	}{
		"standard":       {std, raw},
		"with line end":  {std + "\n", raw},
		"wrapped":        {std[:64] + "\n" + std[64:] + "\n", raw},
		"windows":        {std[:64] + "\r\n" + std[64:] + "\r\n", raw},
		"without pad":    {base64.RawStdEncoding.EncodeToString(raw), raw},
		"url":            {base64.URLEncoding.EncodeToString(raw), raw},
		"raw url":        {base64.RawURLEncoding.EncodeToString(raw), raw},
		"thirty-two":     {base64.StdEncoding.EncodeToString(raw[:32]), raw[:32]},
		"hex (as digit)": {hex.EncodeToString(raw[:32]), nil},
	} {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := LoadSecret(path)
		if err != nil || c.want != nil && !bytes.Equal(got.Reveal(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnsafeSecretsStopTheStartWithOneLine(t *testing.T) {
	good := base64.StdEncoding.EncodeToString(randomLooking(32))
	const remedy = `: restore it, or make a new one with (umask 077; openssl rand -base64 32 > "PATH")`
	for name, c := range map[string]struct {
		content string
		mode    os.FileMode
		want    string
	}{
		"group reads":  {good, 0o640, `has mode 0640, so others may use it: run chmod 600 "PATH"`},
		"world reads":  {good, 0o604, `has mode 0604, so others may use it: run chmod 600 "PATH"`},
		"group writes": {good, 0o620, `has mode 0620, so others may use it: run chmod 600 "PATH"`},
		"empty":        {"", 0o600, "holds 0 bytes, it needs at least 32" + remedy},
		"short":        {base64.StdEncoding.EncodeToString(randomLooking(31)), 0o600, "holds 31 bytes, it needs at least 32" + remedy},
		"default":      {strings.Repeat("changeme", 8), 0o600, "holds a placeholder, not random bytes" + remedy},
		"zeros":        {base64.StdEncoding.EncodeToString(make([]byte, 32)), 0o600, "holds a placeholder, not random bytes" + remedy},
		"a sentence":   {"this is my secret sentence, nobody will guess it", 0o600, "is not base64" + remedy},
		"a whole file": {strings.Repeat("A", 5000), 0o600, "is larger than 4096 bytes" + remedy},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret.key")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			want := `secret file "PATH" ` + c.want
			_, loadErr := LoadSecret(path)
			secret, created, err := LoadOrCreateSecret(path)
			if created || secret.Reveal() != nil {
				t.Error("there is a secret")
			}
			for _, err := range []error{loadErr, err} {
				if err == nil {
					t.Fatal("no error")
				}
				if got := strings.ReplaceAll(err.Error(), path, "PATH"); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
			if content, err := os.ReadFile(path); err != nil || string(content) != c.content {
				t.Errorf("the file has been changed, %v", err)
			}
		})
	}
}

func TestMissingAndMisplacedSecrets(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	if _, err := LoadSecret(missing); err == nil || !strings.HasPrefix(err.Error(), `secret file "`+missing+`" does not exist: create it with (umask`) {
		t.Errorf("missing: %v", err)
	}
	if _, err := os.Lstat(missing); err == nil {
		t.Error("LoadSecret has created the file")
	}
	if _, _, err := LoadOrCreateSecret(dir); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("folder: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(file, "secret"), filepath.Join(dir, "line\nbreak", strings.Repeat("x", 300))} {
		_, created, err := LoadOrCreateSecret(path)
		if err == nil || created || strings.Contains(err.Error(), "\n") {
			t.Errorf("impossible path: created %v, %v", created, err)
		}
	}
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(missing, dangling); err != nil {
		t.Fatal(err)
	}
	if _, created, err := LoadOrCreateSecret(dangling); err == nil || created {
		t.Errorf("dangling link: created %v, %v", created, err)
	}
}
