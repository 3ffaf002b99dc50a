package clinic

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent/product"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/money"
	"clinicgraph/internal/orders"
)

// specialties share the services and the practitioners among them.
const specialties = 5

// currency is that of all prices.
const currency = "EUR"

// service is something that can be booked.
type service struct {
	duration time.Duration
	buffer   time.Duration // after the visit; both together are one slot
	price    int64         // minor units
	tax      int64         // in the price, minor units
	rate     money.BasisPoints
}

func newService(n int) service {
	s := service{duration: []time.Duration{15, 20, 25, 30}[dice("duration", n, 4)] * time.Minute}
	s.buffer = slotLength - s.duration
	s.price = int64(2000 + 500*dice("price", n, 37))
	s.rate = []money.BasisPoints{0, 900, 2300}[dice("tax", n, 3)]
	line := orders.Line{UnitPrice: money.Amount{Minor: s.price, Currency: currency}, Quantity: 1, Tax: s.rate}
	totals, err := line.Totals()
	if err != nil {
		panic(fmt.Errorf("clinic: service %d: %w", n, err)) // the numbers above are ours
	}
	s.tax = totals.Tax.Minor
	return s
}

func (c *Clinic) serviceID(n int) uuid.UUID { return mint(ids.Product, c.founded(), n) }

func serviceName(n int) string { return fmt.Sprintf("Service %03d", n) }

// specialty is that of a practitioner.
func (c *Clinic) specialty(practitioner int) int {
	return practitioner / c.size.Units % specialties
}

// serviceOf picks one of the services that the practitioner offers.
func (c *Clinic) serviceOf(practitioner, pick int) int {
	return c.specialty(practitioner) + specialties*(pick%(c.size.Services/specialties))
}

// offered lists the tables of what the clinic offers.
func (c *Clinic) offered() []table {
	at := c.founded()
	return []table{
		{"products", []string{"id", "created_at", "updated_at", "sku", "name", "description", "kind", "price_amount", "currency", "tax_rate"},
			c.size.Services, func(r *row, n int) {
				s := c.services[n]
				r.id(c.serviceID(n)).time(at).time(at).text(fmt.Sprintf("S-%03d", n)).text(serviceName(n)).text("A service.").
					text(string(product.KindService)).int(s.price).text(currency).int(int64(s.rate))
			}},
		{"service_settings", []string{"id", "created_at", "updated_at", "product_id", "duration_minutes", "buffer_after_minutes", "interval_minutes", "horizon_days"},
			c.size.Services, func(r *row, n int) {
				s := c.services[n]
				r.id(mint(ids.ServiceSetting, at, n)).time(at).time(at).id(c.serviceID(n)).
					int(int64(s.duration / time.Minute)).int(int64(s.buffer / time.Minute)).int(int64(slotLength / time.Minute)).int(horizonDays)
			}},
		{"practitioner_services", []string{"id", "created_at", "updated_at", "practitioner_id", "service_id"},
			c.size.Practitioners * c.size.Services / specialties, func(r *row, n int) {
				p, pick := n%c.size.Practitioners, n/c.size.Practitioners
				r.id(mint(ids.PractitionerService, at, n)).time(at).time(at).id(c.practitionerID(p)).id(c.serviceID(c.serviceOf(p, pick)))
			}},
		{"working_hours", []string{"id", "created_at", "updated_at", "practitioner_id", "weekday", "starts_at", "ends_at"},
			c.size.Practitioners * workingDays, func(r *row, n int) {
				r.id(mint(ids.WorkingHours, at, n)).time(at).time(at).id(c.practitionerID(n / workingDays)).
					int(int64(n%workingDays + 1)).int(int64(opens / time.Minute)).int(int64(closes / time.Minute))
			}},
	}
}

// workingDays of a week: Monday, 1, to Saturday.
const workingDays = 6
