//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"clinicgraph/bench/internal/closedloop"
	"clinicgraph/bench/internal/place"
	"clinicgraph/internal/access"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
)

// clinic is a demo clinic on one database, with two servers: one as it is, and one
// that is built without the record.
type clinic struct {
	with, without *place.Server
	db            *store.DB
	manager       seed.Account
	token         string // good on both
	binary        string
	settings      []string
}

// unrecorded is what the other server is built with: nothing is put on record, and so
// no old value is read.
var unrecorded = place.Change{File: "internal/audit/operation.go", Text: "func Records(entity string) bool {\n", Instead: "func Records(entity string) bool {\n\treturn false\n"}

// build makes both servers.
func build(ctx context.Context, at place.Place) (with, without string, err error) {
	if with, err = at.Build(ctx); err != nil {
		return "", "", err
	}
	without, err = at.BuildWith(ctx, "clinicgraph-unrecorded", unrecorded)
	return with, without, err
}

// furnish makes a demo clinic on a database and starts both servers on it.
func furnish(ctx context.Context, dir, database, with, without string) (c *clinic, err error) {
	c = &clinic{binary: with, settings: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DATABASE_URL=" + database, "CLINICGRAPH_DATA=" + dir, "CLINICGRAPH_SECRET_FILE=" + filepath.Join(dir, "secret.key"),
		"CLINICGRAPH_ADDR=127.0.0.1:0", "CLINICGRAPH_ADMIN_ADDR=off", "CLINICGRAPH_PLAYGROUND=off", "CLINICGRAPH_IN_FLIGHT=0", "CLINICGRAPH_AUTO_MIGRATE=true",
		"CLINICGRAPH_CONNS_PER_IP=0", "CLINICGRAPH_RATE_ANONYMOUS=0", "CLINICGRAPH_RATE_USER=0", "CLINICGRAPH_RATE_STAFF=0", "CLINICGRAPH_RATE_ACTIONS=0",
	}}
	if _, _, err := auth.LoadOrCreateSecret(filepath.Join(dir, "secret.key")); err != nil {
		return nil, err
	}
	for _, command := range [][]string{{"migrate", "up"}, {"seed", "demo"}} {
		if err := c.run(ctx, command...); err != nil {
			return nil, err
		}
	}
	if c.with, err = c.serve(with); err != nil {
		return nil, err
	}
	if c.without, err = c.serve(without); err != nil {
		return nil, err
	}
	accounts, err := seed.ReadAccounts(dir)
	if err != nil {
		return nil, err
	}
	for _, a := range accounts {
		if a.Role == access.RoleManager {
			c.manager = a
			return c, c.signIn(ctx)
		}
	}
	return nil, fmt.Errorf("the demo clinic has no manager")
}

// signIn opens a session, which is good on both servers.
func (c *clinic) signIn(ctx context.Context) (err error) {
	c.token, err = closedloop.SignIn(ctx, c.with.Addr, c.manager.Login, c.manager.Password)
	return err
}

// stop ends both servers.
func (c *clinic) stop() error {
	var errs []error
	for _, s := range []*place.Server{c.with, c.without} {
		if s != nil {
			errs = append(errs, s.Stop())
		}
	}
	return errors.Join(errs...)
}

// run runs a command of the program.
func (c *clinic) run(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, c.binary, args...)
	cmd.Env = c.settings
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("clinicgraph %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

func (c *clinic) serve(binary string) (*place.Server, error) {
	cmd := exec.Command(binary, "serve")
	cmd.Env = c.settings
	return place.Start(cmd)
}

// ask asks the server as it is, and reads the answer's data.
func (c *clinic) ask(ctx context.Context, query string, variables map[string]any, data any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	text, err := closedloop.Ask(ctx, c.with.Addr, c.token, body)
	if err != nil {
		return err
	}
	var answer struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Errors) > 0 {
		return fmt.Errorf("%s: %s", query, text)
	}
	return json.Unmarshal(answer.Data, data)
}
