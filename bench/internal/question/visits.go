package question

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"clinicgraph/internal/access"
)

// Where M1 books: far enough ahead that the data set has nothing there, and
// within the horizon of the services.
const (
	firstDay = 110
	lastDay  = 720
	perDay   = 24 // half hours from 08:00
)

// visits asks for appointments at times that nobody has taken yet, neither the
// practitioner's nor the customer's. The customers have no account: those who have are
// asked about what is theirs.
func (p *preparer) visits(ctx context.Context) ([]Question, error) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	from := today.AddDate(0, 0, firstDay)
	if err := p.readTaken(ctx, from); err != nil {
		return nil, err
	}
	practitioners, services, err := p.offers(ctx)
	if err != nil {
		return nil, err
	}
	customers, err := p.visitors(ctx)
	if err != nil {
		return nil, err
	}
	if p.role != access.RoleCustomer && len(customers) < len(practitioners) {
		return nil, fmt.Errorf("%d customers are too few for %d practitioners", len(customers), len(practitioners))
	}
	booked := "CONFIRMED"
	if p.role == access.RoleCustomer {
		booked = "PENDING" // until the clinic says so
	}
	many := manyVisits
	if ofOne(p.role) {
		many = manyOwn
	}
	var all []Question
	for day := from; day.Before(today.AddDate(0, 0, lastDay)) && len(all) < many; day = day.AddDate(0, 0, 1) {
		if day.Weekday() == time.Sunday {
			continue
		}
		for slot := range perDay {
			at := day.Add(8*time.Hour + time.Duration(slot)*30*time.Minute)
			for i, practitioner := range practitioners {
				customer := customers[(len(all)+slot)%len(customers)]
				theirs, own := claim{practitioner, at.Unix()}, claim{customer, at.Unix()}
				if p.taken[theirs] || p.taken[own] {
					continue
				}
				p.taken[theirs], p.taken[own] = true, true
				offered := services[i]
				input := map[string]any{
					"customerId": customer, "practitionerId": practitioner, "serviceId": offered[len(all)%len(offered)], "startsAt": instant(at),
				}
				q := newQuestion(p.documents["M1"], map[string]any{"input": input})
				all = append(all, q.holds(`"booking":{"id":"`, field("status", booked), `"startsAt":"`+at.Format("2006-01-02T15:04:05"), `"appointment":{`, `"id":"`, `"order":{`, `"id":"`))
			}
		}
	}
	return all, nil
}

// visitors are the customers to book for: of the unit, whom the practitioner treats, or
// the customer who asks.
func (p *preparer) visitors(ctx context.Context) (customers []string, err error) {
	whose, who := `($1::uuid IS NULL OR unit_id = $1) AND account_id IS NULL AND NOT `+askedAbout, p.unit
	switch p.role {
	case access.RoleCustomer:
		whose, who = `id = $1`, p.own
	case access.RoleDoctor:
		whose, who = treated+` AND account_id IS NULL AND NOT `+askedAbout, p.own
	}
	err = p.db.QueryRowContext(ctx, `SELECT array(SELECT id::text FROM customers WHERE `+whose+` ORDER BY md5(id::text))`, who).Scan(pq.Array(&customers))
	return customers, err
}

// claim is the start of somebody's taken time, in Unix seconds.
type claim struct {
	who  string
	from int64
}

// readTaken reads the bookings of earlier runs, once.
func (p *preparer) readTaken(ctx context.Context, from time.Time) error {
	if p.taken != nil {
		return nil
	}
	p.taken = map[claim]bool{}
	_, err := p.each(ctx, `SELECT resource_id, extract(epoch FROM busy_from)::bigint FROM resource_claims WHERE busy_from >= $1`,
		[]any{from}, func(scan func(...any) error) (Question, error) {
			var c claim
			err := scan(&c.who, &c.from)
			p.taken[c] = true
			return Question{}, err
		})
	return err
}

// offers lists the practitioners, and beside each what they offer.
func (p *preparer) offers(ctx context.Context) (practitioners []string, services [][]string, err error) {
	whose, who := `$1::uuid IS NULL OR d.unit_id = $1`, p.unit
	switch p.role {
	case access.RoleCustomer: // all units
		who = uuid.NullUUID{}
	case access.RoleDoctor:
		whose, who = `d.id = $1`, p.own
	}
	_, err = p.each(ctx, `SELECT d.id, array_agg(s.service_id::text ORDER BY s.id) FROM practitioner_profiles d JOIN practitioner_services s ON s.practitioner_id = d.id
		WHERE `+whose+` GROUP BY d.id ORDER BY d.id`,
		[]any{who}, func(scan func(...any) error) (Question, error) {
			var id string
			var offered []string
			err := scan(&id, pq.Array(&offered))
			practitioners, services = append(practitioners, id), append(services, offered)
			return Question{}, err
		})
	return practitioners, services, err
}
