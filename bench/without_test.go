//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"clinicgraph/bench/internal/place"
)

// TestWhatServersAreBuiltWithoutIsThere keeps the changes to the source they are made
// to: who moves that finds out here, and not when somebody measures.
func TestWhatServersAreBuiltWithoutIsThere(t *testing.T) {
	for name, v := range without {
		texts := map[string]string{}
		for _, c := range v.changes {
			text, err := os.ReadFile(filepath.Join("..", c.File))
			if err != nil {
				t.Fatal(err)
			}
			texts[c.File] = string(text)
		}
		if _, err := place.Changed(texts, v.changes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
