// Package keptconn owns one connection of a generator of load: HTTP/1.1 that is
// kept alive, with as little work for each request as can be, since it runs beside
// what it measures. It never decides what to ask or judges an answer.
package keptconn

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// limit bounds one request.
const limit = 20 * time.Second

// Conn is a connection to a server's graph. It carries one request at a time.
type Conn struct {
	net.Conn
	in     *bufio.Reader
	head   []byte
	out    []byte
	answer bytes.Buffer
}

// Answer is what came back. Body is good until the next request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Last   bool // the server closes the connection behind it
}

// Dial connects; requests carry the access token, if there is one.
func Dial(ctx context.Context, addr, token string) (*Conn, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	head := "POST /graphql HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\n"
	if token != "" {
		head += "Authorization: Bearer " + token + "\r\n"
	}
	return &Conn{Conn: raw, in: bufio.NewReaderSize(raw, 32<<10), head: []byte(head + "Content-Length: ")}, nil
}

// Ask sends a request and gives its answer.
func (c *Conn) Ask(body []byte) (Answer, error) {
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return Answer{}, err
	}
	c.out = strconv.AppendInt(append(c.out[:0], c.head...), int64(len(body)), 10)
	c.out = append(append(c.out, "\r\n\r\n"...), body...)
	if _, err := c.Write(c.out); err != nil {
		return Answer{}, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return Answer{}, err
	}
	c.answer.Reset()
	_, err = io.Copy(&c.answer, response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return Answer{}, err
	}
	return Answer{Status: response.StatusCode, Header: response.Header, Body: c.answer.Bytes(), Last: response.Close}, nil
}
