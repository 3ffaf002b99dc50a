package app_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
)

// keys runs a command on the keys of one data folder and gives their ids with
// their states.
func keys(t *testing.T, args ...string) (code int, states [][2]string, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = app.Main(t.Context(), "v-test", append([]string{"keys"}, args...), &o, &e)
	for _, found := range regexp.MustCompile(`(?m)^(\S{43})  ([A-Z]+) `).FindAllStringSubmatch(o.String(), -1) {
		states = append(states, [2]string{found[1], found[2]})
	}
	return code, states, e.String()
}

func TestKeysAreListedRotatedAndRevokedFromTheCommandLine(t *testing.T) {
	if code, _, errs := run(t, nil, "keys", "list"); code != config.ExitUsage || !strings.Contains(errs, "CLINICGRAPH_SECRET_FILE") {
		t.Errorf("without a secret: exit %d, %s", code, errs)
	}
	if code, _, errs := run(t, nil, "seed", "base"); code != config.ExitOK {
		t.Fatal(errs)
	}
	code, first, errs := keys(t, "list")
	if code != config.ExitOK || len(first) != 2 || first[0][1] != "PENDING" || first[1][1] != "ACTIVE" {
		t.Fatalf("list: exit %d, %v, %s", code, first, errs)
	}
	if code, _, errs := keys(t, "rotate"); code != config.ExitFailure || !strings.Contains(errs, "may sign from") {
		t.Errorf("rotate at once: exit %d, %s", code, errs)
	}
	if code, _, errs := keys(t, "revoke", "nobody"); code != config.ExitFailure || !strings.Contains(errs, "no such key") {
		t.Errorf("revoke an unknown key: exit %d, %s", code, errs)
	}
	code, after, errs := keys(t, "revoke", "--", first[1][0]) // an id may begin with a hyphen
	if code != config.ExitOK || len(after) != 3 ||
		!slices.Contains(after, [2]string{first[1][0], "REVOKED"}) || !slices.Contains(after, [2]string{first[0][0], "ACTIVE"}) {
		t.Errorf("revoke the key that signs: exit %d, %v, %s", code, after, errs)
	}
}
