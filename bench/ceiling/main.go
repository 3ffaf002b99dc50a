// Command ceiling answers the reading operations of the benchmarks as fast as Go
// and lib/pq can without a GraphQL server: one statement written by hand for each
// operation, its JSON appended by hand. It knows no viewer, no permission, no
// limit and no other document. It is what the server is compared with:
//
//	DATABASE_URL=… go run ./bench/ceiling -unit UUID
//
// The rows are those of one unit, or all.
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	_ "github.com/lib/pq"
)

// connections to PostgreSQL are as many as the server's own.
const connections = 16

func main() {
	unit := flag.String("unit", "", "the `id` of the unit whose rows are shown; all when empty")
	flag.Parse()
	if err := serve(context.Background(), os.Getenv("DATABASE_URL"), *unit); err != nil {
		fmt.Fprintln(os.Stderr, "ceiling:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, url, unit string) error {
	s, err := open(ctx, url, unit)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("ceiling serves http://%s/graphql\n", listener.Addr())
	return http.Serve(listener, s)
}

// server has a prepared statement for each operation.
type server struct {
	unit       []any // of whom the rows are; none: of all
	operations map[string]operation
}

type operation struct {
	*sql.Stmt
	args   func(v variables) ([]any, error)
	encode func(b []byte, r *rows) ([]byte, error)
}

// request is what the benchmarks send.
type request struct {
	Query     string
	Variables variables
}

type variables struct{ ID, From, To, After string }

func open(ctx context.Context, url, unit string) (*server, error) {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &server{operations: map[string]operation{}}
	if unit != "" {
		s.unit = []any{unit}
	}
	for name, made := range s.written() {
		if made.Stmt, err = db.PrepareContext(ctx, made.text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.operations[name] = made.operation
	}
	return s, nil
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// ServeHTTP answers by the name of the operation, which is what a trusted document
// would be found by.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kept := buffers.Get().(*[]byte)
	defer buffers.Put(kept)
	body, err := s.answer(r, (*kept)[:0])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	*kept = body
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body)
}

func (s *server) answer(r *http.Request, b []byte) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	var asked request
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(asked.Query, "query "), "(")
	o, ok := s.operations[name]
	if !ok {
		return nil, fmt.Errorf("there is no %q", name)
	}
	args, err := o.args(asked.Variables)
	if err != nil {
		return nil, err
	}
	found, err := o.QueryContext(r.Context(), append(args, s.unit...)...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		return nil, err
	}
	read := &rows{Rows: found, values: make([]sql.RawBytes, len(columns)), into: make([]any, len(columns))}
	for i := range read.values {
		read.into[i] = &read.values[i]
	}
	return o.encode(b, read)
}

// rows are those of one statement, as the driver has them.
type rows struct {
	*sql.Rows
	values []sql.RawBytes
	into   []any
	err    error
}

// next reads a row, if there is one.
func (r *rows) next() bool {
	if !r.Next() {
		r.err = r.Err()
		return false
	}
	r.err = r.Scan(r.into...)
	return r.err == nil
}
