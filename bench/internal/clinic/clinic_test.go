package clinic_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"clinicgraph/bench/internal/clinic"
	"clinicgraph/ent"
	_ "clinicgraph/ent/runtime" // the schemas' policies and defaults
	"clinicgraph/internal/guard"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
	"clinicgraph/migrate"
)

const bookings = 5000

var today = time.Date(2026, 5, 13, 15, 4, 5, 0, time.UTC)

// furnished makes a database as a server leaves it after its first start.
func furnished(url string) (err error) {
	ctx := context.Background()
	db, err := store.OpenPostgres(ctx, store.Options{URL: url, StatementTimeout: -1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := migrate.Apply(ctx, db); err != nil {
		return err
	}
	client := ent.NewClient(ent.Driver(db.Driver))
	guard.Install(client, func() time.Time { return today.Truncate(time.Microsecond) }, guard.Record{})
	return seed.Base(ctx, &store.Store{Client: client, DB: db}, "UTC")
}

var template testdb.Template

// load gives a database with the clinic in it.
func load(t *testing.T, size clinic.Size) (*clinic.Clinic, *sql.DB, string) {
	t.Helper()
	url := testdb.NewPostgresDatabase(t, template.Get(t, furnished))
	c, err := clinic.New(size, today)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Load(t.Context(), url, nil, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, db, url
}

func count(t *testing.T, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestLoad(t *testing.T) {
	size := clinic.SizeFor(bookings)
	c, db, url := load(t, size)

	t.Run("makes what the size says", func(t *testing.T) {
		got := map[string]int{}
		for _, table := range []string{"bookings", "appointments", "orders", "order_items", "customers", "points_accounts", "practitioner_profiles", "products"} {
			got[table] = count(t, db, "SELECT count(*) FROM "+table)
		}
		want := map[string]int{
			"bookings": bookings, "appointments": bookings, "orders": bookings, "order_items": bookings,
			"customers": size.Customers, "points_accounts": size.Customers, "practitioner_profiles": size.Practitioners, "products": size.Services,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if paid := count(t, db, "SELECT count(*) FROM payment_transactions"); paid < bookings*28/100 || paid > bookings*32/100 {
			t.Errorf("%d of %d bookings are paid", paid, bookings)
		}
	})
	t.Run("keeps the rules of the domain", func(t *testing.T) {
		for rule, query := range map[string]string{
			"whoever blocks has two claims, and nobody else": `
				SELECT count(*) FROM appointments a WHERE
				  (SELECT count(*) FROM resource_claims WHERE appointment_id = a.id)
				  <> CASE WHEN status IN ('TENTATIVE', 'SCHEDULED', 'COMPLETED') THEN 2 ELSE 0 END`,
			"practitioners offer what is booked": `
				SELECT count(*) FROM appointments a WHERE NOT EXISTS (SELECT FROM practitioner_services s
				  WHERE s.practitioner_id = a.practitioner_id AND s.service_id = a.service_id)`,
			"visits are as long as the service": `
				SELECT count(*) FROM appointments a JOIN service_settings s ON s.product_id = a.service_id
				 WHERE a.ends_at <> a.starts_at + duration_minutes * interval '1 min' OR a.busy_to <> a.ends_at + buffer_after_minutes * interval '1 min'`,
			"visits lie in the working hours": `
				SELECT count(*) FROM appointments a WHERE NOT EXISTS (SELECT FROM working_hours w WHERE w.practitioner_id = a.practitioner_id
				   AND w.weekday = extract(isodow FROM a.starts_at AT TIME ZONE 'UTC')
				   AND extract(epoch FROM a.starts_at AT TIME ZONE 'UTC' - date_trunc('day', a.starts_at AT TIME ZONE 'UTC')) BETWEEN w.starts_at * 60 AND w.ends_at * 60)`,
			"bookings are made before they take place, and not in the future": `
				SELECT count(*) FROM bookings WHERE created_at >= starts_at OR updated_at < created_at OR created_at > '2026-05-13'`,
			"what is past is settled, what is to come is not": `
				SELECT count(*) FROM bookings WHERE (status IN ('CONFIRMED', 'PENDING')) <> (starts_at > '2026-05-13') AND status <> 'CANCELLED'`,
			"a booking and all of it are in one unit and of one customer": `
				SELECT count(*) FROM bookings b JOIN appointments a ON a.booking_id = b.id JOIN orders o ON o.booking_id = b.id
				  JOIN practitioner_profiles p ON p.id = a.practitioner_id LEFT JOIN payment_transactions t ON t.order_id = o.id
				 WHERE (b.unit_id, b.customer_id) <> (a.unit_id, a.customer_id) OR (b.unit_id, b.customer_id) <> (o.unit_id, o.customer_id)
				    OR p.unit_id <> b.unit_id OR p.user_id <> a.practitioner_user_id OR (t.unit_id, t.customer_id, t.booking_id) <> (b.unit_id, b.customer_id, b.id)`,
			"whoever books online has an account": `
				SELECT count(*) FROM bookings b JOIN customers c ON c.id = b.customer_id
				 WHERE source = 'ONLINE' AND b.created_by IS DISTINCT FROM c.account_id`,
			"amounts agree": `
				SELECT count(*) FROM bookings b JOIN orders o ON o.booking_id = b.id JOIN order_items i ON i.order_id = o.id
				  LEFT JOIN payment_transactions t ON t.order_id = o.id
				 WHERE b.total_amount <> o.total_amount OR i.total_amount <> o.total_amount OR i.tax_amount <> o.tax_amount
				    OR o.captured_amount <> coalesce(t.amount_minor, 0) OR (o.charge_status = 'FULL') <> (t.id IS NOT NULL)`,
			"an order's last event is its state": `
				SELECT count(*) FROM orders o WHERE status <> (SELECT to_status FROM order_events WHERE order_id = o.id ORDER BY created_at DESC, id DESC LIMIT 1)`,
			"a balance is the sum of its entries and the last of them": `
				SELECT count(*) FROM points_accounts a WHERE balance <> (SELECT coalesce(sum(delta), 0) FROM points_entries WHERE account_id = a.id)
				    OR balance <> coalesce((SELECT balance_after FROM points_entries WHERE account_id = a.id ORDER BY id DESC LIMIT 1), 0)`,
			"every customer has the same number of bookings": `
				SELECT count(*) FROM (SELECT FROM bookings GROUP BY customer_id HAVING count(*) NOT BETWEEN 9 AND 11) x`,
		} {
			if n := count(t, db, query); n != 0 {
				t.Errorf("%s: %d rows do not", rule, n)
			}
		}
	})
	t.Run("gives ids that say what they name", func(t *testing.T) {
		for table, kind := range map[string]ids.Kind{
			"bookings": ids.Booking, "appointments": ids.Appointment, "resource_claims": ids.ResourceClaim, "orders": ids.Order,
			"order_items": ids.OrderItem, "order_events": ids.OrderEvent, "payment_transactions": ids.PaymentTransaction,
			"points_accounts": ids.PointsAccount, "points_entries": ids.PointsEntry, "customers": ids.Customer, "users": ids.User,
			"user_roles": ids.UserRole, "practitioner_profiles": ids.PractitionerProfile, "products": ids.Product,
			"service_settings": ids.ServiceSetting, "practitioner_services": ids.PractitionerService, "working_hours": ids.WorkingHours,
		} {
			var text string
			if err := db.QueryRowContext(t.Context(), "SELECT id FROM "+table+" ORDER BY md5(id::text) LIMIT 1").Scan(&text); err != nil {
				t.Fatal(err)
			}
			if got, ok := ids.KindOf(uuid.MustParse(text)); got != kind || !ok {
				t.Errorf("%s: %s is a %v", table, text, got)
			}
		}
	})
	t.Run("leaves no constraint unchecked", func(t *testing.T) {
		if n := count(t, db, `SELECT count(*) FROM pg_constraint WHERE NOT convalidated`); n != 0 {
			t.Errorf("%d constraints are not valid", n)
		}
		if n := count(t, db, `SELECT count(*) FROM pg_constraint WHERE conname = 'resource_claims_no_overlap' AND contype = 'x'`); n != 1 {
			t.Errorf("the rule against overlapping claims is there %d times", n)
		}
	})
	t.Run("refuses a database in use", func(t *testing.T) {
		if err := c.Load(t.Context(), url, nil, slog.New(slog.DiscardHandler)); !errors.Is(err, clinic.ErrInUse) {
			t.Errorf("Load = %v, want %v", err, clinic.ErrInUse)
		}
	})
}

func TestASizeMustFit(t *testing.T) {
	good := clinic.SizeFor(1000)
	for name, edit := range map[string]func(*clinic.Size){
		"no bookings":                     func(s *clinic.Size) { s.Bookings = 0 },
		"no units":                        func(s *clinic.Size) { s.Units = 0 },
		"practitioners unevenly in units": func(s *clinic.Size) { s.Practitioners = 51 },
		"services unevenly":               func(s *clinic.Size) { s.Services = 201 },
		"too few customers":               func(s *clinic.Size) { s.Customers = 5 },
	} {
		size := good
		edit(&size)
		if _, err := clinic.New(size, today); err == nil {
			t.Errorf("%s: New accepts %+v", name, size)
		}
	}
}
