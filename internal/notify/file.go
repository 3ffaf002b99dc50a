package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is the transport that writes each letter into a file, for development
// and for clinics that have another program send them. A letter that is sent
// twice is one file. The folder is made when the first letter is written.
type Folder string

// String says where the letters are.
func (f Folder) String() string { return filepath.Join(string(f), "*.eml") }

// Send writes the letter: all of it or nothing, for its owner's eyes only.
func (f Folder) Send(_ context.Context, l Letter) error {
	m, err := l.mime()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if _, err := m.WriteTo(&text); err != nil {
		return fmt.Errorf("write letter: %w", err)
	}
	if err := f.write(l.ID.String()+".eml", text.Bytes()); err != nil {
		return fmt.Errorf("write letter: %w", withoutPath(err))
	}
	return nil
}

func (f Folder) write(name string, text []byte) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(string(f), ".letter-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), filepath.Join(string(f), name))
}

// withoutPath leaves what happened, and not where.
func withoutPath(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
