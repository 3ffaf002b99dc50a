package compiled

import "sync"

// documentCache keeps what was read of texts, the most recently used ones, within a
// number of bytes. What it lets go of is read again when it comes back; the
// statements of its plans leave the caches of the connections by themselves, which
// close the longest unused.
type documentCache struct {
	most int64

	mu     sync.Mutex
	held   map[documentKey]*heldDocument
	newest heldDocument // head of the ring
	bytes  int64
}

type documentKey struct{ text, operation string }

type heldDocument struct {
	document
	key        documentKey
	bytes      int64
	prev, next *heldDocument
}

// documentOverhead is about what a document takes beside its text and its plans.
const documentOverhead = 1 << 10

func newDocumentCache(most int64) *documentCache {
	c := &documentCache{most: most, held: map[documentKey]*heldDocument{}}
	c.newest.prev, c.newest.next = &c.newest, &c.newest
	return c
}

// get finds a document, or has it read.
func (c *documentCache) get(key documentKey, read func() *document) *heldDocument {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.held[key]; h != nil {
		if c.newest.next != h {
			h.unlink()
			c.pushFront(h)
		}
		return h
	}
	d := read()
	h := &heldDocument{document: document{never: d.never, deps: d.deps}, key: key}
	c.held[key] = h
	c.pushFront(h)
	c.grow(h, int64(len(key.text)+len(key.operation))+documentOverhead)
	return h
}

// grown says that the document has more plans than before; less is negative.
func (c *documentCache) grown(h *heldDocument, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.next != nil { // it is still held
		c.grow(h, bytes)
	}
}

func (c *documentCache) grow(h *heldDocument, bytes int64) {
	h.bytes += bytes
	c.bytes += bytes
	for c.bytes > c.most && c.newest.prev != h {
		oldest := c.newest.prev
		oldest.unlink()
		delete(c.held, oldest.key)
		c.bytes -= oldest.bytes
	}
}

// size is the number of documents and the bytes that they and their plans take.
func (c *documentCache) size() (documents int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.held), c.bytes
}

func (c *documentCache) pushFront(h *heldDocument) {
	h.prev, h.next = &c.newest, c.newest.next
	h.prev.next, h.next.prev = h, h
}

func (h *heldDocument) unlink() {
	h.prev.next, h.next.prev = h.next, h.prev
	h.prev, h.next = nil, nil
}

// Bounds of what one document keeps. A client that asks one text in ever new forms
// has them made anew, and nobody else's.
const (
	mostForms   = 64
	mostPlans   = 16  // of one form: by texts of rules
	mostCallers = 256 // of one form
)

// formCache holds the forms of a document.
type formCache struct {
	mu    sync.RWMutex
	forms map[string]*form
}

// form is a document with all that decides its statements but the caller's rules.
type form struct {
	mu      sync.RWMutex
	reached []reached        // whose rules are asked; nil: nobody knows yet
	plans   map[string]*plan // by the texts of these rules
	callers map[caller]*bound
	bytes   int64
}

// bound is a plan with one caller's rules.
type bound struct {
	plan    *plan
	rulings []*ruling
}

// get finds a form by its key. Freed is what those took that had to go for it.
func (c *formCache) get(key []byte) (f *form, freed int64) {
	c.mu.RLock()
	f = c.forms[string(key)]
	c.mu.RUnlock()
	if f != nil {
		return f, 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f = c.forms[string(key)]; f != nil {
		return f, 0
	}
	if c.forms == nil || len(c.forms) >= mostForms {
		for _, old := range c.forms {
			old.mu.RLock()
			freed += old.bytes
			old.mu.RUnlock()
		}
		c.forms = map[string]*form{}
	}
	f = &form{plans: map[string]*plan{}, callers: map[caller]*bound{}}
	c.forms[string(key)] = f
	return f, freed
}

// known finds what was bound for a caller.
func (f *form) known(who caller) *bound {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.callers[who]
}

// remember keeps what was bound for a caller. The lock is held.
func (f *form) remember(who caller, b *bound) {
	if len(f.callers) >= mostCallers {
		clear(f.callers)
	}
	f.callers[who] = b
}
