package question

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"clinicgraph/internal/access"
)

// Rows are drawn by the hash of their ids: at random, and the same each time.

func (p *preparer) bookingsByID(ctx context.Context) ([]Question, error) {
	mine, who := p.mine()
	return p.each(ctx, `
		SELECT b.id, b.number, c.id, g.first_name, s.surname, a.id, d.id, d.display_name, v.id, v.name
		  FROM (SELECT * FROM bookings b WHERE `+mine+` ORDER BY md5(id::text) LIMIT $2) b
		  JOIN customers c ON c.id = b.customer_id JOIN given_names g ON g.id = c.given_name_id JOIN surnames s ON s.id = c.surname_id
		  JOIN appointments a ON a.booking_id = b.id JOIN practitioner_profiles d ON d.id = a.practitioner_id JOIN products v ON v.id = a.service_id`,
		[]any{who, manyQuestions}, func(scan func(...any) error) (Question, error) {
			var booking, number, customer, given, surname, appointment, doctor, doctorName, service, serviceName string
			err := scan(&booking, &number, &customer, &given, &surname, &appointment, &doctor, &doctorName, &service, &serviceName)
			return newQuestion(p.documents["Q1"], map[string]any{"id": booking}).holds(
				field("id", booking), field("number", number), field("id", customer), field("firstName", given), field("surname", surname),
				field("id", appointment), field("id", doctor), field("displayName", doctorName), field("id", service), field("name", serviceName),
			), err
		})
}

// bookingsOfDays asks about days that are past, whose bookings stay as they are. A
// practitioner is asked about days on which nobody has called off.
func (p *preparer) bookingsOfDays(ctx context.Context) ([]Question, error) {
	mine, who := p.mine()
	shown := `true`
	if p.role == access.RoleDoctor {
		shown = `NOT EXISTS (SELECT 1 FROM appointments m WHERE m.practitioner_id = $1 AND m.starts_at >= day AND m.starts_at < day + interval '1 day' AND NOT ` + kept + `)`
	}
	return p.each(ctx, `
		SELECT day, array(SELECT id::text FROM bookings b WHERE starts_at >= day AND starts_at < day + interval '1 day' AND `+mine+` ORDER BY starts_at, id LIMIT 50)
		  FROM (SELECT DISTINCT date_trunc('day', starts_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS day FROM bookings b WHERE starts_at < now() - interval '1 day' AND `+mine+`) days
		 WHERE `+shown+` ORDER BY md5(day::text) LIMIT $2`,
		[]any{who, manyDays}, func(scan func(...any) error) (Question, error) {
			var day time.Time
			var bookings []string
			err := scan(&day, pq.Array(&bookings))
			q := newQuestion(p.documents["Q2"], map[string]any{"from": instant(day), "to": instant(day.AddDate(0, 0, 1))})
			return q.holds(fields("id", bookings)...).
				times(len(bookings), `"startsAt":`).times(len(bookings), `"firstName":"`).times(len(bookings), `"displayName":"`).times(len(bookings), `"name":"`), err
		})
}

// histories asks about half of the customers: M1 books for the others, so that
// their last bookings stay the last.
func (p *preparer) histories(ctx context.Context) ([]Question, error) {
	customers, who := `($1::uuid IS NULL OR unit_id = $1) AND `+askedAbout, p.unit
	bookings := `SELECT id, starts_at FROM bookings WHERE customer_id = c.id`
	switch p.role {
	case access.RoleCustomer:
		customers, who = `id = $1`, p.own
	case access.RoleDoctor: // whom the practitioner treats, and the visits to that practitioner
		customers, who = treated+` AND `+askedAbout, p.own
		bookings += ` AND EXISTS (SELECT 1 FROM appointments m WHERE m.booking_id = bookings.id AND m.practitioner_id = $1)`
	}
	return p.each(ctx, `
		SELECT c.id, array_agg(b.id::text ORDER BY b.starts_at DESC, b.id DESC),
		       sum((SELECT count(*) FROM payment_transactions WHERE booking_id = b.id)),
		       sum((SELECT count(*) FROM order_events e JOIN orders o ON o.id = e.order_id WHERE o.booking_id = b.id))
		  FROM (SELECT id FROM customers WHERE `+customers+` ORDER BY md5(id::text) LIMIT $2) c
		  CROSS JOIN LATERAL (`+bookings+` ORDER BY starts_at DESC, id DESC LIMIT 10) b
		 GROUP BY c.id`,
		[]any{who, manyQuestions}, func(scan func(...any) error) (Question, error) {
			var customer string
			var bookings []string
			var payments, events int
			err := scan(&customer, pq.Array(&bookings), &payments, &events)
			if p.role == access.RoleDoctor {
				payments = 0 // not asked for
			}
			return newQuestion(p.documents["Q3"], map[string]any{"id": customer}).
				holds(field("id", customer)).holds(fields("id", bookings)...).
				times(len(bookings), `"startsAt":`).times(len(bookings)+payments, `"status":"`).times(events, `"type":"`).times(payments+events, `"createdAt":"`), err
		})
}

// askedAbout parts the customers: those that Q3 asks about from those that M1
// books for. An id ends in the number of the customer, mixed, and begins with a
// time: by its end the parts are the same each day.
const askedAbout = `right(id::text, 1) < '8'`

// secondPages asks for pages of filters that match a fixed share of all bookings, and
// for the total unless it is of the operation without.
func (p *preparer) secondPages(name string) func(context.Context) ([]Question, error) {
	return func(ctx context.Context) ([]Question, error) { return p.pages(ctx, name) }
}

func (p *preparer) pages(ctx context.Context, name string) ([]Question, error) {
	windows, err := p.windows(ctx)
	if err != nil {
		return nil, err
	}
	var all []Question
	for _, w := range windows {
		variables := map[string]any{"from": instant(w.from), "to": instant(w.to)}
		if variables["after"], err = p.cursorOf(ctx, variables); err != nil {
			return nil, err
		}
		q := newQuestion(p.documents[name], variables)
		if name != Uncounted {
			q = q.holds(fmt.Sprintf(`"totalCount":%d,`, w.total))
		}
		q = q.holds(`"hasNextPage":true`).holds(fields("id", w.page)...)
		all = append(all, q.times(len(w.page), `"startsAt":`).times(len(w.page), `"firstName":"`))
	}
	return all, nil
}

// window is a stretch of time with as many completed bookings as wanted.
type window struct {
	from, to time.Time
	total    int
	page     []string // ids of the second page
}

func (p *preparer) windows(ctx context.Context) (all []window, err error) {
	mine, who := p.mine()
	completed := ` FROM bookings b WHERE status = 'COMPLETED' AND ` + mine + ` `
	share, page := `SELECT count(*) FROM orders`, pageOf(p.role)
	if ofOne(p.role) {
		share = `SELECT count(*)` + completed
	}
	var bookings, there int
	err = p.db.QueryRowContext(ctx, `SELECT (`+share+`), (SELECT count(*)`+completed+`)`, who).Scan(&bookings, &there)
	if err != nil {
		return nil, err
	}
	matches := max(bookings*pageShare/100, 2*page+1) // the second page is not the last
	if there <= matches {
		return nil, fmt.Errorf("%d of %d bookings match: too few for stretches of %d", there, bookings, matches)
	}
	var starts []int64 // Unix seconds
	err = p.db.QueryRowContext(ctx, `SELECT array(SELECT extract(epoch FROM starts_at)::bigint`+completed+`ORDER BY 1)`, who).Scan(pq.Array(&starts))
	if err != nil {
		return nil, err
	}
	for n := range manyPages {
		first := n * (there - matches - 1) / manyPages
		w := window{from: time.Unix(starts[first], 0), to: time.Unix(starts[first+matches], 0)}
		err := p.db.QueryRowContext(ctx, `SELECT count(*), (array_agg(id::text ORDER BY starts_at, id))[$4 + 1:2 * $4] `+completed+` AND starts_at >= $2 AND starts_at < $3`,
			who, w.from, w.to, page).Scan(&w.total, pq.Array(&w.page))
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

func (p *preparer) users(ctx context.Context) ([]Question, error) {
	users, who := `$1::uuid IS NULL OR organizational_unit_id = $1`, any(p.unit)
	if ofOne(p.role) {
		users, who = `username = $1`, p.login
	}
	return p.each(ctx, `SELECT id, username, email FROM users WHERE `+users+` ORDER BY md5(id::text) LIMIT $2`,
		[]any{who, manyQuestions}, func(scan func(...any) error) (Question, error) {
			var id, username, email string
			err := scan(&id, &username, &email)
			return newQuestion(p.documents["Q5"], map[string]any{"id": id}).holds(field("id", id), field("username", username), field("email", email)), err
		})
}

func fields(name string, values []string) []string {
	all := slices.Clone(values)
	for i, v := range all {
		all[i] = field(name, v)
	}
	return all
}

// instant is a time as the graph has it.
func instant(t time.Time) string {
	return strings.TrimSuffix(t.UTC().Format("2006-01-02T15:04:05.999999"), ".") + "Z"
}
