package customers

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"sync"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/customer"
	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// document is what the number of an identity document may be.
var document = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ./-]{3,39}$`)
})

// resealBatch is how many numbers are sealed anew in one transaction.
const resealBatch = 200

// checkDocument lets nil pass: no number. Errors: BAD_USER_INPUT.
func checkDocument(number *string) error {
	if number != nil && !document().MatchString(*number) {
		return fault.Invalid("input.documentNumber", "The number of a document has 4 to 40 letters, digits, spaces, dots, dashes and slashes.")
	}
	return nil
}

// setDocument puts the number of an identity document into the profile, sealed for
// it. Errors: BAD_USER_INPUT.
func (s *Service) setDocument(ctx context.Context, c *ent.Customer, number string) (*ent.Customer, error) {
	if err := checkDocument(&number); err != nil {
		return nil, err
	}
	changed, err := c.Update().SetDocumentSealed(s.Documents.Seal([]byte(number), c.ID.String())).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("keep the number of a document: %w", err)
	}
	return changed, nil
}

// Document gives the number of the person's identity document, nil where there is
// none. Who may read it has been decided.
func (s *Service) Document(c *ent.Customer) (*string, error) {
	if len(c.DocumentSealed) == 0 {
		return nil, nil
	}
	plain, err := s.Documents.Open(c.DocumentSealed, c.ID.String())
	if err != nil {
		return nil, fmt.Errorf("open the document number of customer %s: %w", c.ID, err)
	}
	number := string(plain)
	return &number, nil
}

// Reseal seals anew what a former secret has sealed. It may run on several servers
// at once, and be repeated. A number that no secret opens is an error: it is data
// of a patient, and not lost without a word.
func (s *Service) Reseal(ctx context.Context) (resealed int, err error) {
	ctx = access.WithDeleted(access.System(ctx, "secret"))
	after := uuid.Nil
	for {
		n := 0
		err := s.Store.InTx(ctx, func(c *ent.Client, _ *sql.Tx) error {
			rows, err := c.Customer.Query().Where(customer.DocumentSealedNotNil(), customer.IDGT(after)).
				Order(customer.ByID()).Limit(resealBatch).All(ctx)
			if err != nil {
				return fmt.Errorf("read document numbers: %w", err)
			}
			for _, row := range rows {
				after = row.ID
				renewed, err := s.Documents.Renew(row.DocumentSealed, row.ID.String())
				if err != nil {
					return fmt.Errorf("open the document number of customer %s: %w", row.ID, err)
				}
				if renewed == nil {
					continue
				}
				if err := row.Update().SetDocumentSealed(renewed).Exec(ctx); err != nil {
					return fmt.Errorf("seal a document number anew: %w", err)
				}
				resealed++
			}
			n = len(rows)
			return nil
		})
		if err != nil || n < resealBatch {
			return resealed, err
		}
	}
}
