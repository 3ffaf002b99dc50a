package closedloop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"clinicgraph/bench/internal/keptconn"
	"clinicgraph/bench/internal/question"
)

// ask sends a request on a connection that must stay open.
func ask(c *keptconn.Conn, body []byte) (status int, answer []byte, err error) {
	a, err := c.Ask(body)
	if err == nil && a.Last {
		err = fmt.Errorf("status %d: the server closes the connection", a.Status)
	}
	return a.Status, a.Body, err
}

// Ask sends one request and gives its answer, whatever it is.
func Ask(ctx context.Context, addr, token string, body []byte) (answer []byte, err error) {
	c, err := keptconn.Dial(ctx, addr, token)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	status, answer, err := ask(c, body)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("status %d: %s", status, answer)
	}
	return bytes.Clone(answer), nil
}

// InTurn asks n questions of the set one after the other, on one connection.
func InTurn(ctx context.Context, addr, token string, set *question.Set, n int) (err error) {
	c, err := keptconn.Dial(ctx, addr, token)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for range n {
		q, ok := set.Next()
		if !ok {
			return fmt.Errorf("%s: there are no more questions", set.Name)
		}
		status, answer, err := ask(c, q.Body)
		if err == nil {
			err = q.Check(status, answer)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", set.Name, err)
		}
	}
	return nil
}

// SignIn opens a session and gives its access token.
func SignIn(ctx context.Context, addr, login, password string) (token string, err error) {
	body, err := json.Marshal(map[string]any{
		"query":     `mutation SignIn($input: LoginInput!) { login(input: $input) { accessToken } }`,
		"variables": map[string]any{"input": map[string]string{"login": login, "password": password, "deviceName": "benchmark"}},
	})
	if err != nil {
		return "", err
	}
	text, err := Ask(ctx, addr, "", body)
	if err != nil {
		return "", fmt.Errorf("sign in as %s: %w", login, err)
	}
	var answer struct {
		Data *struct{ Login struct{ AccessToken string } }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", fmt.Errorf("sign in as %s: %w", login, err)
	}
	if answer.Data == nil || answer.Data.Login.AccessToken == "" {
		return "", fmt.Errorf("sign in as %s: %s", login, text)
	}
	return answer.Data.Login.AccessToken, nil
}
