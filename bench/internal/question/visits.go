package question

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"
)

// Where M1 books: far enough ahead that the data set has nothing there, and
// within the horizon of the services.
const (
	firstDay = 200
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
	var customers []string
	err = p.db.QueryRowContext(ctx, `SELECT array(SELECT id::text FROM customers WHERE ($1::uuid IS NULL OR unit_id = $1) AND account_id IS NULL AND NOT `+askedAbout+` ORDER BY md5(id::text))`,
		p.unit).Scan(pq.Array(&customers))
	if err != nil {
		return nil, err
	}
	if len(customers) < len(practitioners) {
		return nil, fmt.Errorf("%d customers are too few for %d practitioners", len(customers), len(practitioners))
	}
	var all []Question
	for day := from; day.Before(today.AddDate(0, 0, lastDay)) && len(all) < manyVisits; day = day.AddDate(0, 0, 1) {
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
				all = append(all, q.holds(`"booking":{"id":"`, field("status", "CONFIRMED"), field("startsAt", instant(at)), `"appointment":{"id":"`, `"order":{"id":"`))
			}
		}
	}
	return all, nil
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
	_, err = p.each(ctx, `SELECT d.id, array_agg(s.service_id::text ORDER BY s.id) FROM practitioner_profiles d JOIN practitioner_services s ON s.practitioner_id = d.id
		WHERE $1::uuid IS NULL OR d.unit_id = $1 GROUP BY d.id ORDER BY d.id`,
		[]any{p.unit}, func(scan func(...any) error) (Question, error) {
			var id string
			var offered []string
			err := scan(&id, pq.Array(&offered))
			practitioners, services = append(practitioners, id), append(services, offered)
			return Question{}, err
		})
	return practitioners, services, err
}
