package store

import "sync/atomic"

// Bounds of the prepared-statement cache. Beyond them a statement is sent as
// lib/pq always sends it: prepared, run and forgotten.
const (
	defaultCachedStatements = 512     // per connection
	maxCachedText           = 8 << 10 // bytes of SQL
	maxCachedArgs           = 50
)

// CacheStats counts what the prepared-statement cache did, over all
// connections of a database.
type CacheStats struct {
	Hits     uint64 // runs of a statement that was already prepared
	Prepared uint64 // statements prepared and kept
	Evicted  uint64 // statements closed to make room
	Dropped  uint64 // statements forgotten because the server no longer runs them
	Bypassed uint64 // statements that the cache does not take
}

type cacheCounters struct {
	hits, prepared, evicted, dropped, bypassed atomic.Uint64
}

func (c *cacheCounters) snapshot() CacheStats {
	return CacheStats{
		Hits:     c.hits.Load(),
		Prepared: c.prepared.Load(),
		Evicted:  c.evicted.Load(),
		Dropped:  c.dropped.Load(),
		Bypassed: c.bypassed.Load(),
	}
}

// stmtCache is the least-recently-used list of the statements prepared on one
// connection. It belongs to that connection, which database/sql gives to one
// goroutine at a time, so it has no lock and no statement is prepared twice.
//
// A cache above database/sql (sql.Stmt and Tx.StmtContext) would do the same
// with two flaws: a transaction that meets a new statement has to wait for a
// second connection to prepare it, so a full pool of such transactions waits
// for ever, and every run pays for locks that are shared by all connections.
type stmtCache struct {
	byText map[string]*cachedStmt
	newest cachedStmt // the ring's head: newest.next is the newest, newest.prev the oldest
	limit  int
}

type cachedStmt struct {
	text       string
	stmt       preparedStmt
	prev, next *cachedStmt
}

func newStmtCache(limit int) *stmtCache {
	c := &stmtCache{byText: make(map[string]*cachedStmt), limit: limit}
	c.newest.prev, c.newest.next = &c.newest, &c.newest
	return c
}

// get gives the statement of that text and makes it the newest.
func (c *stmtCache) get(text string) *cachedStmt {
	s := c.byText[text]
	if s == nil {
		return nil
	}
	if c.newest.next != s {
		s.unlink()
		c.pushFront(s)
	}
	return s
}

// put adds a statement and gives the one that had to go for it, or nil.
func (c *stmtCache) put(text string, stmt preparedStmt) (added, evicted *cachedStmt) {
	if len(c.byText) >= c.limit {
		evicted = c.newest.prev
		c.remove(evicted)
	}
	added = &cachedStmt{text: text, stmt: stmt}
	c.byText[text] = added
	c.pushFront(added)
	return added, evicted
}

func (c *stmtCache) remove(s *cachedStmt) {
	delete(c.byText, s.text)
	s.unlink()
}

func (c *stmtCache) pushFront(s *cachedStmt) {
	s.prev, s.next = &c.newest, c.newest.next
	s.prev.next, s.next.prev = s, s
}

func (s *cachedStmt) unlink() {
	s.prev.next, s.next.prev = s.next, s.prev
	s.prev, s.next = nil, nil
}

// cacheable says whether a statement is worth keeping: one statement that reads
// or writes rows, not too long, with a bounded number of arguments (IN lists
// have a text for every length and would fill the cache with texts used once).
func cacheable(query string, args int) bool {
	if args > maxTogetherArgs || len(query) > maxCachedText {
		return false
	}
	switch firstWord(query) {
	case "SELECT", "INSERT", "UPDATE", "DELETE":
		if args > maxCachedArgs {
			return false
		}
	case "WITH": // a list is an array there, and many arguments are those of Together
	default:
		return false
	}
	// Several statements at once cannot be prepared. A semicolon inside a
	// literal looks the same from here and costs only the caching.
	return !hasSemicolonInside(query)
}

func hasSemicolonInside(query string) bool {
	for i := 0; i < len(query); i++ {
		if query[i] != ';' {
			continue
		}
		for _, c := range []byte(query[i+1:]) {
			switch c {
			case ' ', '\t', '\r', '\n', ';':
			default:
				return true
			}
		}
		return false
	}
	return false
}
