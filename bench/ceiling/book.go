package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/scheduling"
)

// desk books appointments: one statement that reads what decides, the clinic's own
// pure rule for the time, and one statement that writes all rows, the record of them
// among these. It takes no lock and needs no transaction: the constraint on claims
// decides, and the statement is one.
type desk struct {
	db     *sql.DB
	read   *sql.Stmt
	writes map[int]*sql.Stmt // by the number of notifications
	unit   []any
	user   uuid.UUID
	actor  string
	codes  *chain.Keys
}

// wish is the input of the mutation.
type wish struct {
	CustomerID, PractitionerID, ServiceID uuid.UUID
	StartsAt                              time.Time
}

func (s *server) openDesk(ctx context.Context, db *sql.DB, o options) (err error) {
	d := &desk{db: db, unit: s.unit, writes: map[int]*sql.Stmt{}}
	if d.codes, err = openCodes(ctx, o); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, `SELECT id, username FROM users WHERE username = $1`, o.login).Scan(&d.user, &d.actor); err != nil {
		return fmt.Errorf("look for %q: %w", o.login, err)
	}
	if d.read, err = db.PrepareContext(ctx, reading+s.of("c", 5)); err != nil {
		return fmt.Errorf("M1: %w", err)
	}
	for told := range 3 {
		if d.writes[told], err = db.PrepareContext(ctx, writing(told)); err != nil {
			return fmt.Errorf("M1: %w", err)
		}
	}
	s.desk = d
	return nil
}

// reading finds who and what is named, whether they go together, the working hours as
// one text, and whether the time with its buffers is taken.
const reading = `
SELECT d.user_id, d.unit_id, d.timezone, c.account_id, v.name, v.price_amount, v.currency, v.tax_rate,
       s.duration_minutes, s.buffer_before_minutes, s.buffer_after_minutes, s.interval_minutes, s.notice_minutes, s.horizon_days, s.hold_minutes, s.requires_confirmation,
       (SELECT string_agg(concat_ws(',', h.weekday, h.starts_at, h.ends_at, coalesce(h.valid_from, ''), coalesce(h.valid_to, '')), ';')
          FROM working_hours h WHERE h.practitioner_id = d.id AND h.deleted_at IS NULL),
       EXISTS (SELECT 1 FROM resource_claims r WHERE r.resource_kind = 'PRACTITIONER' AND r.resource_id = d.id
          AND r.busy_from < $4::timestamptz + make_interval(mins => s.duration_minutes + s.buffer_after_minutes)
          AND r.busy_to > $4::timestamptz - make_interval(mins => s.buffer_before_minutes)
          AND r.busy_from > $4::timestamptz - interval '2 days')
  FROM practitioner_profiles d
  JOIN practitioner_services o ON o.practitioner_id = d.id AND o.service_id = $2
  JOIN products v ON v.id = $2 AND v.is_available AND v.deleted_at IS NULL
  JOIN service_settings s ON s.product_id = v.id AND s.deleted_at IS NULL
  JOIN customers c ON c.id = $3 AND c.anonymized_at IS NULL AND c.deleted_at IS NULL
 WHERE d.id = $1 AND d.is_accepting AND d.deleted_at IS NULL`

// plan is what was read.
type plan struct {
	wish
	practitionerUser     uuid.UUID
	unit, account        uuid.NullUUID
	zone, name, currency string
	price                int64
	tax                  money.BasisPoints
	minutes              [5]int // duration, before, after, interval, notice
	horizon, hold        int
	confirm              bool
}

func (d *desk) plan(ctx context.Context, w wish) (p plan, rule scheduling.SlotRule, err error) {
	p.wish = w
	var hours string
	var taken bool
	m := &p.minutes
	err = d.read.QueryRowContext(ctx, append([]any{w.PractitionerID, w.ServiceID, w.CustomerID, w.StartsAt}, d.unit...)...).Scan(
		&p.practitionerUser, &p.unit, &p.zone, &p.account, &p.name, &p.price, &p.currency, &p.tax,
		&m[0], &m[1], &m[2], &m[3], &m[4], &p.horizon, &p.hold, &p.confirm, &hours, &taken)
	if err != nil {
		return p, rule, err
	}
	zone, err := scheduling.LoadZone(p.zone)
	if err != nil {
		return p, rule, err
	}
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	rule = scheduling.SlotRule{Duration: minutes(m[0]), BufferBefore: minutes(m[1]), BufferAfter: minutes(m[2]), Step: minutes(m[3]), Notice: minutes(m[4]),
		Horizon: time.Duration(p.horizon) * 24 * time.Hour, Zone: zone}
	var week []scheduling.WeeklyHours
	for text := range strings.SplitSeq(hours, ";") {
		f := strings.SplitN(text, ",", 5)
		if len(f) < 5 {
			return p, rule, errors.New("no working hours")
		}
		day, _ := strconv.Atoi(f[0])
		start, _ := strconv.Atoi(f[1])
		end, _ := strconv.Atoi(f[2])
		week = append(week, scheduling.WeeklyHours{Weekday: time.Weekday(day % 7), Start: start, End: end, ValidFrom: f[3], ValidTo: f[4]})
	}
	if taken {
		return p, rule, errors.New("the time is taken")
	}
	open := scheduling.Expand(week, zone, rule.Reach(w.StartsAt, w.StartsAt))
	return p, rule, scheduling.Fits(rule, open, nil, w.StartsAt, time.Now())
}

// book answers a booking.
func (d *desk) book(r *http.Request, input json.RawMessage, b []byte) ([]byte, error) {
	var asked struct{ Input wish }
	if err := json.Unmarshal(input, &asked); err != nil {
		return nil, err
	}
	p, rule, err := d.plan(r.Context(), asked.Input)
	if err != nil {
		return nil, err
	}
	if p.confirm || p.account.UUID == d.user {
		return nil, errors.New("only what the desk confirms at once is booked here")
	}
	made, args, told, err := d.rows(p, rule, r)
	if err != nil {
		return nil, err
	}
	if _, err := d.writes[told].ExecContext(r.Context(), args...); err != nil {
		return nil, err
	}
	b = append(append(b, `{"data":{"bookAppointment":{"booking":{"id":"`...), made.booking.String()...)
	b = append(p.StartsAt.UTC().AppendFormat(append(b, `","status":"CONFIRMED","startsAt":"`...), time.RFC3339Nano), `"},"appointment":{"id":"`...)
	b = append(append(b, made.appointment.String()...), `"},"order":{"id":"`...)
	return append(append(b, made.order.String()...), `"}}}}`...), nil
}

// made are the ids of what is booked.
type made struct{ booking, appointment, order, item, event uuid.UUID }

func newMade() made {
	return made{ids.New(ids.Booking), ids.New(ids.Appointment), ids.New(ids.Order), ids.New(ids.OrderItem), ids.New(ids.OrderEvent)}
}

// writing is the statement that writes a booking with so many notifications. The
// arguments before those of the notifications are in the order of rows.
func writing(told int) string {
	const fixed = `
WITH b AS (INSERT INTO bookings (id, created_at, updated_at, created_by, updated_by, version, number, customer_id, unit_id, status, source, starts_at, ends_at, total_amount, currency)
  VALUES ($3, $1, $1, $2, $2, 1, $4, $8, $9, 'CONFIRMED', 'DESK', $10, $11, $12, $13)),
a AS (INSERT INTO appointments (id, created_at, updated_at, created_by, updated_by, version, booking_id, customer_id, practitioner_id, practitioner_user_id, service_id, unit_id, status, starts_at, ends_at, busy_from, busy_to)
  VALUES ($5, $1, $1, $2, $2, 1, $3, $8, $14, $15, $16, $9, 'SCHEDULED', $10, $11, $17, $18)),
r AS (INSERT INTO resource_claims (id, created_at, updated_at, created_by, updated_by, version, resource_kind, resource_id, busy_from, busy_to, exclusive, appointment_id)
  VALUES ($19, $1, $1, $2, $2, 1, 'PRACTITIONER', $14, $17, $18, true, $5), ($20, $1, $1, $2, $2, 1, 'CUSTOMER', $8, $10, $11, true, $5)),
o AS (INSERT INTO orders (id, created_at, updated_at, created_by, updated_by, version, number, customer_id, booking_id, unit_id, status, charge_status, placed_at, total_amount, tax_amount, captured_amount, currency)
  VALUES ($6, $1, $1, $2, $2, 1, $7, $8, $3, $9, 'PLACED', 'NONE', $1, $12, $21, 0, $13)),
i AS (INSERT INTO order_items (id, created_at, updated_at, created_by, updated_by, version, order_id, product_id, appointment_id, name, quantity, unit_price_amount, total_amount, tax_amount, currency)
  VALUES ($22, $1, $1, $2, $2, 1, $6, $16, $5, $23, 1, $12, $12, $21, $13)),
e AS (INSERT INTO order_events (id, created_at, order_id, type, from_status, to_status, actor, data)
  VALUES ($24, $1, $6, 'PLACED', '', 'PLACED', $25, $26))`
	var b strings.Builder
	b.WriteString(fixed)
	next := fixedArgs + 1
	for n := range told {
		fmt.Fprintf(&b, `,
n%d AS (INSERT INTO notifications (id, created_at, updated_at, created_by, updated_by, version, user_id, kind, subject_id) VALUES ($%d, $1, $1, $2, $2, 1, $%d, $%d, $%d))`, n, next, next+1, next+2, next+3)
		next += 4
	}
	b.WriteString(`
INSERT INTO operation_logs (user_id, actor, action, action_details, ip_address, user_agent, request_id, operation, created_at, id, entity_type, entity_id, new_values, mac) VALUES `)
	for n := range recorded + told {
		if n > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `($2, $25, 'CREATE', '', $27, $28, $29, 'M1', $1, $%d, $%d, $%d, $%d, $%d)`, next, next+1, next+2, next+3, next+4)
		next += 5
	}
	return b.String()
}

// Numbers of the arguments of writing, and of the rows that are on record without the
// notifications.
const (
	fixedArgs = 29
	recorded  = 5
)
