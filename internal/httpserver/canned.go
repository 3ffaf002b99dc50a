package httpserver

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"clinicgraph/graph/transport"
	"clinicgraph/internal/admission"
)

// cannedRefusals are the answers to requests that the gate refuses, by the origin
// of the page that asks ("" is none) and the media type of the answer.
type cannedRefusals map[string]map[string]canned

// canned is an answer as net/http writes it, with gaps.
type canned struct {
	pieces []piece
	body   int // bytes of the body, without those in the gaps
}

// piece is text and the gap behind it.
type piece struct {
	text string
	gap  string // one of the marks; "" is none
}

// What stands in the gaps while the refusals are learned. None of it is said
// anywhere else in them.
const (
	idMark     = "id-of-the-request"
	waitMark   = "86399" // seconds
	lengthMark = "length-of-the-body"
	dateMark   = "date-of-the-answer"
)

// learnRefusals asks the middleware how it refuses, so that nowhere else is said
// what a refusal looks like.
func (s *Server) learnRefusals() cannedRefusals {
	mirror := &Server{Origins: s.Origins, PublicURL: s.PublicURL, Production: s.Production, Log: slog.New(slog.DiscardHandler)}
	wait, _ := strconv.Atoi(waitMark)
	h := chain(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := admission.Overloaded()
		f.RetryAfter = time.Duration(wait) * time.Second
		refuse(w, r, http.StatusServiceUnavailable, f)
	}), append(mirror.around(), mirror.ahead()...)...)
	all := cannedRefusals{}
	for _, origin := range append([]string{""}, s.OwnOrigins()...) {
		all[origin] = map[string]canned{}
		for _, media := range []string{transport.JSON, transport.Response} {
			r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: graphPath}, Header: http.Header{
				"X-Request-Id": {idMark}, "Accept": {media},
			}}
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
			w := &unsent{header: http.Header{}}
			h.ServeHTTP(w, r)
			all[origin][media] = w.can()
		}
	}
	return all
}

// unsent is an answer that goes nowhere.
type unsent struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *unsent) Header() http.Header         { return w.header }
func (w *unsent) WriteHeader(status int)      { w.status = status }
func (w *unsent) Write(b []byte) (int, error) { return w.body.Write(b) }

// can writes the answer down as net/http does, the headers in order and then the
// date. Its body names the request once, and the time to wait.
func (w *unsent) can() canned {
	var text bytes.Buffer
	text.WriteString("HTTP/1.1 " + strconv.Itoa(w.status) + " " + http.StatusText(w.status) + "\r\n")
	w.header.Set("Content-Length", lengthMark)
	_ = w.header.Write(&text) // a buffer takes everything
	text.WriteString("Date: " + dateMark + "\r\n\r\n" + w.body.String())

	c := canned{body: w.body.Len() - len(idMark) - len(waitMark)}
	for rest := text.String(); rest != ""; {
		next := piece{text: rest}
		for _, mark := range []string{idMark, waitMark, lengthMark, dateMark} {
			if before, _, found := strings.Cut(next.text, mark); found {
				next = piece{before, mark}
			}
		}
		c.pieces = append(c.pieces, next)
		rest = rest[len(next.text)+len(next.gap):]
	}
	return c
}

// of gives the answer to a request, unless something else than the gate might
// refuse it, or its origin is one that the middleware has to look at.
func (r cannedRefusals) of(h head) (canned, bool) {
	if len(h.origin) == 0 {
		switch string(h.site) {
		case "", "same-origin", "none":
		default:
			return canned{}, false
		}
	}
	byMedia, known := r[string(h.origin)]
	if !known {
		return canned{}, false
	}
	media := transport.JSON
	if len(h.accept) > 0 {
		media, _ = transport.Negotiate([]string{string(h.accept)})
	}
	return byMedia[media], true
}

// with fills the gaps, behind what b holds.
func (c canned) with(b []byte, id string, wait time.Duration, now time.Time) []byte {
	seconds := strconv.Itoa(int(wait / time.Second))
	for _, p := range c.pieces {
		b = append(b, p.text...)
		switch p.gap {
		case idMark:
			b = append(b, id...)
		case waitMark:
			b = append(b, seconds...)
		case lengthMark:
			b = strconv.AppendInt(b, int64(c.body+len(id)+len(seconds)), 10)
		case dateMark:
			b = append(b, dateOf(now)...)
		}
	}
	return b
}

// lastDate is a second and how it is written.
var lastDate atomic.Pointer[date]

type date struct {
	second int64 // Unix
	text   string
}

// dateOf writes a time for the Date field, once a second: thousands have the same.
func dateOf(now time.Time) string {
	second := now.Unix()
	last := lastDate.Load()
	if last == nil || last.second != second {
		last = &date{second, now.UTC().Format(http.TimeFormat)}
		lastDate.Store(last)
	}
	return last.text
}
