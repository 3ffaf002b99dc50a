package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/ent/predicate"
	"clinicgraph/internal/access"
)

// shards is how many locks the set has, so that requests on many cores do not
// meet on one.
const shards = 64

// Revocations is the set of what is refused before it expires, as far as this
// server knows: each request asks it, and the database is not asked. It holds
// what is younger than a token can be, and nothing else. The zero set is empty;
// it is safe for concurrent use.
type Revocations struct {
	shards [shards]shard
	size   atomic.Int64
	tokens atomic.Int64 // of single tokens: while there are none, nobody looks for one
	swept  atomic.Uint32
	loaded time.Time // what was made until then has been read; of Load alone
}

// shard is a part of the set: what is refused, and until when that matters, in
// seconds since 1970.
type shard struct {
	mu       sync.RWMutex
	sessions held
	tokens   held // by the first half of the hash
	owners   held // users who have a token in some part: for all others no hash is made
	epochs   map[uuid.UUID]bound
}

// held says until when an id is refused.
type held map[[16]byte]int64

// bound is the epoch that the tokens of a user must have reached.
type bound struct {
	epoch int64
	until int64
}

// Len is how many revocations are held.
func (r *Revocations) Len() int { return int(r.size.Load()) }

// Refuses says whether a good token has been revoked. It takes well under a
// microsecond and allocates nothing.
func (r *Revocations) Refuses(c Claims) bool {
	if r.size.Load() == 0 {
		return false
	}
	if part := r.part(c.Session); part.has(&part.sessions, c.Session) {
		return true
	}
	singly, part := false, r.part(c.Subject)
	part.mu.RLock()
	if r.tokens.Load() > 0 {
		_, singly = part.owners[c.Subject]
	}
	epoch := part.epochs[c.Subject].epoch
	part.mu.RUnlock()
	if c.Version < epoch {
		return true
	}
	if !singly {
		return false
	}
	key := tokenKey(c.ID)
	part = r.part(key)
	return part.has(&part.tokens, key)
}

// part is the shard of an id: the last bits are random in ids of every kind.
func (r *Revocations) part(id [16]byte) *shard { return &r.shards[id[15]%shards] }

func (p *shard) has(ids *held, id [16]byte) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, there := (*ids)[id]
	return there
}

func tokenKey(id TokenID) (key [16]byte) {
	sum := sha256.Sum256(id[:])
	copy(key[:], sum[:])
	return key
}

// add takes a revocation into the set. One that is held already changes nothing.
func (r *Revocations) add(row *ent.BlacklistedToken) {
	until := row.ExpiresAt.Unix()
	switch {
	case row.Kind == blacklistedtoken.KindSession && row.SessionID != nil:
		part := r.part(*row.SessionID)
		r.size.Add(part.put(&part.sessions, *row.SessionID, until))
	case row.Kind == blacklistedtoken.KindToken && len(row.TokenHash) == sha256.Size:
		owner := r.part(row.UserID)
		owner.put(&owner.owners, row.UserID, until) // first: who is found singly is looked for
		key := [16]byte(row.TokenHash)
		part := r.part(key)
		added := part.put(&part.tokens, key, until)
		r.size.Add(added)
		r.tokens.Add(added)
	case row.Kind == blacklistedtoken.KindUser && row.TokenEpoch != nil:
		r.size.Add(r.part(row.UserID).raise(row.UserID, bound{int64(*row.TokenEpoch), until}))
	}
}

// put gives how many ids have been added.
func (p *shard) put(ids *held, id [16]byte, until int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(*ids)
	if *ids == nil {
		*ids = held{}
	}
	(*ids)[id] = max((*ids)[id], until)
	return int64(len(*ids) - before)
}

// raise gives how many users have been added.
func (p *shard) raise(user uuid.UUID, b bound) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.epochs)
	if p.epochs == nil {
		p.epochs = map[uuid.UUID]bound{}
	}
	old := p.epochs[user]
	p.epochs[user] = bound{max(old.epoch, b.epoch), max(old.until, b.until)}
	return int64(len(p.epochs) - before)
}

// overlap is how much further back than its last reading a server looks. A row
// carries the time, and the id, of its making on the clock of another server,
// and can be seen from its commit on: by a number that only grows, the one that
// commits late would be passed over.
const overlap = time.Minute

// Load reads what has been revoked since the last time, or on the first all that
// matters still, and forgets what does not any more. One call at a time.
func (r *Revocations) Load(ctx context.Context, c *ent.Client, now time.Time) error {
	matters := []predicate.BlacklistedToken{blacklistedtoken.ExpiresAtGT(now)}
	if !r.loaded.IsZero() {
		matters = append(matters, blacklistedtoken.CreatedAtGTE(r.loaded.Add(-overlap)))
	}
	rows, err := c.BlacklistedToken.Query().Where(matters...).All(access.System(ctx, "revocations"))
	if err != nil {
		return fmt.Errorf("read revocations: %w", err)
	}
	for _, row := range rows {
		r.add(row)
	}
	r.loaded = now
	r.sweep(now)
	return nil
}

// sweep forgets what has expired in the next part of the set: called twice a second
// it has been through all of it in half a minute.
func (r *Revocations) sweep(now time.Time) {
	part, over := &r.shards[r.swept.Add(1)%shards], func(until int64) bool { return until <= now.Unix() }
	part.mu.Lock()
	defer part.mu.Unlock()
	sessions, tokens, epochs := len(part.sessions), len(part.tokens), len(part.epochs)
	part.sessions, part.tokens = kept(part.sessions, over), kept(part.tokens, over)
	part.owners = kept(part.owners, over)
	part.epochs = kept(part.epochs, func(b bound) bool { return over(b.until) })
	r.tokens.Add(int64(len(part.tokens) - tokens))
	r.size.Add(int64(len(part.sessions) + len(part.tokens) + len(part.epochs) - sessions - tokens - epochs))
}

// kept is the map without what is over: a new one where that is something, since
// a map never gives memory back.
func kept[M ~map[K]V, K comparable, V any](all M, over func(V) bool) M {
	gone := 0
	for _, v := range all {
		if over(v) {
			gone++
		}
	}
	if gone == 0 {
		return all
	}
	left := make(M, len(all)-gone)
	for k, v := range all {
		if !over(v) {
			left[k] = v
		}
	}
	return left
}
