package httpserver

import (
	"net/http"
	"sync/atomic"
)

// recorder remembers the status of an answer, and has the connection closed after
// it while the server drains: closing those that are idle later on would cross
// with requests on their way.
type recorder struct {
	http.ResponseWriter
	status   int          // 0: nothing was written
	draining *atomic.Bool // nil where the connection becomes something else
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(code int) {
	w.status = code
	if w.draining != nil && w.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
