package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/store"
)

// openCodes opens the keys of the record: the server seals what is written here as
// what it writes itself.
func openCodes(ctx context.Context, o options) (*chain.Keys, error) {
	secret, err := auth.LoadSecret(o.secret)
	if err != nil {
		return nil, err
	}
	keys, err := auth.DeriveKeys(secret)
	if err != nil {
		return nil, err
	}
	sealing, err := keys.Sealer("audit-chain")
	if err != nil {
		return nil, err
	}
	db, err := store.OpenPostgres(ctx, store.Options{URL: o.database, MaxConns: 1})
	if err != nil {
		return nil, err
	}
	codes, err := chain.Open(ctx, db, sealing)
	if err != nil {
		return nil, err
	}
	return codes, db.Close()
}

// entry is a row of the record.
type entry struct {
	entity string
	id     uuid.UUID
	values json.RawMessage
}

// rows gives the arguments of writing, and how many notifications there are.
func (d *desk) rows(p plan, rule scheduling.SlotRule, r *http.Request) (m made, args []any, told int, err error) {
	m = newMade()
	now, start := time.Now().UTC().Truncate(time.Microsecond), p.StartsAt.UTC()
	end, claim := start.Add(rule.Duration), rule.Claim(start)
	tax, err := money.Amount{Minor: p.price, Currency: p.currency}.Included(p.tax)
	if err != nil {
		return m, nil, 0, err
	}
	number, order := ids.Number("B", m.booking), ids.Number("O", m.order)
	data := fmt.Sprintf(`{"currency":%q,"total":%d}`, p.currency, p.price)
	ip, agent, request := r.RemoteAddr, r.UserAgent(), m.event.String()
	args = append(make([]any, 0, 80), now, d.user, m.booking, number, m.appointment, m.order, order, p.CustomerID, p.unit, start, end, p.price, p.currency,
		p.PractitionerID, p.practitionerUser, p.ServiceID, claim.Start, claim.End, ids.New(ids.ResourceClaim), ids.New(ids.ResourceClaim),
		tax.Minor, m.item, p.name, m.event, d.actor, data, ip, agent, request)
	at := func(t time.Time) string { return t.Format(time.RFC3339Nano) }
	entries := []entry{
		{ent.TypeBooking, m.booking, fmt.Appendf(nil, `{"currency":%q,"customer_id":%q,"ends_at":%q,"number":%q,"source":"DESK","starts_at":%q,"status":"CONFIRMED","total_amount":%d,"unit_id":%q}`,
			p.currency, p.CustomerID, at(end), number, at(start), p.price, p.unit.UUID)},
		{ent.TypeAppointment, m.appointment, fmt.Appendf(nil, `{"booking_id":%q,"busy_from":%q,"busy_to":%q,"customer_id":%q,"ends_at":%q,"practitioner_id":%q,"practitioner_user_id":%q,"service_id":%q,"starts_at":%q,"status":"SCHEDULED","unit_id":%q}`,
			m.booking, at(claim.Start), at(claim.End), p.CustomerID, at(end), p.PractitionerID, p.practitionerUser, p.ServiceID, at(start), p.unit.UUID)},
		{ent.TypeOrder, m.order, fmt.Appendf(nil, `{"booking_id":%q,"captured_amount":0,"charge_status":"NONE","currency":%q,"customer_id":%q,"number":%q,"placed_at":%q,"status":"PLACED","tax_amount":%d,"total_amount":%d,"unit_id":%q}`,
			m.booking, p.currency, p.CustomerID, order, at(now), tax.Minor, p.price, p.unit.UUID)},
		{ent.TypeOrderItem, m.item, fmt.Appendf(nil, `{"appointment_id":%q,"currency":%q,"name":%q,"order_id":%q,"product_id":%q,"quantity":1,"tax_amount":%d,"total_amount":%d,"unit_price_amount":%d}`,
			m.appointment, p.currency, p.name, m.order, p.ServiceID, tax.Minor, p.price, p.price)},
		{ent.TypeOrderEvent, m.event, fmt.Appendf(nil, `{"actor":%q,"data":%s,"from_status":"","order_id":%q,"to_status":"PLACED","type":"PLACED"}`, d.actor, data, m.order)},
	}
	tell := func(whom uuid.UUID, kind string, about uuid.UUID) {
		if whom == d.user || whom == uuid.Nil {
			return
		}
		id := ids.New(ids.Notification)
		args = append(args, id, whom, kind, about)
		entries = append(entries, entry{ent.TypeNotification, id, fmt.Appendf(nil, `{"kind":%q,"subject_id":%q,"user_id":%q}`, kind, about, whom)})
		told++
	}
	tell(p.practitionerUser, "APPOINTMENT_BOOKED", m.appointment)
	tell(p.account.UUID, "BOOKING_CONFIRMED", m.booking)
	for _, e := range entries {
		id := ids.New(ids.OperationLog)
		code, err := d.codes.Code(ent.TypeOperationLog, func(column string) any {
			switch column {
			case "id":
				return id
			case "created_at":
				return now
			case "user_id":
				return d.user
			case "actor":
				return d.actor
			case "action":
				return "CREATE"
			case "entity_type":
				return e.entity
			case "entity_id":
				return e.id
			case "new_values":
				return e.values
			case "ip_address":
				return ip
			case "user_agent":
				return agent
			case "request_id":
				return request
			case "operation":
				return "M1"
			case "action_details":
				return ""
			default: // acting_for, old_values
				return nil
			}
		})
		if err != nil {
			return m, nil, 0, err
		}
		args = append(args, id, e.entity, e.id, []byte(e.values), code)
	}
	return m, args, told, nil
}
