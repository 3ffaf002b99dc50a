package house_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// provenInTheVerb lists the mutations that take the password instead of a fresh
// proof, so that the verb decides and no directive can.
var provenInTheVerb = map[string]bool{"changeEmail": true}

// TestSensitiveVerbsAskForAFreshProof holds the reviewed list of the mutations,
// each with whether it declares @stepUp: a new one is decided about when it is
// added. Who grants, changes what somebody signs in with, acts for somebody else
// or deletes an account declares it. To write the list anew, run the test with
// CLINICGRAPH_UPDATE_GOLDEN=1.
func TestSensitiveVerbsAskForAFreshProof(t *testing.T) {
	var got []string
	for _, f := range published(t).Mutation.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		asks := f.Directives.ForName("stepUp") != nil
		if says := strings.Contains(f.Description, "STEP_UP_REQUIRED"); says != (asks || provenInTheVerb[f.Name]) {
			t.Errorf("%s: declares @stepUp %t, its description names STEP_UP_REQUIRED %t", f.Name, asks, says)
		}
		// gqlgen asks the last directive first: the door must be behind @stepUp.
		if asks && f.Directives[len(f.Directives)-1].Name == "stepUp" {
			t.Errorf("%s: @stepUp stands behind the door, and is asked before it", f.Name)
		}
		line := f.Name
		if asks {
			line += " stepUp"
		} else if provenInTheVerb[f.Name] {
			line += " in the verb"
		}
		got = append(got, line)
	}
	reviewed(t, "stepup.txt", got)
}

// reviewed holds what a test found to a file of testdata that people have looked
// at, and writes the file anew with CLINICGRAPH_UPDATE_GOLDEN=1.
func reviewed(t *testing.T, file string, got []string) {
	t.Helper()
	slices.Sort(got)
	golden := filepath.Join("testdata", file)
	if os.Getenv("CLINICGRAPH_UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(text)), "\n"), got); diff != "" {
		t.Errorf("%s (-reviewed +found):\n%s", file, diff)
	}
}
