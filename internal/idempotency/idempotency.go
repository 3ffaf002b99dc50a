// Package idempotency owns the memory of requests that must have their effect
// once: the key, what was asked, and what came of it. It never runs the effect
// itself. The rules are Stripe's: a key belongs to one user and one operation,
// other input under the same key is refused, and the outcome is kept for 24
// hours at least.
package idempotency

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/idempotencykey"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// Keep is how long an outcome is remembered; the contract promises 24 hours.
const Keep = 48 * time.Hour

// maxKey is the longest key, in bytes.
const maxKey = 255

// Outcome names the objects that came of a request, by role ("booking").
type Outcome map[string]uuid.UUID

// Claim takes the key for an operation about to run inside the client's
// transaction, and keeps the ids that its objects will have. It comes before the
// effect: a parallel request with the same key waits for this transaction at the
// unique index, and then finds the outcome.
//
// A prior outcome is given back instead, and the caller returns those objects
// and does nothing else. Errors: IDEMPOTENCY_MISMATCH for other input, and
// BAD_USER_INPUT for a key that is too long. Without a key nothing is kept.
func Claim(ctx context.Context, c *ent.Client, operation string, key *string, input any, planned Outcome, now time.Time) (prior Outcome, err error) {
	if key == nil {
		return nil, nil
	}
	if len(*key) == 0 || len(*key) > maxKey {
		return nil, fault.Invalid("input.idempotencyKey", "An idempotency key has 1 to %d bytes.", maxKey)
	}
	text, err := json.Marshal(input)
	if err != nil {
		return nil, fmt.Errorf("hash the input of %s: %w", operation, err)
	}
	hash := sha256.Sum256(text)
	caller := access.FromContext(ctx).UserID
	elevated := access.Elevated(ctx, operation)

	err = take(elevated, c, caller, operation, *key, hash[:], planned, now)
	if !errors.Is(err, sql.ErrNoRows) { // it was free, or nobody knows
		return nil, err
	}
	row, err := c.IdempotencyKey.Query().
		Where(idempotencykey.UserID(caller), idempotencykey.Operation(operation), idempotencykey.Key(*key)).
		Only(elevated)
	switch {
	case ent.IsNotFound(err): // it has just been forgotten
		return nil, ErrTaken
	case err != nil:
		return nil, fmt.Errorf("look for the key: %w", err)
	case row.ExpiresAt.After(now):
		if !bytes.Equal(row.RequestHash, hash[:]) {
			return nil, fault.New(fault.CodeIdempotencyMismatch, "This idempotency key was used before with other input. Use a new key for a new request.")
		}
		return parse(row.Result)
	}
	if err := c.IdempotencyKey.DeleteOne(row).Exec(elevated); err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("forget an expired key: %w", err)
	}
	if err = take(elevated, c, caller, operation, *key, hash[:], planned, now); errors.Is(err, sql.ErrNoRows) {
		return nil, ErrTaken
	}
	return nil, err
}

// take writes the key down; sql.ErrNoRows says that it is there already. A parallel
// request that has it is waited for.
func take(ctx context.Context, c *ent.Client, caller uuid.UUID, operation, key string, hash []byte, planned Outcome, now time.Time) error {
	result := make(map[string]any, len(planned))
	for role, id := range planned {
		result[role] = id.String()
	}
	return c.IdempotencyKey.Create().
		SetUserID(caller).SetOperation(operation).SetKey(key).
		SetRequestHash(hash).SetResult(result).SetExpiresAt(now.Add(Keep)).
		OnConflictColumns(idempotencykey.FieldUserID, idempotencykey.FieldOperation, idempotencykey.FieldKey).DoNothing().
		Exec(ctx)
}

// ErrTaken says that a parallel request has just taken the key. The transaction
// is run again and then finds the outcome.
var ErrTaken = takenError{}

type takenError struct{}

func (takenError) Error() string { return "the idempotency key was taken by a parallel request" }

// Repeatable tells store.Retry to run the transaction again.
func (takenError) Repeatable() bool { return true }

func parse(result map[string]any) (Outcome, error) {
	out := make(Outcome, len(result))
	for role, v := range result {
		text, _ := v.(string)
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("outcome of %s: %w", role, err)
		}
		out[role] = id
	}
	return out, nil
}
