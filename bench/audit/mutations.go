//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// kinds makes the mutations: one that changes a row and nothing else, the dearest to
// record by comparison, and one that books an appointment.
func (c *clinic) kinds(ctx context.Context, n int) ([]*kind, error) {
	rename := &kind{name: "nameSession"}
	var mine struct {
		Viewer struct{ Sessions []struct{ ID string } }
	}
	if err := c.ask(ctx, `{ viewer { sessions { id } } }`, nil, &mine); err != nil {
		return nil, err
	}
	for i := range n {
		body, err := json.Marshal(map[string]any{"query": `mutation Name($id: ID!, $name: String!) { nameSession(input: {id: $id, name: $name}) { session { id } } }`,
			"variables": map[string]any{"id": mine.Viewer.Sessions[0].ID, "name": fmt.Sprintf("device %d", i)}})
		if err != nil {
			return nil, err
		}
		rename.bodies = append(rename.bodies, body)
	}
	book, err := c.bookings(ctx, n)
	if err != nil {
		return nil, err
	}
	return []*kind{rename, book}, nil
}

// bookings are appointments that can all be booked, of different people at the same
// time.
func (c *clinic) bookings(ctx context.Context, n int) (*kind, error) {
	k := &kind{name: "bookAppointment"}
	type list struct {
		Edges []struct{ Node struct{ ID string } }
	}
	var found struct{ Products, Customers list }
	if err := c.ask(ctx, `{ products(first: 50, where: {kind: SERVICE}) { edges { node { id } } } customers(first: 100) { edges { node { id } } } }`, nil, &found); err != nil {
		return nil, err
	}
	offers := map[string]string{}  // of each practitioner one service
	free := map[string]time.Time{} // when the practitioner is
	perDay := map[string]int{}     // a customer comes once a day
	from := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 60)
	for days := 0; len(k.bodies) < n && days < 300; days += 30 {
		for _, service := range found.Products.Edges {
			var open struct {
				AvailableSlots []struct {
					StartsAt, EndsAt time.Time
					Practitioner     struct{ ID string }
				}
			}
			at := from.AddDate(0, 0, days)
			if err := c.ask(ctx, `query($s: ID!, $from: Time!, $to: Time!) { availableSlots(serviceId: $s, from: $from, to: $to) { startsAt endsAt practitioner { id } } }`,
				map[string]any{"s": service.Node.ID, "from": at, "to": at.AddDate(0, 0, 30)}, &open); err != nil {
				return nil, err
			}
			for _, slot := range open.AvailableSlots {
				day, who := slot.StartsAt.Format(time.DateOnly), slot.Practitioner.ID
				if offers[who] == "" {
					offers[who] = service.Node.ID
				}
				if offers[who] != service.Node.ID || slot.StartsAt.Before(free[who]) || perDay[day] == len(found.Customers.Edges) {
					continue
				}
				body, err := json.Marshal(map[string]any{"query": `mutation Book($in: BookAppointmentInput!) { bookAppointment(input: $in) { booking { id } appointment { id } order { id } } }`,
					"variables": map[string]any{"in": map[string]any{"customerId": found.Customers.Edges[perDay[day]].Node.ID, "serviceId": service.Node.ID, "practitionerId": slot.Practitioner.ID, "startsAt": slot.StartsAt}}})
				if err != nil {
					return nil, err
				}
				free[who] = slot.EndsAt.Add(30 * time.Minute) // some take time to clean up
				perDay[day]++
				k.bodies = append(k.bodies, body)
			}
		}
	}
	if len(k.bodies) < n {
		return nil, fmt.Errorf("%d appointments are free, %d are needed", len(k.bodies), n)
	}
	return k, nil
}
