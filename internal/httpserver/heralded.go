package httpserver

import "net/http"

// heralded calls what has something to say before the first byte of the answer
// goes out: the innermost first, each once, or not at all when there is no answer.
type heralded struct {
	http.ResponseWriter
	before [3]func(http.Header) // of admission, rates and cookies
	many   int
	done   bool
}

// herald has before called before the answer. The middleware that comes after
// another one shares its writer.
func herald(w http.ResponseWriter, before func(http.Header)) *heralded {
	h, shared := w.(*heralded)
	if !shared || h.done || h.many == len(h.before) {
		h = &heralded{ResponseWriter: w}
	}
	h.before[h.many] = before
	h.many++
	return h
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
	if w.done {
		return
	}
	w.done = true
	for i := w.many - 1; i >= 0; i-- {
		w.before[i](w.Header())
	}
}

// Unwrap lets http.ResponseController reach the connection.
func (w *heralded) Unwrap() http.ResponseWriter { return w.ResponseWriter }
