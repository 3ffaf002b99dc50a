package seed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"clinicgraph/ent"
	"clinicgraph/ent/auditlog"
	"clinicgraph/ent/user"
	"clinicgraph/internal/access"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/money"
	"clinicgraph/internal/scheduling"
)

// Options say where and for whom the demo clinic is made.
type Options struct {
	Production bool   // the settings are those of a clinic at work: refuse
	Folder     string // the data folder, for AccountsFile
	Currency   string // ISO 4217; empty: EUR
	Timezone   string // IANA name; empty: UTC
}

// Why there is no demo clinic. Each is one line for whoever typed the command.
var (
	ErrProduction = errors.New("the demo clinic is refused in production: its passwords lie in a file; set CLINICGRAPH_ENV=development, with another database")
	ErrThere      = errors.New("the demo clinic is there already; its accounts are in " + AccountsFile + " in the data folder")
	ErrUnfinished = errors.New("a demo clinic was begun in this database, but its " + AccountsFile + " is not in this data folder; begin with an empty database")
	ErrInUse      = errors.New("the database holds a clinic already; the demo clinic needs an empty one")
)

// Demo fills an empty database with a believable clinic: units, staff,
// customers, what is offered, weeks of past and coming bookings, payments and
// points. It is the same for each local day, but for ids, numbers and passwords,
// and ends with the midnight before Now: nothing in it is later than that. The
// accounts are to be shown once; they are kept in AccountsFile, too.
//
// Everything goes through the verbs, one after the other and as the people who
// would do it, on a clock of its own; so what the rules refuse fails here, too.
// The records carry the times of that clock. No server must be at work on the
// database meanwhile: its jobs live in another time. Errors: ErrProduction, ErrThere,
// ErrUnfinished, ErrInUse. After any other error the database is not to be used.
func Demo(ctx context.Context, d Deps, o Options) ([]Account, error) {
	if o.Production {
		return nil, ErrProduction
	}
	o.Currency, o.Timezone = cmp.Or(o.Currency, "EUR"), cmp.Or(o.Timezone, "UTC")
	if _, known := money.Digits(o.Currency); !known {
		return nil, fmt.Errorf("demo clinic: %q is not a currency of ISO 4217", o.Currency)
	}
	zone, err := scheduling.LoadZone(o.Timezone)
	if err != nil {
		return nil, fmt.Errorf("demo clinic: %w", err)
	}
	ctx = access.WithRequest(access.System(ctx, "demo"), access.Request{Operation: "seed demo"})
	if err := refuse(ctx, d.Store.Client, o.Folder); err != nil {
		return nil, err
	}
	if err := Base(ctx, d.Store, o.Timezone); err != nil {
		return nil, err
	}
	p, err := newPlan(d.Now(), zone)
	if err != nil {
		return nil, err
	}
	b := newBuilder(d, o, p)
	if err := b.hashPasswords(ctx); err != nil {
		return nil, fmt.Errorf("demo clinic: %w", err)
	}
	if err := b.build(ctx); err != nil {
		return nil, fmt.Errorf("demo clinic: %w", err)
	}
	return b.accounts, writeAccounts(o.Folder, b.accounts)
}

// refuse looks for anything that a demo must not be mixed with.
func refuse(ctx context.Context, c *ent.Client, folder string) error {
	ctx = access.WithDeleted(ctx)
	begun, err := c.AuditLog.Query().Where(auditlog.Event(audit.EventDemoAccountCreated)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for a demo clinic: %w", err)
	}
	if begun {
		switch _, err := ReadAccounts(folder); {
		case err == nil:
			return ErrThere
		case errors.Is(err, fs.ErrNotExist):
			return ErrUnfinished
		default:
			return err
		}
	}
	for _, exists := range []func(context.Context) (bool, error){
		c.User.Query().Where(user.UsernameKeyNEQ(accounts.LoginKey(adminLogin))).Exist,
		c.Customer.Query().Exist,
		c.Product.Query().Exist,
		c.Booking.Query().Exist,
	} {
		inUse, err := exists(ctx)
		if err != nil {
			return fmt.Errorf("look for a clinic: %w", err)
		}
		if inUse {
			return ErrInUse
		}
	}
	return nil
}

// clock is the demo clinic's own time. One goroutine builds.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// set moves the clock, to what both databases keep.
func (c *clock) set(t time.Time) { c.at = t.UTC().Truncate(time.Microsecond) }
