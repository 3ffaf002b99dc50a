// Package differential holds the compiled reads to the ordinary way: documents
// drawn from the published schema are asked of two servers on one database, of
// which one compiles, and the answers must be the same bytes with the same
// effects. It holds no code that the server runs.
//
// What cannot be the same is put right before the comparison, and nothing else:
// cursors, which are sealed with a nonce, are opened; several errors of one answer
// are compared as a set, because the executor finds them in an order of chance,
// and by their number where the limit of errors has cut them. Both servers have
// one clock, and every request one id.
//
// An answer is the status, the headers and the body; an effect is what the request
// has put into the audit log, the line of the operation in the log, and the uses of
// permissions that were noted.
//
// A document that is answered differently is shrunk and kept in testdata, where all
// are replayed before anything is drawn.
package differential
