package app

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph"
	"clinicgraph/internal/access"
	"clinicgraph/internal/config"
	"clinicgraph/internal/needs"
)

type schemaCmd struct {
	Print schemaPrint `cmd:"" help:"Print the SDL."`
	Needs schemaNeeds `cmd:"" help:"Print which permissions the operations of a front end need, as JSON."`
	Plan  schemaPlan  `cmd:"" help:"Print the SQL that queries of a front end come to, or why the executor answers them."`
}

type schemaPrint struct{}

// Run prints the published schema.
func (schemaPrint) Run(con terminal) error {
	text, err := graph.SDL()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(con.out, text)
	return err
}

type schemaNeeds struct {
	Files []string `arg:"" type:"existingfile" help:"Documents of GraphQL, which may use each other's fragments."`
}

// scopesOf are the scopes that make a difference to a permission.
func scopesOf(permission string) []string {
	for _, p := range access.Registry() {
		if p.Name == permission {
			return p.Scopes()
		}
	}
	return nil
}

// Run prints what the operations in the files need.
func (n schemaNeeds) Run(con terminal) error {
	text, err := graph.SDL()
	if err != nil {
		return err
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: text})
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	sources := make([]*ast.Source, len(n.Files))
	for i, file := range n.Files {
		document, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		sources[i] = &ast.Source{Name: file, Input: string(document)}
	}
	operations, err := needs.Of(schema, scopesOf, sources...)
	if err != nil {
		return err
	}
	lines, err := json.MarshalIndent(operations, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(con.out, string(lines))
	return err
}

type schemaPlan struct {
	Role   string   `default:"staff" placeholder:"NAME" help:"Role of whoever asks: admin, manager, staff, doctor or customer."`
	SQLite bool     `help:"For SQLite, and not for PostgreSQL."`
	Files  []string `arg:"" type:"existingfile" help:"Documents of GraphQL, each whole in itself."`
}

// Run prints what the queries in the files come to.
func (p schemaPlan) Run(con terminal) error {
	roles := access.SystemRoles()
	at := slices.IndexFunc(roles, func(r access.Role) bool { return r.Name == p.Role })
	if at < 0 {
		return &config.Error{Key: "--role", Value: p.Role, Reason: "is no role that every clinic has", Remedy: "name one of them"}
	}
	database := dialect.Postgres
	if p.SQLite {
		database = dialect.SQLite
	}
	documents := make([]string, len(p.Files))
	for i, file := range p.Files {
		document, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		documents[i] = string(document)
	}
	plans, err := graph.Plans(context.Background(), database, roles[at], documents...)
	if err != nil {
		return fmt.Errorf("read the documents: %w", err)
	}
	for _, plan := range plans {
		if plan.Reason != "" {
			fmt.Fprintf(con.out, "%s: the executor answers it: %s\n", plan.Operation, plan.Reason)
			continue
		}
		fmt.Fprintf(con.out, "%s:\n", plan.Operation)
		for _, statement := range plan.Statements {
			fmt.Fprintln(con.out, "  "+statement)
		}
	}
	return nil
}
