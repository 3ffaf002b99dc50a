//go:build linux

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"clinicgraph/internal/seed"
)

// guess is a question about what the caller, a customer, does not see. Its right values
// are those of rows of others.
type guess struct {
	what, query string
	right       string // SQL that finds the values
}

const ofOthers = `FROM bookings b JOIN customers c ON c.id = b.customer_id JOIN users u ON u.id = c.account_id WHERE u.username <> $1 ORDER BY b.id LIMIT 50`

var guesses = []guess{
	{"id of a booking", `query($g: ID) { bookings(where: {id: $g}) { totalCount edges { node { id } } } }`, `SELECT b.id ` + ofOthers},
	{"number of a booking", `query($g: String) { bookings(where: {number: $g}) { totalCount edges { node { id } } } }`, `SELECT b.number ` + ofOthers},
	{"id of a customer", `query($g: ID) { customers(where: {id: $g}) { totalCount edges { node { id } } } }`, `SELECT c.id ` + ofOthers},
	{"booking by the name of an account", `query($g: String) { bookings(where: {hasCustomerWith: [{hasAccountWith: [{username: $g}]}]}) { totalCount } }`, `SELECT u.username ` + ofOthers},
	{"operation log by the name of an account", `query($g: String) { operationLogs(where: {hasUserWith: [{username: $g}]}) { totalCount } }`, `SELECT u.username ` + ofOthers},
	{"audit log by the name of an account", `query($g: String) { auditLogs(where: {hasUserWith: [{username: $g}]}) { totalCount } }`, `SELECT u.username ` + ofOthers},
	{"object by id", `query($g: ID!) { nodes(ids: [$g]) { id } }`, `SELECT b.id ` + ofOthers},
}

// guessing asks right and wrong guesses in turn, n of each, and says how well the times
// tell the two apart. Answers must be the same but for the request's id.
func guessing(ctx context.Context, n int) (err error) {
	s, err := serve(ctx, "--demo", "CLINICGRAPH_RATE_USER=0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	data := filepath.Join(s.dir, "data")
	people, err := seed.ReadAccounts(data)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(people, func(a seed.Account) bool { return a.Role == "customer" })
	if i < 0 {
		return errors.New("the demo clinic has no customer")
	}
	body, _, err := s.ask(ctx, "", `mutation($in: LoginInput!) { login(input: $in) { accessToken } }`,
		map[string]any{"in": map[string]string{"login": people[i].Login, "password": people[i].Password}})
	if err != nil {
		return err
	}
	var in struct {
		Data struct{ Login struct{ AccessToken string } }
	}
	if err := json.Unmarshal(body, &in); err != nil || in.Data.Login.AccessToken == "" {
		return fmt.Errorf("sign in: %s: %w", body, err)
	}
	db, err := sql.Open("sqlite", filepath.Join(data, "clinicgraph.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	told := false
	fmt.Println("| a guess of | answered | n | right | wrong | told apart |\n|---|---|---|---|---|---|")
	for _, g := range guesses {
		values, err := texts(ctx, db, g.right, people[i].Login)
		if err != nil {
			return err
		}
		right, wrong, code, err := s.guess(ctx, in.Data.Login.AccessToken, g, values, n)
		if err != nil {
			return fmt.Errorf("%s: %w", g.what, err)
		}
		u := auc(right, wrong)
		told = told || u < least || u > most
		if strings.HasPrefix(code, "{") {
			code = "nothing found"
		}
		fmt.Printf("| %s | %s | %d | %.2f ms | %.2f ms | %.3f |\n", g.what, code, n, quantile(right, .5), quantile(wrong, .5), u)
	}
	if told {
		return errors.New("out of bounds")
	}
	return nil
}

// guess asks n right and n wrong guesses, in pairs whose order is drawn, and gives their
// times in milliseconds.
func (s *server) guess(ctx context.Context, token string, g guess, values []string, n int) (right, wrong []float64, said string, err error) {
	wrongs := make([]string, len(values)) // asked as often as the right ones
	for i, v := range values {
		wrongs[i] = other(v)
	}
	for i := range n + 20 { // the first ones make plans and read rights
		order := []bool{true, false}
		if mathrand.N(2) == 0 {
			slices.Reverse(order)
		}
		for _, is := range order {
			v := values[i%len(values)]
			if !is {
				v = wrongs[i%len(values)]
			}
			body, took, err := s.ask(ctx, token, g.query, map[string]any{"g": v})
			if err != nil {
				return nil, nil, "", err
			}
			now := told(body)
			if said != "" && now != said {
				return nil, nil, "", fmt.Errorf("%s is answered %s, others %s", v, now, said)
			}
			if said = now; i < 20 {
				continue
			}
			if is {
				right = append(right, took.Seconds()*1000)
			} else {
				wrong = append(wrong, took.Seconds()*1000)
			}
		}
	}
	return right, wrong, said, nil
}

// told is the code of a refusal, else the answer, which says that nothing was found.
func told(body []byte) string {
	var a struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return err.Error()
	}
	if len(a.Errors) > 0 {
		return a.Errors[0].Extensions.Code
	}
	return string(body)
}

// other is a value of the same form that nothing has: the characters at its end change
// places.
func other(value string) string {
	made := []byte(value)
	var places []int
	for i := max(len(made)-12, 0); i < len(made); i++ {
		if made[i] != '-' && made[i] != '.' {
			places = append(places, i)
		}
	}
	for string(made) == value {
		mathrand.Shuffle(len(places), func(i, j int) { made[places[i]], made[places[j]] = made[places[j]], made[places[i]] })
	}
	return string(made)
}

func texts(ctx context.Context, db *sql.DB, query string, args ...any) (found []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		found = append(found, text)
	}
	if len(found) == 0 {
		return nil, errors.New("the demo clinic has no rows of others")
	}
	return found, rows.Err()
}

// ask sends an operation, and gives the answer and the time until all of it was there.
func (s *server) ask(ctx context.Context, token, query string, v map[string]any) (answer []byte, took time.Duration, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": v})
	if err != nil {
		return nil, 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.Addr+"/graphql", bytes.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	began := time.Now()
	got, err := s.client.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer got.Body.Close()
	answer, err = io.ReadAll(got.Body)
	return answer, time.Since(began), err
}
