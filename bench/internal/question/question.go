// Package question owns the six operations of the benchmarks: their documents,
// what is asked, and what the right answer to each question is, as SQL finds it
// without the server. It never measures anything.
package question

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
)

// Question is one request and what its answer must hold.
type Question struct {
	Body []byte

	sequence []string // all of it, in this order
	counts   []count
}

type count struct {
	text string
	n    int
}

// newQuestion makes a question of a document and its variables.
func newQuestion(document string, variables map[string]any) Question {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		panic(fmt.Errorf("question: %w", err)) // the variables are ours
	}
	return Question{Body: body}
}

// holds adds texts that the answer holds, in this order.
func (q Question) holds(texts ...string) Question {
	q.sequence = append(q.sequence, texts...)
	return q
}

// times adds a text that the answer holds exactly so often.
func (q Question) times(n int, text string) Question {
	q.counts = append(q.counts, count{text, n})
	return q
}

// field is a field of an answer with a text as its value.
func field(name, value string) string { return `"` + name + `":"` + value + `"` }

// Check says what is wrong with an answer.
func (q Question) Check(status int, answer []byte) error {
	if status != http.StatusOK || !bytes.HasPrefix(answer, []byte(`{"data":{`)) {
		return fmt.Errorf("status %d: %s", status, cut(answer))
	}
	rest := answer
	for _, text := range q.sequence {
		at := bytes.Index(rest, []byte(text))
		if at < 0 {
			return fmt.Errorf("%s is missing or out of order in %s", text, cut(answer))
		}
		rest = rest[at+len(text):]
	}
	for _, c := range q.counts {
		if n := bytes.Count(answer, []byte(c.text)); n != c.n {
			return fmt.Errorf("%s comes %d times and not %d in %s", c.text, n, c.n, cut(answer))
		}
	}
	return nil
}

func cut(answer []byte) string {
	const most = 600
	return strings.ToValidUTF8(string(answer[:min(len(answer), most)]), "?")
}

// Set is the questions of one operation.
type Set struct {
	Name      string
	Questions []Question

	// once: a question changes the data and can be asked a single time.
	once bool
	next atomic.Int64
}

// Next gives the next question, and false when there are no more: those that
// only read come round again. Many may ask at once.
func (s *Set) Next() (Question, bool) {
	n := int(s.next.Add(1) - 1)
	if s.once && n >= len(s.Questions) {
		return Question{}, false
	}
	return s.Questions[n%len(s.Questions)], true
}

// Mix is the questions of several sets in turn. None of them may change the data.
func Mix(name string, sets []*Set) *Set {
	mixed := &Set{Name: name}
	for i := 0; ; i++ {
		for _, s := range sets {
			if i == len(s.Questions) {
				return mixed
			}
			mixed.Questions = append(mixed.Questions, s.Questions[i])
		}
	}
}
