package e2e

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// ok ends the test unless the answer has no errors.
func (a *answer) ok() *answer {
	a.t.Helper()
	if len(a.errs) > 0 || a.data == nil {
		a.t.Fatalf("%s\nfailed (%d): %s", a.what, a.status, a.body)
	}
	return a
}

// code is the first error's, or "".
func (a *answer) code() string {
	if len(a.errs) == 0 {
		return ""
	}
	code, _ := a.errs[0].Extensions["code"].(string)
	return code
}

// refused fails the test unless the answer has exactly one error, of this code.
func (a *answer) refused(code string) *answer {
	a.t.Helper()
	if len(a.errs) != 1 || a.code() != code {
		a.t.Errorf("%s\nwant one error %s, got (%d): %s", a.what, code, a.status, a.body)
	}
	return a
}

// about fails the test unless the first error names this path of the input.
func (a *answer) about(path string) *answer {
	a.t.Helper()
	if len(a.errs) > 0 {
		fields, _ := a.errs[0].Extensions["fields"].([]any)
		for _, f := range fields {
			if f, ok := f.(map[string]any); ok && f["path"] == path && f["message"] != "" {
				return a
			}
		}
	}
	a.t.Errorf("%s\nthe error does not name %s: %s", a.what, path, a.body)
	return a
}

// at finds a value below data: names and numbers between dots.
func (a *answer) at(path string) any {
	a.t.Helper()
	v := a.data
	for _, step := range strings.Split(path, ".") {
		switch node := v.(type) {
		case map[string]any:
			found, ok := node[step]
			if !ok {
				a.t.Fatalf("%s\nno %s in %s", a.what, path, a.body)
			}
			v = found
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(node) {
				a.t.Fatalf("%s\nno %s in %s", a.what, path, a.body)
			}
			v = node[i]
		default:
			a.t.Fatalf("%s\nno %s in %s", a.what, path, a.body)
		}
	}
	return v
}

func (a *answer) text(path string) string {
	a.t.Helper()
	s, ok := a.at(path).(string)
	if !ok {
		a.t.Fatalf("%s\n%s is no text in %s", a.what, path, a.body)
	}
	return s
}

func (a *answer) number(path string) int {
	a.t.Helper()
	n, _ := a.at(path).(json.Number)
	i, err := strconv.Atoi(n.String())
	if err != nil {
		a.t.Fatalf("%s\n%s is no number in %s", a.what, path, a.body)
	}
	return i
}

func (a *answer) list(path string) []any {
	a.t.Helper()
	l, ok := a.at(path).([]any)
	if !ok {
		a.t.Fatalf("%s\n%s is no list in %s", a.what, path, a.body)
	}
	return l
}

// ids gives the ids of the nodes of a connection.
func (a *answer) ids(connection string) []string {
	a.t.Helper()
	ids := []string{}
	for _, edge := range a.list(connection + ".edges") {
		ids = append(ids, edge.(map[string]any)["node"].(map[string]any)["id"].(string))
	}
	return ids
}

// want fails the test unless the value at path, as JSON, is this.
func (a *answer) want(path, value string) *answer {
	a.t.Helper()
	text, err := json.Marshal(a.at(path))
	if err != nil || string(text) != value {
		a.t.Errorf("%s\n%s is %s, want %s, in %s", a.what, path, text, value, a.body)
	}
	return a
}

var requestIDs = regexp.MustCompile(`"requestId":"[^"]*"`)

// bytes is the whole answer but for what differs from request to request.
func (a *answer) bytes() string {
	return strconv.Itoa(a.status) + " " + requestIDs.ReplaceAllString(string(a.body), `"requestId":""`)
}
