// Package keptconn owns one connection of a generator of load: HTTP/1.1 that is
// kept alive, with as little work for each request as can be, since it runs beside
// what it measures. It never decides what to ask or judges an answer.
package keptconn

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
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
	until  time.Time // the deadline that is set
}

// Answer is what came back. Body is good until the next request.
type Answer struct {
	Status     int
	RetryAfter string
	Body       []byte
	Last       bool // the server closes the connection behind it
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
	// Setting the deadline costs a system's timer: once a second is exact enough.
	if now := time.Now(); c.until.Sub(now) < limit-time.Second {
		c.until = now.Add(limit)
		if err := c.SetDeadline(c.until); err != nil {
			return Answer{}, err
		}
	}
	c.out = strconv.AppendInt(append(c.out[:0], c.head...), int64(len(body)), 10)
	c.out = append(append(c.out, "\r\n\r\n"...), body...)
	if _, err := c.Write(c.out); err != nil {
		return Answer{}, err
	}
	return c.read()
}

// read reads an answer by hand: http.ReadResponse makes some
// thirty objects of each, which a generator beside the server cannot afford. The
// server gives all its answers a length.
func (c *Conn) read() (a Answer, err error) {
	line, err := c.line()
	if err != nil {
		return Answer{}, err
	}
	status, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(status) < 3 {
		return Answer{}, fmt.Errorf("no answer: %q", line)
	}
	if a.Status, err = strconv.Atoi(string(status[:3])); err != nil {
		return Answer{}, fmt.Errorf("no answer: %q", line)
	}
	length, chunked := -1, false
	for {
		if line, err = c.line(); err != nil {
			return Answer{}, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) { // as net/http and Node spell them
		case "Content-Length", "content-length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return Answer{}, err
			}
		case "Transfer-Encoding", "transfer-encoding":
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case "Retry-After":
			a.RetryAfter = string(value)
		case "Connection", "connection":
			a.Last = bytes.EqualFold(value, []byte("close"))
		}
	}
	c.answer.Reset()
	switch {
	case chunked: // peers do so with long answers
		if _, err := io.Copy(&c.answer, httputil.NewChunkedReader(c.in)); err != nil {
			return Answer{}, err
		}
		if line, err = c.line(); err != nil || len(line) > 0 {
			return Answer{}, fmt.Errorf("behind the last chunk: %q, %w", line, err)
		}
	case length >= 0:
		if _, err := io.CopyN(&c.answer, c.in, int64(length)); err != nil {
			return Answer{}, err
		}
	default:
		return Answer{}, errors.New("an answer without a length")
	}
	a.Body = c.answer.Bytes()
	return a, nil
}

// line reads a line of a head, without its end.
func (c *Conn) line() ([]byte, error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}
