package compiled

import "strconv"

// program is the steps that write one row, or the object around a page.
type program []step

type opcode byte

const (
	opText   opcode = iota // text as it stands
	opValue                // a column
	opMoney                // an amount for people, of two columns
	opObject               // what follows is of one object: without it, NULL and a jump
	opShown                // a personal field is shown: whose is in the column
	opHole                 // what another level has for this id
	opCursor               // the row's cursor
	opEdges                // of a page: its rows
	opCount                // and all the rest of it
	opHasNext
	opHasPrevious
	opStart
	opEnd
)

type step struct {
	op     opcode
	column int
	child  int     // level of a hole; second column of opMoney; bit of opShown
	jump   int     // of opObject: behind it
	bit    uint64  // of opObject: its source
	encode encoder // of opValue
	text   []byte  // of opText
	null   []byte  // what NULL is written as; nil: it is not expected
}

// text appends to the text before it, or begins one.
func (p *program) text(s string) {
	if n := len(*p); n > 0 && (*p)[n-1].op == opText && (*p)[n-1].jump == 0 {
		(*p)[n-1].text = append((*p)[n-1].text, s...)
		return
	}
	*p = append(*p, step{op: opText, text: []byte(s)})
}

// key begins an entry of an object; aliases need no escapes.
func (p *program) key(i int, alias string) {
	if i > 0 {
		p.text(",")
	}
	p.text(`"` + alias + `":`)
}

// open begins an object that may be missing, and close ends it.
func (p *program) open(s step) (at int) {
	*p = append(*p, s)
	return len(*p) - 1
}

// close ends with an empty text that none after it is merged into: what follows the
// object stands behind the jump.
func (p *program) close(at int) {
	*p = append(*p, step{op: opText, jump: -1})
	(*p)[at].jump = len(*p) - 1
}

func appendCount(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
