package config

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
)

const prefix = "CLINICGRAPH_"

// PrepareEnvironment is called once, before kong reads the environment. It
// refuses unknown CLINICGRAPH_* keys and takes away those of ours that are
// empty: compose files and makefiles pass variables on that way, and mean
// "not set".
func PrepareEnvironment() error {
	if err := CheckEnvironment(os.Environ()); err != nil {
		return err
	}
	for _, key := range Keys() {
		if value, set := os.LookupEnv(key); set && value == "" {
			if err := os.Unsetenv(key); err != nil {
				return fmt.Errorf("unset empty %s: %w", key, err)
			}
		}
	}
	return nil
}

// CheckEnvironment refuses unknown CLINICGRAPH_* keys: a setting that is
// spelled wrong must not be ignored. The environment is as of os.Environ. The
// values are not shown: they may be secrets.
func CheckEnvironment(environ []string) error {
	unknown := UnknownKeys(environ)
	if len(unknown) == 0 {
		return nil
	}
	remedy := "unset it; --help lists the known ones"
	if near := suggestion(unknown[0]); near != "" {
		remedy = "did you mean " + near + "? Otherwise unset it"
	}
	return &Error{Key: unknown[0], Reason: "is not a setting", Remedy: remedy}
}

// UnknownKeys lists the CLINICGRAPH_* keys of an environment, as of os.Environ,
// that are not settings, sorted.
func UnknownKeys(environ []string) []string {
	known := Keys()
	var unknown []string
	for _, entry := range environ {
		key, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(key, prefix) && !slices.Contains(known, key) {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	return unknown
}

// Keys lists the environment names of all settings, sorted.
func Keys() []string {
	var keys []string
	eachSetting(reflect.TypeFor[Config](), func(_, env string) { keys = append(keys, env) })
	slices.Sort(keys)
	return keys
}

// envOf gives the environment name of a flag.
func envOf(flag string) (found string) {
	eachSetting(reflect.TypeFor[Config](), func(name, env string) {
		if name == flag {
			found = env
		}
	})
	return found
}

// eachSetting reads the tags that kong reads: one list, no second spelling.
func eachSetting(t reflect.Type, visit func(flag, env string)) {
	for i := range t.NumField() {
		field := t.Field(i)
		if _, section := field.Tag.Lookup("embed"); section {
			eachSetting(field.Type, visit)
			continue
		}
		visit(field.Tag.Get("name"), field.Tag.Get("env"))
	}
}

// suggestion is the setting that is meant, probably, or "": the nearest one,
// when at most a third of its letters differ. The prefix does not count.
func suggestion(key string) string {
	name := strings.TrimPrefix(key, prefix)
	best, nearest := max(1, len(name)/3)+1, ""
	for _, known := range Keys() {
		if d := distance(name, strings.TrimPrefix(known, prefix)); d < best {
			best, nearest = d, known
		}
	}
	return nearest
}

// distance counts the letters to add, take away or exchange (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
