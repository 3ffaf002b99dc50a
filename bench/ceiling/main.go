// Command ceiling answers the operations of the benchmarks as fast as Go and lib/pq
// can without a GraphQL server: one statement written by hand for each reading one,
// two for the booking, the JSON appended by hand. It knows no viewer, no permission,
// no limit and no other document. It is what the server is compared with:
//
//	DATABASE_URL=… go run ./bench/ceiling -login NAME -secret FILE -unit UUID
//
// The rows are those of one unit, or all. Bookings are made in the name of the login,
// and put on record with the codes of the secret.
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
	o := options{database: os.Getenv("DATABASE_URL")}
	flag.StringVar(&o.unit, "unit", "", "the `id` of the unit whose rows are shown; all when empty")
	flag.StringVar(&o.login, "login", "", "the `name` of the account that books")
	flag.StringVar(&o.secret, "secret", "", "the `file` with the master secret of the clinic")
	flag.Parse()
	if err := serve(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "ceiling:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct{ database, unit, login, secret string }

func serve(ctx context.Context, o options) error {
	s, err := open(ctx, o)
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
	desk       *desk
}

type operation struct {
	*sql.Stmt
	args   func(v variables) ([]any, error)
	encode func(b []byte, r *rows) ([]byte, error)
}

// request is what the benchmarks send.
type request struct {
	Query     string
	Variables json.RawMessage
}

type variables struct{ ID, From, To, After string }

func open(ctx context.Context, o options) (*server, error) {
	db, err := sql.Open("postgres", o.database)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	s := &server{operations: map[string]operation{}}
	if o.unit != "" {
		s.unit = []any{o.unit}
	}
	for name, made := range s.written() {
		if made.Stmt, err = db.PrepareContext(ctx, made.text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		s.operations[name] = made.operation
	}
	if o.login == "" { // then nothing is booked
		return s, nil
	}
	return s, s.openDesk(ctx, db, o)
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
	if s.desk != nil && strings.HasPrefix(asked.Query, "mutation M1(") {
		return s.desk.book(r, asked.Variables, b)
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(asked.Query, "query "), "(")
	o, ok := s.operations[name]
	if !ok {
		return nil, fmt.Errorf("there is no %q", name)
	}
	var v variables
	if err := json.Unmarshal(asked.Variables, &v); err != nil {
		return nil, err
	}
	args, err := o.args(v)
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
