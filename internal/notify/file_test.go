package notify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestALetterInAFileIsForItsOwnersEyes(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data", "outbox")
	l := Letter{ID: uuid.New(), From: "no-reply@clinic.example", To: "ann@clinic.example", Subject: "Grüezi", Text: "Hello.\n", Date: time.Unix(0, 0)}
	for range 2 { // sent twice is one file
		check(t, Folder(folder).Send(t.Context(), l))
	}
	entries, err := os.ReadDir(folder)
	check(t, err)
	if len(entries) != 1 || entries[0].Name() != l.ID.String()+".eml" {
		t.Fatalf("%v", entries)
	}
	info, err := entries[0].Info()
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if info, err = os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(filepath.Join(folder, entries[0].Name()))
	check(t, err)
	for _, want := range []string{"To: <ann@clinic.example>\r\n", "Message-ID: <" + l.ID.String() + "@clinic.example>\r\n", "Auto-Submitted: auto-generated\r\n", "=?UTF-8?q?Gr=C3=BCezi?="} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAFolderThatCannotBeWrittenToSaysSoWithoutItsPath(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, nil, 0o600))
	err := Folder(filepath.Join(file, "outbox")).Send(t.Context(), Letter{ID: uuid.New(), From: "a@clinic.example", To: "b@clinic.example", Text: "x"})
	if err == nil || strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "b@") {
		t.Errorf("%v", err)
	}
}
