// Package app is the composition root: it puts the parts together, and is used
// by the command line and by the end-to-end tests alike. It holds no rule of its
// own.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"

	"clinicgraph/ent"
	_ "clinicgraph/ent/runtime" // the schemas' policies and defaults
	"clinicgraph/graph"
	"clinicgraph/graph/compiled"
	"clinicgraph/graph/live"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/auth"
	"clinicgraph/internal/catalog"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/counts"
	"clinicgraph/internal/customers"
	"clinicgraph/internal/events"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/httpserver"
	"clinicgraph/internal/ids"
	"clinicgraph/internal/jobs"
	"clinicgraph/internal/notifications"
	"clinicgraph/internal/notify"
	"clinicgraph/internal/orders"
	"clinicgraph/internal/paging"
	"clinicgraph/internal/ratelimit"
	"clinicgraph/internal/rewards"
	"clinicgraph/internal/scheduling"
	"clinicgraph/internal/seed"
	"clinicgraph/internal/store"
)

// accessTTL is how long an access token lives.
const accessTTL = 10 * time.Minute

// App is a server put together, not yet listening.
type App struct {
	Handler  http.Handler
	Admin    http.Handler // of the admin listener
	Graph    *graph.Endpoint
	Live     *live.Hub
	Reads    *compiled.Engine // nil: off
	events   *events.Bus
	Uses     *accounts.Uses
	followed *auth.Follower
	Keys     *auth.Keyring
	Sessions *auth.Service
	Accounts *accounts.Service
	Jobs     *jobs.Jobs
	Seed     seed.Deps
	Store    *store.Store
	Sealer   *chain.Sealer
	Mail     *notify.Outbox
	Security *audit.Security

	// Of httpserver.Server: what says that it will stop soon, and its listener.
	Drain func()
	Early func(net.Listener) net.Listener

	// FirstAdmin is the administrator that this start has made; nil when there
	// were users already. Its password is shown once.
	FirstAdmin *seed.Account

	observer *observer
	rate     *ratelimit.Limiter // nil: no limit
}

// Options are what tests choose besides the settings.
type Options struct {
	Version   string
	Now       func() time.Time  // nil: the wall clock, in UTC and microseconds
	Passwords auth.Params       // zero: the defaults
	Out       io.Writer         // takes the stream of the record that goes to stdout
	DB        *store.DB         // nil: opened by the settings; given: migrated already
	Spans     sdk.SpanProcessor // takes the spans instead of what the settings say

	// Pause holds failed sign-ins back; nil: auth.Pause.
	Pause func(context.Context, time.Duration)
}

// New puts a server together by the settings: it opens the database, migrates
// SQLite (PostgreSQL with AutoMigrate alone), and makes the base data and the
// first administrator where they are missing. Errors: config.Error,
// migrate.ErrPending, migrate.ErrNewer, and those of the database.
func New(ctx context.Context, cfg config.Config, log *slog.Logger, o Options) (_ *App, err error) {
	if o.Now == nil {
		o.Now = clock
	}
	if o.Pause == nil {
		o.Pause = auth.Pause
	}
	rules, err := recordRules(cfg)
	if err != nil {
		return nil, err
	}
	db := o.DB
	if db == nil {
		if db, err = Open(ctx, cfg); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	linked := mailPages(cfg)
	documents, err := trusted(cfg.Server.TrustedDocuments, graph.Limits(cfg.Limits), linked)
	if err != nil {
		return nil, err
	}
	if err := migrated(ctx, cfg, o, db, log); err != nil {
		return nil, err
	}
	removes, err := recordRights(ctx, cfg, db, log)
	if err != nil {
		return nil, err
	}
	keys, fresh, err := secrets(cfg)
	if err != nil {
		return nil, err
	}
	cursorKey, err := paging.NewKey(keys.Cursor.Reveal())
	if err != nil {
		return nil, fmt.Errorf("cursor key: %w", err)
	}
	record, err := openChain(ctx, cfg, db, keys)
	if err != nil {
		return nil, err
	}
	a, resolver, err := assemble(db, keys, record, rules, cfg, log, o)
	if err != nil {
		return nil, err
	}
	lets := gate(cfg.Load)
	if a.observer, err = observe(ctx, cfg, db, sources(db, resolver.Auth, lets, a.Live, a.Sealer, func() compiled.Stats { return a.Reads.Stats() }, o.Version), log, o); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.observer.close(ctx)
		}
	}()
	resolver.Security.Counted = a.observer.metrics.SecurityEvent
	resolver.Auth.Tried, resolver.Auth.Blocked = a.observer.metrics.Tried, a.observer.metrics.Blocked
	if err := a.furnish(ctx, cfg, fresh); err != nil {
		return nil, err
	}
	if err := a.follow(ctx, resolver.Auth, keys, log); err != nil {
		return nil, foreign(cfg, err)
	}
	a.Jobs, err = jobs.New(db, jobs.Verbs{
		ExpireBookings: resolver.Scheduling.Expire, CleanUpSessions: resolver.Auth.CleanUp, PurgeNotifications: resolver.Notices.Purge,
		PurgeRevocations: resolver.Auth.PurgeRevocations, RotateKeys: a.Keys.RotateDue,
		DeliverMail: a.Mail.Deliver, PurgeMail: a.Mail.Purge, PurgeOneTimeTokens: resolver.Auth.PurgeOneTimeTokens,
		ReportOverdueReviews: resolver.Accounts.ReportOverdue, Store: a.Store, Now: o.Now,
		ArchiveAudit: archiving(cfg, removes, a.Store, record, o.Now), Observe: a.observer.job,
	}, log)
	if err != nil {
		return nil, err
	}
	a.rate = limiter(cfg.Load, a.Store)
	server := &httpserver.Server{
		Authenticate: resolver.Auth.Authenticate,
		Ready:        a.ready,
		Keys:         resolver.Auth.Tokens.JWKS,
		Origins:      cfg.Server.AllowedOrigins, PublicURL: cfg.Server.PublicURL,
		Playground: cfg.PlaygroundOn(), Pages: linked, Production: cfg.Production(), Version: o.Version, Log: log,
		Observe: a.observer.exchange, Trusted: cfg.Load.Proxies(), Rate: a.rate, Gate: lets, Documents: documents, GET: cfg.Server.ServeGET,
		JSONDepth: cmp.Or(graph.Limits(cfg.Limits), graph.DefaultLimits()).JSONDepth,
	}
	a.Graph = graph.Handler(resolver, a.options(cfg, resolver.Auth, graph.Options{
		Log: log, CursorKey: cursorKey, Documents: documents, Now: o.Now, Reads: reads(cfg, db),
		Authenticate: resolver.Auth.Authenticate, Origins: server.OwnOrigins(), GET: cfg.Server.ServeGET,
	}))
	a.Reads, server.Graph = a.Graph.Reads, a.Graph
	if a.observer.traces != nil {
		server.Trace = a.observer.traces.Request
	}
	a.Handler, a.Admin, a.Drain, a.Early = server.Handler(), server.Admin(a.observer.metrics.Handler()), server.Drain, server.Early
	a.followed.Start()
	a.events.Start(a.listener())
	a.Sealer.Start()
	return a, nil
}

// clock is the server's clock: UTC, cut to what both databases keep.
func clock() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// assemble wires the domain to the database.
func assemble(db *store.DB, keys auth.Keys, record *chain.Keys, rules audit.Rules, cfg config.Config, log *slog.Logger, o Options) (*App, *graph.Resolver, error) {
	db.Rewrite(counts.Faster(db.Dialect))
	client := ent.NewClient(ent.Driver(db.Driver))
	sealing, err := peoplesKeys(keys)
	if err != nil {
		return nil, nil, err
	}
	written := guard.Record{Codes: record, People: sealing, Entries: &ids.Sequence{}}
	guard.Install(client, o.Now, written)
	client.Intercept(graph.Notes())
	bus := events.NewBus(db, client, o.Now, log)
	client.Use(events.Hook(bus.Publish))
	s := &store.Store{Client: client, DB: db}
	client.AuditLog.Use(rules.Hook())
	security := &audit.Security{Store: s, Log: log, Rules: rules, Now: o.Now, Codes: record, Entries: written.Entries}
	uses := &accounts.Uses{Store: s, Log: log}
	mail, oneTime, err := outbox(cfg, keys, s, o.Now, log)
	if err != nil {
		return nil, nil, err
	}
	issuer := cfg.Server.PublicURL
	if issuer == "" {
		issuer = "clinicgraph"
	}
	factors, err := secondFactors(cfg, keys)
	if err != nil {
		return nil, nil, err
	}
	documents, err := keys.Sealer("customer-documents")
	if err != nil {
		return nil, nil, err
	}
	signIn := &auth.Service{
		Store: s, Security: security, Now: o.Now, Mail: mail, Factors: factors, OneTime: oneTime, GuardKey: keys.Guard, Pause: o.Pause,
		MaxSessions: cfg.Sessions.PerUser, StepUp: cfg.Factors.StepUp,
		Registration: auth.Registration(cfg.RegistrationMode()),
		Passwords:    passwords(keys, cfg, o),
		Tokens:       auth.NewTokens(keys.Tokens, issuer, issuer, accessTTL, o.Now),
		Revoked:      &auth.Revocations{},
		Authorities:  &accounts.Authorities{Client: client, Uses: uses},
	}
	client.BlacklistedToken.Use(signIn.Revoked.Hook())
	client.Use(signIn.Authorities.Hook())
	mail.Errands = signIn.Errands()
	booking := &scheduling.Service{Store: s, Now: o.Now}
	people := &customers.Service{Store: s, Now: o.Now, Documents: documents, People: sealing, Security: security}
	r := &graph.Resolver{
		Client: client, Auth: signIn, Security: security, Scheduling: booking,
		Accounts: &accounts.Service{
			Store: s, Security: security, Now: o.Now, SecondFactor: signIn.Factors.Required, Uses: uses,
			EmergencyMost: cfg.Factors.BreakGlassMax, Mail: mail,
			EndSessions: signIn.EndAll, Invite: signIn.Invite, SendReset: signIn.SendReset, TellMoved: signIn.TellMoved, ClearBlock: signIn.ClearBlock,
		},
		Customers: people,
		Orders:    &orders.Service{Store: s, Now: o.Now, Paid: booking.ConfirmPaid},
		Rewards:   &rewards.Service{Store: s, Now: o.Now},
		Notices:   &notifications.Service{Store: s, Now: o.Now},
		People:    sealing,
		Record:    &chain.Record{DB: db, Keys: record, Now: o.Now},
		Live:      newHub(cfg.Live, signIn.Renew, log),
		StepUp:    cfg.Factors.StepUp,
	}
	sealer := &chain.Sealer{DB: db, Keys: record, Now: o.Now, Log: log, Heads: exportHead(headsPath(cfg), log)}
	if sealer.Follow, err = stream(cfg, db, o.Out); err != nil {
		return nil, nil, err
	}
	return &App{Store: s, Security: security, Sealer: sealer, events: bus, Uses: uses, Live: r.Live, Mail: mail, Sessions: signIn, Accounts: r.Accounts, Seed: seed.Deps{
		Store: s, Record: written, Passwords: signIn.Passwords, Now: o.Now,
		Customers: people, Catalog: &catalog.Service{Store: s},
		Scheduling: booking, Orders: r.Orders, Rewards: r.Rewards,
	}}, r, nil
}

// furnish makes what every clinic has, and the first administrator.
func (a *App) furnish(ctx context.Context, cfg config.Config, freshSecret bool) error {
	if err := seed.Base(ctx, a.Store, cfg.Timezone); err != nil {
		return err
	}
	admin, made, err := seed.FirstAdmin(ctx, a.Seed)
	if err != nil {
		return err
	}
	if made {
		a.FirstAdmin = &admin
	} else if freshSecret {
		// The next start must not find the useless secret and believe in it.
		path, _ := cfg.SecretPath()
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove the new secret: %w", err)
		}
		return &config.Error{Key: "CLINICGRAPH_SECRET_FILE", Value: "(none)", Reason: "the database has users, but their secret is missing: no password would fit", Remedy: "put the secret file of this database back"}
	}
	return nil
}
