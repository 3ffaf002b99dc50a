//go:build linux

package storm

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// verdict is what a client was told of a mutation.
type verdict int

const (
	unknown  verdict = iota // the connection broke, or the server does not know
	answered                // it was done
	refused                 // it was not
)

// line is a mutation in the journal.
type line struct {
	kind    string
	verdict verdict
}

// journal is what the clients were told, by the ids of their requests.
type journal struct {
	mu    sync.Mutex
	token string
	addr  string
	lines map[string]line
	err   error

	changed  chan struct{} // closed when addr changes
	answered chan struct{} // closed when one more mutation is answered
	count    int
}

// request is the body of a request with an input.
func request(document string, input map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": document, "variables": map[string]any{"in": input}})
	if err != nil {
		panic(fmt.Errorf("storm: %w", err)) // the inputs are ours
	}
	return body
}

// moved says where the server is now.
func (j *journal) moved(addr string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.addr = addr
	close(j.changed)
	j.changed = make(chan struct{})
}

// await waits until n more mutations are answered.
func (j *journal) await(ctx context.Context, n int) error {
	j.mu.Lock()
	until := j.count + n
	j.mu.Unlock()
	for {
		j.mu.Lock()
		done, next, err := j.count >= until, j.answered, j.err
		j.mu.Unlock()
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-next:
		}
	}
}

func (j *journal) failed() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// write puts a mutation down. Those that were not sent are not in the journal.
func (j *journal) write(id string, l line, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		j.lines = map[string]line{}
	}
	j.lines[id] = l
	if err != nil && j.err == nil {
		j.err = err
	}
	if l.verdict == answered || err != nil {
		j.count++
		close(j.answered)
		j.answered = make(chan struct{})
	}
}

// unit is an organizational unit of a client.
type unit struct{ id, name string }

// client makes, changes and deletes units and makes users, until ctx ends.
func (j *journal) client(ctx context.Context, number int) {
	http := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	defer http.CloseIdleConnections()
	var mine unit
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("storm-%d-%d", number, n)
		kind, body := next(&mine, number, n)
		j.mu.Lock()
		addr, changed := j.addr, j.changed
		j.mu.Unlock()
		got, v, err := j.ask(http, addr, id, body)
		j.write(id, line{kind, v}, err)
		switch {
		case v == answered && kind == kindMake:
			mine.id = got
		case v == answered && kind == kindDrop, v != answered && kind != kindChange:
			mine.id = "" // it is gone, or nobody knows
		}
		if v == unknown && err == nil {
			select { // the server was killed
			case <-ctx.Done():
			case <-changed:
			}
		}
	}
}

// The kinds of mutations, and how many rows of the operation log each has.
const (
	kindMake   = "createOrganizationalUnit"
	kindChange = "updateOrganizationalUnit"
	kindDrop   = "deleteOrganizationalUnit"
	kindUser   = "createUser"
)

func next(mine *unit, number, n int) (kind string, body []byte) {
	switch {
	case n%5 == 4:
		name := fmt.Sprintf("storm%dx%d", number, n)
		return kindUser, request(`mutation($in: CreateUserInput!) { createUser(input: $in) { user { id } } }`, map[string]any{
			"username": name, "email": name + "@example.org", "givenName": "Given " + name, "surname": "Family " + name})
	case mine.id == "":
		return kindMake, request(`mutation($in: CreateOrganizationalUnitInput!) { createOrganizationalUnit(input: $in) { organizationalUnit { id } } }`,
			map[string]any{"name": fmt.Sprintf("Unit %d of %d", n, number)})
	case n%7 == 6:
		return kindDrop, request(`mutation($in: DeleteOrganizationalUnitInput!) { deleteOrganizationalUnit(input: $in) { deletedId } }`,
			map[string]any{"id": mine.id, "reason": "storm"})
	default:
		return kindChange, request(`mutation($in: UpdateOrganizationalUnitInput!) { updateOrganizationalUnit(input: $in) { organizationalUnit { id } } }`,
			map[string]any{"id": mine.id, "description": fmt.Sprintf("Change %d", n)})
	}
}

// ask sends a mutation and gives the id of what it made. The error is of the proof: an
// answer that nobody should get.
func (j *journal) ask(client *http.Client, addr, id string, body []byte) (made string, v verdict, err error) {
	r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/graphql", bytes.NewReader(body))
	if err != nil {
		return "", unknown, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+j.token)
	r.Header.Set("X-Request-Id", id)
	response, err := client.Do(r)
	if err != nil {
		return "", unknown, nil
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return "", unknown, nil
	}
	var answer struct {
		Data map[string]struct {
			OrganizationalUnit *struct{ ID string }
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", unknown, fmt.Errorf("request %s: status %d: %s", id, response.StatusCode, text)
	}
	if len(answer.Errors) == 0 {
		for _, payload := range answer.Data {
			if payload.OrganizationalUnit != nil {
				made = payload.OrganizationalUnit.ID
			}
		}
		return made, answered, nil
	}
	switch code := answer.Errors[0].Extensions.Code; code {
	case "UNAVAILABLE":
		return "", unknown, nil
	case "NOT_FOUND", "CONFLICT", "OVERLOADED":
		return "", refused, nil
	default:
		return "", refused, fmt.Errorf("request %s: %s", id, text)
	}
}
