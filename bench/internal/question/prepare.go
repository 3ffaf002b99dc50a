package question

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"clinicgraph/internal/access"
)

// Names are the operations, in their order.
var Names = []string{"Q1", "Q2", "Q3", "Q4", "Q5", "M1"}

// Uncounted is an operation that is asked only by name: Q4 without its total.
const Uncounted = "Q4n"

// How many questions there are of each operation, at most.
const (
	manyQuestions = 4000
	manyDays      = 300
	manyPages     = 20
	manyVisits    = 40_000
	manyOwn       = 6200 // visits to one practitioner, or of one customer: half of the times there are
)

// pageShare of the bookings match the filter of Q4, in hundredths.
const pageShare = 3

// Ask sends a request body as the login that the questions are for.
type Ask func(ctx context.Context, body []byte) (answer []byte, err error)

// Source makes the questions for the logins of one database. No visit is asked
// for twice.
type Source struct {
	DB *sql.DB

	taken map[claim]bool // by bookings, and by questions
}

// Prepare makes the questions of the named operations for a login of the
// benchmark's clinic, in that order, as documents of the server's schema. Whoever works
// at a desk is asked about the own unit, practitioners and customers about what is
// theirs, and for what they may see of it; everybody else about the whole clinic. The server
// is asked for the cursors of the first pages alone; all answers come from the database.
func (s *Source) Prepare(ctx context.Context, login string, ask Ask, documents Documents, names []string) ([]*Set, error) {
	p := preparer{Source: s, db: s.DB, ask: ask}
	if err := p.scope(ctx, login); err != nil {
		return nil, fmt.Errorf("look for %s: %w", login, err)
	}
	p.documents = documents.as(p.role)
	makers := map[string]func(context.Context) ([]Question, error){
		"Q1": p.bookingsByID, "Q2": p.bookingsOfDays, "Q3": p.histories, "Q4": p.secondPages("Q4"), Uncounted: p.secondPages(Uncounted), "Q5": p.users, "M1": p.visits,
	}
	var sets []*Set
	for _, name := range names {
		maker, ok := makers[name]
		if !ok {
			return nil, fmt.Errorf("there is no operation %q", name)
		}
		if p.role == access.RoleCustomer && name == "M1" && slices.Contains(names, "Q3") {
			continue // what a customer books changes what Q3 asks about
		}
		questions, err := maker(ctx)
		if err != nil {
			return nil, fmt.Errorf("prepare %s: %w", name, err)
		}
		if len(questions) == 0 {
			return nil, fmt.Errorf("prepare %s: there is nothing to ask", name)
		}
		sets = append(sets, &Set{Name: name, Questions: questions, once: name == "M1"})
	}
	return sets, nil
}

// Nothing is the set of the one question that reads nothing.
func Nothing() *Set {
	return &Set{Name: "nothing", Questions: []Question{newQuestion(nothing, nil).holds(field("__typename", "Query"))}}
}

type preparer struct {
	*Source
	db  *sql.DB
	ask Ask

	documents Documents
	unit      uuid.NullUUID // null: all
	own       uuid.NullUUID // the profile of a practitioner or customer, who sees own rows alone
	role      string
	login     string
}

// kept is the condition for appointments m that nobody has called off.
const kept = `m.status NOT IN ('CANCELLED', 'DECLINED', 'EXPIRED')`

// treated is the condition for customers whom the practitioner $1 treats.
const treated = `EXISTS (SELECT 1 FROM appointments m WHERE m.customer_id = customers.id AND m.practitioner_id = $1 AND ` + kept + `)`

// ofOne is whether the role sees what hangs on one person alone.
func ofOne(role string) bool { return role == access.RoleDoctor || role == access.RoleCustomer }

// mine is the condition for the bookings b that the login sees whole.
func (p *preparer) mine() (condition string, who uuid.NullUUID) {
	switch p.role {
	case access.RoleCustomer:
		return `b.customer_id = $1`, p.own
	case access.RoleDoctor: // of whom has called off, the customer is nobody's business any more
		return `EXISTS (SELECT 1 FROM appointments m WHERE m.booking_id = b.id AND m.practitioner_id = $1 AND ` + kept + `)`, p.own
	default:
		return `($1::uuid IS NULL OR b.unit_id = $1)`, p.unit
	}
}

func (p *preparer) scope(ctx context.Context, login string) error {
	p.login = login
	err := p.db.QueryRowContext(ctx, `SELECT r.name, u.organizational_unit_id, coalesce(
			(SELECT d.id FROM practitioner_profiles d WHERE d.user_id = u.id), (SELECT c.id FROM customers c WHERE c.account_id = u.id ORDER BY c.id LIMIT 1))
		FROM users u JOIN user_roles ur ON ur.user_id = u.id JOIN roles r ON r.id = ur.role_id WHERE u.username = $1`, login).Scan(&p.role, &p.unit, &p.own)
	if err != nil {
		return err
	}
	switch p.role {
	case access.RoleStaff, access.RoleDoctor, access.RoleCustomer:
	case access.RoleManager, access.RoleAdmin:
		p.unit = uuid.NullUUID{}
	default:
		return fmt.Errorf("no questions are for a %s", p.role)
	}
	return nil
}

// each runs a query and makes a question of every row.
func (p *preparer) each(ctx context.Context, query string, args []any, question func(scan func(...any) error) (Question, error)) (all []Question, err error) {
	rows, err := p.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		q, err := question(rows.Scan)
		if err != nil {
			return nil, err
		}
		all = append(all, q)
	}
	return all, rows.Err()
}

// cursorOf asks for the first page and gives its end.
func (p *preparer) cursorOf(ctx context.Context, variables map[string]any) (string, error) {
	first := newQuestion(p.documents["Q4"], variables)
	text, err := p.ask(ctx, first.Body)
	if err != nil {
		return "", err
	}
	var answer struct {
		Data struct {
			Bookings struct{ PageInfo struct{ EndCursor string } }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return "", err
	}
	if answer.Data.Bookings.PageInfo.EndCursor == "" {
		return "", fmt.Errorf("the first page has no end: %s", cut(text))
	}
	return answer.Data.Bookings.PageInfo.EndCursor, nil
}
