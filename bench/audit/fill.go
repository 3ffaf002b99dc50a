//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
)

// fill puts rows on two logs and has them sealed. They are from before the chain, so
// that the sealer makes their codes; they are checked like all others.
func fill(ctx context.Context, db *store.DB, rows int) (*chain.Keys, error) {
	id, numbers := `printf('00000000-0000-7000-8000-%012x', n)`, `WITH RECURSIVE s(n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM s WHERE n < $2)`
	at := `'2026-01-02 03:04:05.678901+00:00'`
	if db.LocksRows() {
		id, numbers = `('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`, `WITH s AS (SELECT generate_series($1::int, $2::int) AS n)`
	}
	request := `'192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0', 'request-0123456789', 'BookAppointment'`
	values := `'{"status": "CONFIRMED", "starts_at": "2026-01-02T03:04:05Z", "note": "` + fmt.Sprintf("%0100d", 0) + `"}'`
	for statement, part := range map[string][2]int{
		numbers + ` INSERT INTO operation_logs (id, created_at, actor, action, entity_type, entity_id, old_values, new_values, ip_address, user_agent, request_id, operation)
			SELECT ` + id + `, ` + at + `, 'somebody', 'UPDATE', 'Booking', ` + id + `, '{"status": "PENDING"}', ` + values + `, ` + request + ` FROM s`: {1, rows * 6 / 10},
		numbers + ` INSERT INTO audit_logs (id, created_at, event, actor, success, subject_id, resource, permission_checked, decision, ip_address, user_agent, request_id, operation)
			SELECT ` + id + `, ` + at + `, 'PERSONAL_DATA_READ', 'somebody', true, ` + id + `, 'Customer', 'customer:read', 'ALLOWED', ` + request + ` FROM s`: {rows*6/10 + 1, rows},
	} {
		if _, err := db.Write.ExecContext(ctx, statement, part[0], part[1]); err != nil {
			return nil, err
		}
	}
	secret, err := seal.New(bytes.Repeat([]byte{1}, 32), "audit-chain")
	if err != nil {
		return nil, err
	}
	keys, err := chain.Open(ctx, db, secret)
	if err != nil {
		return nil, err
	}
	sealer := &chain.Sealer{DB: db, Keys: keys, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	began := time.Now()
	for n := 1; n > 0; {
		if n, err = sealer.Seal(ctx); err != nil {
			return nil, err
		}
	}
	took := time.Since(began).Seconds()
	fmt.Printf("%s: %d rows sealed in %.0f s, %.0f each second\n", db.Dialect, rows, took, float64(rows)/took)
	if db.LocksRows() {
		_, err = db.Write.ExecContext(ctx, `VACUUM ANALYZE`)
	}
	return keys, err
}
