package httpserver

import "net/http"

// heralded calls before, once, just before the first byte of the answer goes out,
// or not at all when there is none.
type heralded struct {
	http.ResponseWriter
	before func(http.Header)
	done   bool
}

func (w *heralded) WriteHeader(code int) {
	w.herald()
	w.ResponseWriter.WriteHeader(code)
}

func (w *heralded) Write(b []byte) (int, error) {
	w.herald()
	return w.ResponseWriter.Write(b)
}

func (w *heralded) herald() {
	if !w.done {
		w.done = true
		w.before(w.Header())
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *heralded) Unwrap() http.ResponseWriter { return w.ResponseWriter }
