package auth

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"clinicgraph/ent"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/ratelimit"
	"clinicgraph/internal/store"
)

const (
	// refundWait is how long a try waits for one that is under way to be taken
	// back: of many right ones at once each shall succeed.
	refundWait = time.Second

	// lostAfter is when a try whose server has died counts as no longer under way.
	// Its charge stays.
	lostAfter = time.Minute
)

// verdict is what came of a try at a secret.
type verdict int

const (
	wrong  verdict = iota // the charge stays
	right                 // the account has been proved: its tries are forgotten
	halved                // right, but not enough by itself: only this try is taken back
)

// outcomes of a try, for the metrics, beside those of the verdict.
const (
	outcomeBlocked   = "blocked"   // answered like a wrong one, without a look at the secret
	outcomeLimited   = "limited"   // the address has had too many
	outcomeUndecided = "undecided" // something failed, and the try was taken back
)

func (v verdict) String() string { return [...]string{"wrong", "right", "halved"}[v] }

// guardKey is one key of the guard with its rule.
type guardKey struct {
	rule  guardRule
	scope string // of RateLimitLog
	key   string // unique: names scope and what it is of
	log   string // what RateLimitLog shows of it
	owner string // id of the account, "" without one
}

// suspect is who tries, at whose secret.
type suspect struct {
	user *ent.User // nil: no account
	keys []guardKey
}

// suspect finds the keys that a try at the secret of u, or of an account named
// login that does not exist, is charged to. A device that has signed in before,
// or a session that is alive, has one key of its own; anybody else shares those
// of the account, of the address, and of both together: the last keeps what one
// address has tried when the owner's own success forgets the account's tries.
func (s *Service) suspect(ctx context.Context, u *ent.User, login string) suspect {
	account, owner := s.hidden("login", login), ""
	if u != nil {
		account, owner = u.ID.String(), u.ID.String()
		if device := s.deviceOf(ctx, u.ID); device != "" {
			return suspect{u, []guardKey{{deviceRule, "DEVICE", "device " + owner + " " + device, device, owner}}}
		}
	}
	address := ratelimit.Network(access.RequestOf(ctx).IP).String()
	// The order is the same for everybody: two tries lock the rows one after the
	// other.
	return suspect{u, []guardKey{
		{addressRule, "ADDRESS", "ip " + address, address, ""},
		{strangerRule, "ACCOUNT", "acct " + account, account, owner},
		{strangerRule, "ACCOUNT", "ip+acct " + address + " " + account, account + " " + address, owner},
	}}
}

// guarded lets a try at a secret of the account through the guard: the password,
// a second factor, a recovery code, a token that was mailed. Verify says whether
// the secret is right; it is not asked during a block, which is answered like a
// wrong one. A right one forgets the account's tries. Verify's error takes the
// try back and is given on. Errors: RATE_LIMITED, and those of the database:
// what cannot be counted is not verified.
func (s *Service) guarded(ctx context.Context, u *ent.User, action string, verify func(context.Context) (bool, error)) (bool, error) {
	v, err := s.try(ctx, s.suspect(ctx, u, ""), action, func(ctx context.Context) (verdict, error) {
		ok, err := verify(ctx)
		if ok {
			return right, err
		}
		return wrong, err
	})
	return v == right, err
}

// guardedPassword is guarded for the password of the account (nil: of none). A
// block costs the same work as a look at the password. Then tells what a right
// one is worth; nil: all.
func (s *Service) guardedPassword(ctx context.Context, who suspect, action, password string, then func() verdict) (v verdict, rehash bool, err error) {
	looked, stored := false, ""
	if who.user != nil {
		stored = who.user.PasswordHash
	}
	v, err = s.try(ctx, who, action, func(ctx context.Context) (verdict, error) {
		looked = true
		ok, weak, err := s.Passwords.Verify(ctx, stored, password)
		if errors.Is(err, ErrUnusableHash) { // the operator's to mend; the work has been spent
			s.Security.Log.ErrorContext(ctx, "password cannot be checked", "user", who.user.ID, "error", err)
			err = nil
		}
		if !ok || err != nil {
			return wrong, err
		}
		rehash = weak
		if then == nil {
			return right, nil
		}
		return then(), nil
	})
	if !looked && err == nil {
		err = s.Passwords.VerifyDummy(ctx, password)
	}
	return v, rehash, err
}

// try charges every key of the suspect before the secret is looked at, in a
// transaction of its own: parallel guesses must not get free looks. Afterwards
// the verdict is settled, whether or not the client is still there.
func (s *Service) try(ctx context.Context, who suspect, action string, verify func(context.Context) (verdict, error)) (verdict, error) {
	refused, err := s.chargePatiently(ctx, who)
	if err != nil {
		return wrong, err
	}
	if refused != nil {
		return wrong, s.refuse(ctx, who, action, refused)
	}
	v, err := verify(ctx)
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		s.count(action, outcomeUndecided)
		return wrong, errors.Join(err, s.settle(ctx, who, action, nil))
	}
	s.count(action, v.String())
	return v, s.settle(ctx, who, action, &v)
}

// blocked says why a try is not let in.
type blocked struct {
	by      guardKey
	until   time.Time
	pending bool // tries are under way that may be taken back
}

func (*blocked) Error() string { return "blocked" }

// chargePatiently charges, and waits for a refund where one may come. Whoever is
// blocked learns so from a read: a flood of tries must not queue up to write.
func (s *Service) chargePatiently(ctx context.Context, who suspect) (*blocked, error) {
	patience, end := context.WithTimeout(ctx, refundWait)
	defer end()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 160*time.Millisecond) {
		refused, err := s.look(ctx, who)
		if refused == nil && err == nil {
			refused, err = s.charge(ctx, who)
		}
		if refused == nil || !refused.pending || err != nil {
			return refused, err
		}
		timer := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-patience.Done():
			timer.Stop()
			return refused, ctx.Err()
		case <-timer.C:
		}
	}
}

// look says which key is blocked, the first one first; nil: none.
func (s *Service) look(ctx context.Context, who suspect) (*blocked, error) {
	for _, k := range who.keys {
		refused, err := k.look(ctx, s.Store.DB.Read, s.Now())
		if refused != nil || err != nil {
			return refused, store.Classify(err)
		}
	}
	return nil, nil
}

// look says until when the key is blocked; nil: it is not.
func (k guardKey) look(ctx context.Context, db querier, now time.Time) (*blocked, error) {
	var until, pending, pendingUntil int64
	err := db.QueryRowContext(ctx, `SELECT blocked_until, pending, pending_until FROM auth_guards WHERE key = $1 AND blocked_until > $2`, k.key, now.UnixMicro()).
		Scan(&until, &pending, &pendingUntil)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at a key of the guard: %w", err)
	}
	return &blocked{by: k, until: time.UnixMicro(until).UTC(), pending: pending > 0 && pendingUntil > now.UnixMicro()}, nil
}

// querier is a transaction, or the database outside of one.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// charge counts a try on all keys, or on none where one is blocked.
func (s *Service) charge(ctx context.Context, who suspect) (refused *blocked, err error) {
	now := s.Now()
	err = s.Store.InTx(ctx, func(_ *ent.Client, tx *sql.Tx) error {
		for _, k := range who.keys {
			if err := k.charge(ctx, tx, now); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.As(err, &refused) {
		return refused, nil
	}
	return nil, err
}

// charge counts a try on the key. One statement reads, decides and writes; the
// row stays locked for the second, which says what follows from the count.
func (k guardKey) charge(ctx context.Context, tx *sql.Tx, now time.Time) error {
	t := tries{last: now}
	var since int64
	// Parameters are numbered as they first come: SQLite takes them so.
	err := tx.QueryRowContext(ctx, `INSERT INTO auth_guards (key, owner, tries, pending, pending_until, since, last, blocked_until, told_until, forget_at)
		VALUES ($1, $2, 1, 1, $3, $4, $4, 0, 0, 0)
		ON CONFLICT (key) DO UPDATE SET
			tries = CASE WHEN auth_guards.forget_at <= $4 THEN 1 ELSE auth_guards.tries + 1 END,
			since = CASE WHEN auth_guards.forget_at <= $4 THEN $4 ELSE auth_guards.since END,
			pending = CASE WHEN auth_guards.pending_until <= $4 THEN 1 ELSE auth_guards.pending + 1 END,
			pending_until = $3, last = $4
		WHERE auth_guards.blocked_until <= $4
		RETURNING tries, since`,
		k.key, k.owner, now.Add(lostAfter).UnixMicro(), now.UnixMicro()).Scan(&t.n, &since)
	if errors.Is(err, sql.ErrNoRows) {
		refused, err := k.look(ctx, tx, now)
		switch {
		case err != nil:
			return err
		case refused == nil:
			return errors.New("charge a try: the key is neither free nor blocked")
		}
		return refused
	}
	if err != nil {
		return fmt.Errorf("charge a try: %w", err)
	}
	t.since = time.UnixMicro(since)
	until := int64(0)
	if b := k.rule.blockedUntil(t); !b.IsZero() {
		until = b.UnixMicro()
	}
	_, err = tx.ExecContext(ctx, `UPDATE auth_guards SET blocked_until = $1, forget_at = $2 WHERE key = $3`, until, k.rule.forgottenAt(t).UnixMicro(), k.key)
	if err != nil {
		return fmt.Errorf("charge a try: %w", err)
	}
	return nil
}

// refuse answers a try that is not let in: of an address that has had too many
// with RATE_LIMITED, which says nothing about accounts; otherwise with nil, for
// the answer of a wrong secret.
func (s *Service) refuse(ctx context.Context, who suspect, action string, b *blocked) error {
	if err := s.noteRefusal(context.WithoutCancel(ctx), b); err != nil {
		return err
	}
	if b.by.rule.window == 0 {
		s.count(action, outcomeBlocked)
		return nil
	}
	s.count(action, outcomeLimited)
	f := fault.New(fault.CodeRateLimited, "Too many failed attempts from your address. Please wait a few minutes.")
	f.RetryAfter = b.until.Sub(s.Now()).Round(time.Second)
	return f
}

func (s *Service) count(action, outcome string) {
	if s.Tried != nil {
		s.Tried(action, outcome)
	}
}
