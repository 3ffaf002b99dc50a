package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// written is an operation before it is prepared.
type written struct {
	operation
	text string
}

// of restricts rows to the unit, which is argument n.
func (s *server) of(table string, n int) string {
	if s.unit == nil {
		return ""
	}
	return fmt.Sprintf(" AND %s.unit_id = $%d", table, n)
}

func (s *server) written() map[string]written {
	const (
		names = ` LEFT JOIN given_names g ON g.id = c.given_name_id AND g.deleted_at IS NULL
	LEFT JOIN surnames s ON s.id = c.surname_id AND s.deleted_at IS NULL`
		treats = ` LEFT JOIN practitioner_profiles d ON d.id = a.practitioner_id AND d.deleted_at IS NULL
	LEFT JOIN products v ON v.id = a.service_id AND v.deleted_at IS NULL`
		customer = ` LEFT JOIN customers c ON c.id = b.customer_id AND c.deleted_at IS NULL`
	)
	visits := ` LEFT JOIN appointments a ON a.booking_id = b.id AND a.deleted_at IS NULL`
	completed := ` FROM bookings b WHERE b.status = 'COMPLETED' AND b.starts_at >= $1 AND b.starts_at < $2 AND b.deleted_at IS NULL` + s.of("b", 5)
	return map[string]written{
		"Q1": {operation{args: byID, encode: booking}, `
	SELECT b.id, b.number, b.status, b.starts_at, b.ends_at, b.total_amount, b.currency, c.id, c.email, g.first_name, s.surname,
	       a.id, d.id, d.display_name, d.specialty, v.id, v.name
	  FROM bookings b` + customer + names + visits + s.of("a", 2) + treats + `
	 WHERE b.id = $1 AND b.deleted_at IS NULL` + s.of("b", 2) + ` ORDER BY a.id`},
		"Q2": {operation{args: between, encode: day}, `
	SELECT b.id, b.starts_at, b.status, g.first_name, s.surname, d.display_name, v.name, a.id
	  FROM (SELECT b.id, b.starts_at, b.status, b.customer_id FROM bookings b
	         WHERE b.starts_at >= $1 AND b.starts_at < $2 AND b.deleted_at IS NULL` + s.of("b", 3) + ` ORDER BY b.starts_at, b.id LIMIT 50) b` +
			customer + names + visits + s.of("a", 3) + treats + ` ORDER BY b.starts_at, b.id, a.id`},
		"Q3": {operation{args: byID, encode: history}, `
	WITH b AS MATERIALIZED (SELECT row_number() OVER (ORDER BY b.starts_at DESC, b.id DESC) n, b.id, b.starts_at, b.status FROM bookings b
	      WHERE b.customer_id = $1 AND b.deleted_at IS NULL` + s.of("b", 2) + ` ORDER BY b.starts_at DESC, b.id DESC LIMIT 10)
	SELECT 0, 0::bigint, c.id, c.number, g.first_name, s.surname, NULL::timestamptz, NULL::bigint, NULL FROM customers c` + names + ` WHERE c.id = $1 AND c.deleted_at IS NULL
	UNION ALL SELECT 1, n, b.id, b.status, NULL, NULL, b.starts_at, NULL, NULL FROM b
	UNION ALL SELECT 2, n, p.id, p.status, NULL, NULL, p.created_at, p.amount_minor, p.currency FROM b
	      JOIN payment_transactions p ON p.booking_id = b.id AND p.deleted_at IS NULL` + s.of("p", 2) + `
	UNION ALL SELECT 3, n, o.id, NULL, NULL, NULL, NULL, NULL, NULL FROM b JOIN orders o ON o.booking_id = b.id AND o.deleted_at IS NULL` + s.of("o", 2) + `
	UNION ALL SELECT 4, n, e.id, e.type, NULL, NULL, e.created_at, NULL, NULL FROM b
	      JOIN orders o ON o.booking_id = b.id AND o.deleted_at IS NULL` + s.of("o", 2) + ` JOIN order_events e ON e.order_id = o.id
	ORDER BY 1, 2, 3`},
		"Q4": {operation{args: pageAfter, encode: page}, `
	SELECT b.id, b.starts_at, b.total_amount, b.currency, g.first_name, s.surname, (SELECT count(*)` + completed + `)
	  FROM (SELECT b.*` + completed + ` AND (b.starts_at, b.id) > ($3, $4) ORDER BY b.starts_at, b.id LIMIT 26) b` + customer + names + `
	 ORDER BY b.starts_at, b.id`},
		"Q5": {operation{args: byID, encode: user}, strings.Replace(`
	SELECT u.id, u.username, u.email FROM users u WHERE u.id = $1 AND u.deleted_at IS NULL`+s.of("u", 2), "u.unit_id", "u.organizational_unit_id", 1)},
	}
}

func byID(v variables) ([]any, error)    { return []any{v.ID}, nil }
func between(v variables) ([]any, error) { return []any{v.From, v.To}, nil }

// pageAfter opens a cursor, which is a time and an id.
func pageAfter(v variables) ([]any, error) {
	at, id := "-infinity", "00000000-0000-0000-0000-000000000000"
	if v.After != "" {
		opened, err := base64.RawURLEncoding.DecodeString(v.After)
		if err != nil {
			return nil, err
		}
		at, id, _ = strings.Cut(string(opened), "|")
	}
	return []any{v.From, v.To, at, id}, nil
}

var errNotFound = errors.New("there is no such row")

func booking(b []byte, r *rows) ([]byte, error) {
	if !r.next() {
		return nil, errors.Join(r.err, errNotFound)
	}
	v := r.values
	b = text(b, `{"data":{"booking":{"id":`, v[0])
	b = text(b, `,"number":`, v[1])
	b = text(b, `,"status":`, v[2])
	b = text(b, `,"startsAt":`, v[3])
	b = text(b, `,"endsAt":`, v[4])
	b = price(b, `,"total":`, v[5], v[6])
	b = text(b, `,"customer":{"id":`, v[7])
	b = text(b, `,"email":`, v[8])
	b = name(append(b, ','), v[9], v[10])
	b = append(b, `},"appointments":[`...)
	for more := v[11] != nil; more; more = r.next() {
		b = text(comma(b), `{"id":`, v[11])
		b = text(b, `,"practitioner":{"id":`, v[12])
		b = text(b, `,"displayName":`, v[13])
		b = text(b, `,"specialty":`, v[14])
		b = text(b, `},"service":{"id":`, v[15])
		b = append(text(b, `,"name":`, v[16]), `}}`...)
	}
	return append(b, `]}}}`...), r.err
}

func day(b []byte, r *rows) ([]byte, error) {
	b = append(b, `{"data":{"bookings":{"edges":[`...)
	var last string
	for r.next() {
		v := r.values
		if string(v[0]) != last {
			if last != "" {
				b = append(b, `]}},`...)
			}
			last = string(v[0])
			b = text(b, `{"node":{"id":`, v[0])
			b = text(b, `,"startsAt":`, v[1])
			b = text(b, `,"status":`, v[2])
			b = name(append(b, `,"customer":{`...), v[3], v[4])
			b = append(b, `},"appointments":[`...)
		}
		if v[7] != nil {
			b = text(comma(b), `{"practitioner":{"displayName":`, v[5])
			b = append(text(b, `},"service":{"name":`, v[6]), `}}`...)
		}
	}
	if last != "" {
		b = append(b, `]}}`...)
	}
	return append(b, `]}}}`...), r.err
}

// history puts the parts of a customer's bookings together, which come one kind
// after the other with the number of the booking.
func history(b []byte, r *rows) ([]byte, error) {
	type visit struct {
		own, payments, events []byte
		ordered               bool
	}
	found := false
	var all []visit
	for r.next() {
		v := r.values
		n, err := strconv.Atoi(string(v[1]))
		if err != nil {
			return nil, err
		}
		switch string(v[0]) {
		case "0":
			found = true
			b = text(text(b, `{"data":{"customer":{"id":`, v[2]), `,"number":`, v[3])
			b = append(name(append(b, ','), v[4], v[5]), `,"bookings":{"edges":[`...)
		case "1":
			own := text(text(nil, `{"node":{"id":`, v[2]), `,"startsAt":`, v[6])
			all = append(all, visit{own: text(own, `,"status":`, v[3])})
		case "2":
			p := text(text(all[n-1].payments, `,{"id":`, v[2]), `,"status":`, v[3])
			all[n-1].payments = append(price(text(p, `,"createdAt":`, v[6]), `,"amount":`, v[7], v[8]), '}')
		case "3":
			all[n-1].ordered = true
		case "4":
			e := text(text(all[n-1].events, `,{"id":`, v[2]), `,"type":`, v[3])
			all[n-1].events = append(text(e, `,"createdAt":`, v[6]), '}')
		}
	}
	if !found || r.err != nil {
		return nil, errors.Join(r.err, errNotFound)
	}
	for _, v := range all {
		b = append(append(comma(b), v.own...), `,"paymentTransactions":[`...)
		b = append(b, v.payments[min(1, len(v.payments)):]...)
		if !v.ordered {
			b = append(b, `],"order":null}}`...)
			continue
		}
		b = append(append(b, `],"order":{"events":[`...), v.events[min(1, len(v.events)):]...)
		b = append(b, `]}}}`...)
	}
	return append(b, `]}}}}`...), nil
}

func page(b []byte, r *rows) ([]byte, error) {
	const size = 25
	var count, last string
	var edges []byte
	n := 0
	for r.next() {
		if n++; n > size {
			continue
		}
		v := r.values
		count, last = string(v[6]), string(v[1])+"|"+string(v[0])
		edges = text(edges, `,{"node":{"id":`, v[0])
		edges = text(edges, `,"startsAt":`, v[1])
		edges = price(append(edges, `,"status":"COMPLETED"`...), `,"total":`, v[2], v[3])
		edges = append(name(append(edges, `,"customer":{`...), v[4], v[5]), `}}}`...)
	}
	if n == 0 {
		return nil, errors.Join(r.err, errNotFound)
	}
	b = append(append(b, `{"data":{"bookings":{"totalCount":`...), count...)
	b = strconv.AppendBool(append(b, `,"pageInfo":{"hasNextPage":`...), n > size)
	b = append(base64.RawURLEncoding.AppendEncode(append(b, `,"endCursor":"`...), []byte(last)), `"},"edges":[`...)
	return append(append(b, edges[1:]...), `]}}}`...), r.err
}

func user(b []byte, r *rows) ([]byte, error) {
	if !r.next() {
		return nil, errors.Join(r.err, errNotFound)
	}
	b = text(b, `{"data":{"user":{"id":`, r.values[0])
	b = text(b, `,"username":`, r.values[1])
	return append(text(b, `,"email":`, r.values[2]), `}}}`...), nil
}
