// Package catalog owns what the clinic sells: products, how services are
// scheduled, and who offers them. It never books.
package catalog

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/product"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/money"
	"clinicgraph/internal/store"
)

// Service has the verbs of the catalogue.
type Service struct {
	Store *store.Store
}

// NewProduct is what a product is made of. Scheduling is for services and
// treatments alone.
type NewProduct struct {
	SKU, Name, Description string
	Kind                   product.Kind
	Price                  money.Amount
	TaxRate                int32 // basis points, included in the price
	Scheduling             *Scheduling
}

// Scheduling says how a service is scheduled; see ent/schema.ServiceSetting.
type Scheduling struct {
	DurationMinutes, BufferBeforeMinutes, BufferAfterMinutes int32
	IntervalMinutes, NoticeMinutes, HorizonDays, HoldMinutes int32
	RequiresConfirmation                                     bool
}

// CreateProduct makes a product. The caller is the system: the graph has no verb
// for it yet. Errors: BAD_USER_INPUT.
func (s *Service) CreateProduct(ctx context.Context, n NewProduct) (made *ent.Product, err error) {
	if !n.Price.Valid() || n.Price.IsNegative() {
		return nil, fault.Invalid("input.price", "A price has a currency of ISO 4217 and is not negative.")
	}
	if (n.Kind == product.KindGood) != (n.Scheduling == nil) {
		return nil, fault.Invalid("input.scheduling", "Services and treatments are scheduled, goods are not.")
	}
	err = s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		made, err = c.Product.Create().SetSku(n.SKU).SetName(n.Name).SetDescription(n.Description).
			SetKind(n.Kind).SetPriceAmount(n.Price.Minor).SetCurrency(n.Price.Currency).
			SetTaxRate(n.TaxRate).SetTrackStock(n.Kind == product.KindGood).Save(ctx)
		if err != nil {
			return fmt.Errorf("make product: %w", err)
		}
		if n.Scheduling == nil {
			return nil
		}
		return c.ServiceSetting.Create().SetProductID(made.ID).
			SetDurationMinutes(n.Scheduling.DurationMinutes).
			SetBufferBeforeMinutes(n.Scheduling.BufferBeforeMinutes).SetBufferAfterMinutes(n.Scheduling.BufferAfterMinutes).
			SetIntervalMinutes(n.Scheduling.IntervalMinutes).SetNoticeMinutes(n.Scheduling.NoticeMinutes).
			SetHorizonDays(n.Scheduling.HorizonDays).SetHoldMinutes(n.Scheduling.HoldMinutes).
			SetRequiresConfirmation(n.Scheduling.RequiresConfirmation).Exec(ctx)
	})
	if err != nil {
		return nil, err
	}
	return made.Unwrap(), nil
}

// OfferService says that a practitioner offers a service.
func (s *Service) OfferService(ctx context.Context, practitioner, service uuid.UUID) error {
	return s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
		return c.PractitionerService.Create().SetPractitionerID(practitioner).SetServiceID(service).Exec(ctx)
	})
}

// Bookable loads a service with its settings through the caller's rows, and
// refuses what cannot be booked. Errors: NOT_FOUND, BAD_USER_INPUT at path.
func Bookable(ctx context.Context, c *ent.Client, path string, id uuid.UUID) (*ent.Product, *ent.ServiceSetting, error) {
	p, err := c.Product.Query().Where(product.ID(id)).WithServiceSetting().Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, nil, fmt.Errorf("load service: %w", err)
	}
	if err := Check(path, p); err != nil {
		return nil, nil, err
	}
	return p, p.Edges.ServiceSetting, nil
}

// Check is the rule of Bookable for the product that was found through the caller's
// rows with its settings, nil for none.
func Check(path string, p *ent.Product) error {
	switch {
	case p == nil:
		return fault.Missing()
	case p.Edges.ServiceSetting == nil:
		return fault.Invalid(path, "%s cannot be booked: it is not a service.", p.Name)
	case !p.IsAvailable:
		return fault.Invalid(path, "%s is not offered at present.", p.Name)
	}
	return nil
}
