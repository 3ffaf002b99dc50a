package scheduling

import (
	"context"
	"database/sql"
	"fmt"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/customer"
	"clinicgraph/ent/practitionerprofile"
	"clinicgraph/ent/practitionerservice"
	"clinicgraph/ent/product"
	"clinicgraph/ent/servicesetting"
	"clinicgraph/internal/access"
)

// wanted is what a request to book names: of each as much as deciding and booking
// take, nil where the caller sees none.
type wanted struct {
	customer     *ent.Customer
	practitioner *ent.PractitionerProfile
	service      *ent.Product // with its setting
	offered      bool         // by the practitioner, who takes bookings
}

// find reads what the request names by one statement, through the caller's rows. It
// keeps others from booking the same practitioner, and then the same customer, until
// the transaction ends. The constraint on claims would refuse them as well, but of two
// that meet there PostgreSQL may have to kill one as a deadlock, after a second. What
// only refers to the customer, such as a payment, does not wait.
func (s *Service) find(ctx context.Context, c *ent.Client, r Request) (w wanted, err error) {
	rows, err := c.Read(ctx, s.finding(ctx, c, r))
	if err != nil {
		return w, fmt.Errorf("load what is to be booked: %w", err)
	}
	defer func() { err = closing(rows, err) }()
	if !rows.Next() {
		return w, nil // the error is that of the rows
	}
	var (
		d ent.PractitionerProfile
		k ent.Customer
		v ent.Product
		t ent.ServiceSetting
	)
	err = rows.Scan(
		some(&d.ID), some(&d.UserID), &d.UnitID, some(&d.DisplayName), some(&d.Timezone),
		some(&k.ID), &k.AccountID, &k.AnonymizedAt,
		some(&v.ID), some(&v.Name), some(&v.PriceAmount), some(&v.Currency), some(&v.TaxRate), some(&v.IsAvailable),
		some(&t.ID), some(&t.DurationMinutes), some(&t.BufferBeforeMinutes), some(&t.BufferAfterMinutes), some(&t.IntervalMinutes),
		some(&t.NoticeMinutes), some(&t.HorizonDays), some(&t.HoldMinutes), some(&t.RequiresConfirmation),
		&w.offered)
	if err != nil {
		return w, fmt.Errorf("load what is to be booked: %w", err)
	}
	if t.ID != uuid.Nil {
		v.Edges.ServiceSetting = &t
	}
	w.practitioner, w.customer, w.service = found(&d, d.ID), found(&k, k.ID), found(&v, v.ID)
	return w, nil
}

// finding is the statement of find. The customer's row is locked after the
// practitioner's, because which it is depends on the practitioner having been read.
func (s *Service) finding(ctx context.Context, c *ent.Client, r Request) entsql.Querier {
	d := seen(ctx, c, ent.TypePractitionerProfile, practitionerprofile.Table,
		practitionerprofile.FieldID, practitionerprofile.FieldUserID, practitionerprofile.FieldUnitID,
		practitionerprofile.FieldDisplayName, practitionerprofile.FieldTimezone)
	practitionerprofile.ID(r.PractitionerID)(d)

	k := seen(ctx, c, ent.TypeCustomer, customer.Table, customer.FieldID, customer.FieldAccountID, customer.FieldAnonymizedAt)
	if r.CustomerID != nil {
		customer.ID(*r.CustomerID)(k)
	} else {
		customer.AccountID(access.FromContext(ctx).UserID)(k)
		k.OrderBy(k.C(customer.FieldID)).Limit(1)
	}
	if s.Store.DB.LocksRows() {
		d.ForUpdate()
		k.Where(entsql.ExprP("(SELECT count(*) FROM d) >= 0")).ForUpdate(entsql.WithLockClause("FOR NO KEY UPDATE"))
	}

	v := seen(ctx, c, ent.TypeProduct, product.Table,
		product.FieldID, product.FieldName, product.FieldPriceAmount, product.FieldCurrency, product.FieldTaxRate, product.FieldIsAvailable)
	product.ID(r.ServiceID)(v)
	t := seen(ctx, c, ent.TypeServiceSetting, servicesetting.Table,
		servicesetting.FieldID, servicesetting.FieldDurationMinutes, servicesetting.FieldBufferBeforeMinutes, servicesetting.FieldBufferAfterMinutes,
		servicesetting.FieldIntervalMinutes, servicesetting.FieldNoticeMinutes, servicesetting.FieldHorizonDays, servicesetting.FieldHoldMinutes,
		servicesetting.FieldRequiresConfirmation)
	servicesetting.ProductID(r.ServiceID)(t)
	offer := seen(ctx, c, ent.TypePractitionerService, practitionerservice.Table, practitionerservice.FieldID)
	entsql.AndPredicates(practitionerservice.PractitionerID(r.PractitionerID), practitionerservice.ServiceID(r.ServiceID),
		practitionerservice.HasPractitionerWith(accepting()))(offer)

	return s.sql(func(b *entsql.Builder) {
		b.WriteString("WITH d AS (").Join(d).WriteString("), k AS (").Join(k).
			WriteString(") SELECT d.*, k.*, v.*, t.*, EXISTS (").Join(offer).
			WriteString(") FROM (SELECT 1) AS one LEFT JOIN d ON TRUE LEFT JOIN k ON TRUE LEFT JOIN (").Join(v).
			WriteString(") AS v ON TRUE LEFT JOIN (").Join(t).WriteString(") AS t ON TRUE")
	})
}

// seen selects the rows of an entity that the caller sees.
func seen(ctx context.Context, c *ent.Client, entity, table string, columns ...string) *entsql.Selector {
	from := entsql.Table(table)
	q := entsql.Select(from.Columns(columns...)...).From(from).WithContext(ctx)
	c.Visible(entity)(q)
	return q
}

// sql is a statement for the database of the service.
func (s *Service) sql(write func(*entsql.Builder)) entsql.Querier {
	return entsql.ExprFunc(func(b *entsql.Builder) {
		b.SetDialect(s.Store.DB.Dialect)
		write(b)
	})
}

// found is nil for a row that was not there.
func found[T any](row *T, id uuid.UUID) *T {
	if id == uuid.Nil {
		return nil
	}
	return row
}

// some reads a column that is null where there is no row: the value stays as it is.
func some[T any](to *T) sql.Scanner { return value[T]{to} }

type value[T any] struct{ to *T }

// Scan implements sql.Scanner.
func (v value[T]) Scan(src any) error {
	var n sql.Null[T]
	err := n.Scan(src)
	if n.Valid {
		*v.to = n.V
	}
	return err
}
