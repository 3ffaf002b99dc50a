package differential

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"clinicgraph/graph"
)

// sealed is what a cursor may be: its first byte is the version, 1.
var sealed = regexp.MustCompile(`"A[Q-Za-f][A-Za-z0-9_-]{40,}"`)

// readable gives the body with the viewer's cursors opened in their places. A
// cursor of somebody else's stays as it is, and differs.
func (c *clinic) readable(v *viewer, body []byte) []byte {
	return sealed.ReplaceAllFunc(body, func(quoted []byte) []byte {
		opened, err := c.keys.Of(v.user).Open(string(quoted[1 : len(quoted)-1]))
		if err != nil {
			return quoted
		}
		text, err := json.Marshal(fmt.Sprintf("cursor of %s by %s %s at %s: %T %v", opened.List.Kind, opened.List.Order, opened.List.Direction, opened.ID, opened.Value, opened.Value))
		if err != nil {
			return quoted
		}
		return text
	})
}

// parts are those of an answer.
type parts struct {
	data   string
	errors string // in an order of their own
	all    []json.RawMessage
}

// cut says whether there may have been more errors than the answer holds.
func (p parts) cut() bool { return len(p.all) >= graph.DefaultLimits().Errors }

// apart takes a body apart. Of an answer whose errors were cut only their number is
// told: which of them are left is chance.
func apart(body []byte) (p parts) {
	var answer struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return parts{data: string(body)}
	}
	p.data, p.all = string(answer.Data), answer.Errors
	texts := make([]string, len(p.all))
	for i, e := range p.all {
		texts[i] = string(e)
	}
	slices.Sort(texts)
	p.errors = strings.Join(texts, "\n")
	if p.cut() {
		p.errors = fmt.Sprint(len(p.all), " errors")
	}
	return p
}

var (
	codeOfLine   = regexp.MustCompile(` code=\S+`)
	lengthOfBody = regexp.MustCompile(`Content-Length: \d*\n`)
)

func withoutCode(line string) string     { return codeOfLine.ReplaceAllString(line, "") }
func withoutLength(header string) string { return lengthOfBody.ReplaceAllString(header, "") }
