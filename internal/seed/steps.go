package seed

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/paymentmethod"
	"clinicgraph/ent/pointsaccount"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
)

// step is something that happens at a time.
type step struct {
	at   time.Time
	what string
	run  func() error
}

// practitioner makes the profile of a doctor, with working hours.
func (b *builder) practitioner(ctx context.Context, number int, user uuid.UUID) error {
	e := staff[number]
	p, err := b.scheduling.CreatePractitioner(ctx, scheduling.NewPractitioner{
		UserID: user, Unit: &b.units[e.unit], Title: e.title, DisplayName: e.displayName(),
		Specialty: e.specialty, Timezone: b.zone.String(),
	})
	if err != nil {
		return err
	}
	b.doctors[number] = p.ID
	return b.scheduling.SetWorkingHours(ctx, p.ID, e.hours)
}

// offer makes services, goods and rewards.
func (b *builder) offer(ctx context.Context) error {
	for _, s := range services {
		made, err := b.catalog.CreateProduct(ctx, s.product(b.currency))
		if err != nil {
			return fmt.Errorf("make %s: %w", s.sku, err)
		}
		b.services = append(b.services, made.ID)
	}
	for _, g := range goods {
		if _, err := b.catalog.CreateProduct(ctx, g.product(b.currency)); err != nil {
			return fmt.Errorf("make %s: %w", g.sku, err)
		}
	}
	for _, doctor := range doctors() {
		for _, s := range offeredBy(doctor) {
			if err := b.catalog.OfferService(ctx, b.doctors[doctor], b.services[s]); err != nil {
				return fmt.Errorf("offer %s: %w", services[s].sku, err)
			}
		}
	}
	for _, p := range prizes {
		made, err := b.rewards.CreateReward(ctx, rewards.NewReward{
			Name: p.name, Description: p.description, Kind: p.kind, CostPoints: p.cost, Value: amount(p.value, b.currency),
		})
		if err != nil {
			return fmt.Errorf("make reward %s: %w", p.name, err)
		}
		b.prizes = append(b.prizes, made)
	}
	return nil
}

// steps lists everything that happens after the opening.
func (b *builder) steps(ctx context.Context) (steps []step) {
	add := func(at time.Time, what string, run func() error) { steps = append(steps, step{at, what, run}) }
	for i, l := range b.plan.logins {
		add(l.joined, "registration", func() error { return b.register(ctx, i) })
	}
	for i, p := range b.plan.profiles {
		add(p.joined, "profile", func() error { return b.profile(ctx, i) })
	}
	for i, v := range b.visits {
		add(v.booked, "booking", func() error { return b.book(i) })
		for _, p := range v.payments {
			add(p.at, "payment", func() error { return b.pay(i, p) })
		}
		if !v.cancelled.IsZero() {
			add(v.cancelled, "cancellation", func() error { return b.cancel(i) })
		}
		if !v.lapses.IsZero() {
			add(v.lapses, "expiry", func() error {
				_, err := b.scheduling.Expire(ctx)
				return err
			})
		}
	}
	for _, w := range b.wishes {
		add(w.at, "redemption", func() error { return b.redeem(ctx, w) })
	}
	return steps
}

// register makes a customer's account, as the verb of the same name would.
func (b *builder) register(ctx context.Context, number int) error {
	l := b.plan.logins[number]
	var made *ent.User
	err := b.store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) (err error) {
		made, err = b.createUser(ctx, c, accounts.NewUser{
			Username: l.username, Email: l.email(), GivenName: l.given, Surname: l.surname, Sex: b.sex(l.sex),
			Timezone: b.zone.String(), Roles: []string{access.RoleCustomer}, IsCustomer: true,
		})
		return err
	})
	if err != nil {
		return err
	}
	b.logins[number], err = b.person(ctx, made)
	return err
}

func (b *builder) profile(ctx context.Context, number int) error {
	p := b.plan.profiles[number]
	text := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	made := customers.Profile{
		GivenName: p.given, Surname: p.surname, Unit: &b.units[p.unit], Sex: b.sex(p.sex), BirthDate: &p.birthDate,
		Email: text(p.email), Phone: text(p.phone), Address: text(p.address), Notes: text(p.notes),
	}
	if p.login != none {
		made.Account = &b.logins[p.login].user.ID
	}
	c, err := b.customers.Create(ctx, made)
	if err != nil {
		return err
	}
	b.profiles[number] = c.ID
	if p.login != none {
		// Signed in anew: what is one's own is read when a request begins.
		b.logins[p.login], err = b.person(ctx, b.logins[p.login].user)
	}
	return err
}

// desk is the front desk of a unit.
func (b *builder) desk(unit int) context.Context {
	number := slices.IndexFunc(staff, func(e employee) bool { return e.role == access.RoleStaff && e.unit == unit })
	return b.staff[number].ctx
}

// actor is who deals with a visit: the customer, or the desk of the doctor's
// unit.
func (b *builder) actor(v visit) context.Context {
	if v.online {
		return b.logins[b.plan.profiles[v.profile].login].ctx
	}
	return b.desk(staff[v.doctor].unit)
}

func (b *builder) book(number int) (err error) {
	v := b.visits[number]
	b.booked[number], err = b.scheduling.Book(b.actor(v), scheduling.Request{
		CustomerID: &b.profiles[v.profile], ServiceID: b.services[v.service], PractitionerID: b.doctors[v.doctor], StartsAt: v.start,
	})
	return err
}

func (b *builder) pay(number int, p payment) error {
	made := b.booked[number].Order
	in := orders.Capture{OrderID: made.ID, Amount: made.TotalAmount - made.CapturedAmount, Method: paymentmethod.KindTest}
	if p.share == half {
		in.Amount /= 2
	}
	if p.cash {
		in.Method = paymentmethod.KindCash
	}
	done, err := b.orders.CapturePayment(b.actor(b.visits[number]), in)
	if err != nil {
		return err
	}
	b.booked[number].Order = done.Order
	return nil
}

func (b *builder) cancel(number int) error {
	v := b.visits[number]
	_, err := b.scheduling.Cancel(b.actor(v), scheduling.Cancellation{BookingID: b.booked[number].Booking.ID, Reason: &v.reason})
	return err
}

// redeem gets the customer the best reward that the points buy, if they buy any.
func (b *builder) redeem(ctx context.Context, w wish) error {
	p := b.plan.profiles[w.profile]
	customer := b.profiles[w.profile]
	account, err := b.store.Client.PointsAccount.Query().Where(pointsaccount.CustomerID(customer)).Only(ctx)
	if err != nil {
		return fmt.Errorf("read points: %w", err)
	}
	best := uuid.Nil
	for _, prize := range b.prizes { // by cost
		if prize.CostPoints <= account.Balance {
			best = prize.ID
		}
	}
	if best == uuid.Nil {
		return nil
	}
	by := b.desk(p.unit)
	if p.login != none {
		by = b.logins[p.login].ctx
	}
	_, err = b.rewards.Redeem(by, rewards.Redemption{RewardID: best, CustomerID: &customer})
	return err
}
