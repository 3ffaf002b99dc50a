package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"clinicgraph/internal/config"
	"clinicgraph/internal/console"
	"clinicgraph/internal/httpserver"
	"clinicgraph/internal/notify"
)

// stopTimeout bounds an orderly stop behind the drain delay; what is not done by
// then is cut off.
const stopTimeout = 10 * time.Second

// farewellTimeout is how long clients of sockets may take to say good-bye.
const farewellTimeout = 5 * time.Second

type serveCmd struct {
	Demo bool `help:"Make the demo clinic first, where the database is empty."`
}

// Run serves until the context ends, then lets requests and jobs finish.
func (s serveCmd) Run(con terminal, cfg config.Config) error {
	a, err := New(con.ctx, cfg, con.log, Options{Version: con.version, Out: con.out})
	if err != nil {
		return err
	}
	a.greet(con)
	admin, err := a.openAdmin(cfg, con.log)
	if err != nil {
		return errors.Join(err, a.Close(con.ctx))
	}
	defer admin.close()
	if s.Demo {
		if err := a.demo(con, cfg); err != nil {
			return errors.Join(err, a.Close(con.ctx))
		}
	}
	if err := recordConfiguration(con.ctx, a.Store, cfg); err != nil {
		return errors.Join(err, a.Close(con.ctx))
	}
	listener, err := net.Listen("tcp", cfg.Server.Addr)
	if err != nil {
		return errors.Join(&config.Error{Key: "CLINICGRAPH_ADDR", Value: cfg.Server.Addr, Reason: "cannot be listened on", Remedy: "choose another address or stop what uses it"}, a.Close(con.ctx))
	}
	if err := a.Jobs.Start(con.ctx); err != nil {
		return errors.Join(err, listener.Close(), a.Close(con.ctx))
	}
	server := httpserver.New(cfg.Server.Addr, a.Handler, con.log)
	failed := make(chan error, 1)
	crowded := &httpserver.Crowded{Listener: listener, PerIP: cfg.Load.ConnsPerIP, Trusted: cfg.Load.Proxies(), Log: con.log}
	go func() { failed <- server.Serve(a.Early(crowded)) }()
	announce(con, cfg, listener.Addr(), admin.addr, a.Mail.Transport)

	select {
	case err = <-failed:
	case <-con.ctx.Done():
		con.log.Info("stopping", "drain", cfg.Load.DrainDelay)
	}
	return errors.Join(err, a.stop(server, cfg.Load.DrainDelay, con.log))
}

// stop ends the server in order: it is not ready any more, but serves on for the
// drain delay, until whoever sends requests has noticed; then it takes no more
// connections, ends what is subscribed, lets the requests at work finish, and
// closes the database. The jobs stop meanwhile. A request that takes longer than
// the stop may is cut off and told in the log; it does not make the stop a
// failure, since a client that never reads can bring that about.
func (a *App) stop(server *http.Server, drain time.Duration, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain+stopTimeout)
	defer cancel()
	a.Drain()
	jobs := make(chan error, 1)
	go func() { jobs <- a.Jobs.Stop(ctx) }()
	time.Sleep(drain)
	farewell, done := context.WithTimeout(ctx, farewellTimeout)
	defer done()
	streams := make(chan error, 1)
	go func() { streams <- a.Graph.Close(farewell) }() // event streams are requests, too
	if err := server.Shutdown(ctx); err != nil {
		log.Warn("requests cut off", "error", err)
		_ = server.Close() // what is cut off has nothing more to say
	}
	if err := <-streams; err != nil {
		log.Warn("live connections cut off", "error", err)
	}
	return errors.Join(<-jobs, a.Close(ctx))
}

// Close ends what is subscribed, stops the jobs, tells the other servers the last
// news, closes the database and hands on the last traces.
func (a *App) Close(ctx context.Context) error {
	defer a.observer.close(ctx)
	a.rate.Close()
	err := errors.Join(a.Graph.Close(ctx), a.Jobs.Stop(ctx))
	a.events.Close(ctx) // after what has news
	a.followed.Close()
	err = errors.Join(err, a.Uses.Close(ctx), a.Security.Close(ctx))
	a.Sealer.Close(ctx) // after what has anything to record
	return errors.Join(err, a.Store.DB.Close())
}

// announce prints where things are.
func announce(con terminal, cfg config.Config, addr, admin net.Addr, mail notify.Transport) {
	url := "http://" + addr.String()
	fmt.Fprintf(con.out, "ClinicGraph serves %s/graphql\n", url)
	if cfg.PlaygroundOn() {
		fmt.Fprintf(con.out, "Playground: %s%s\n", url, console.Path)
	}
	if admin != nil {
		fmt.Fprintf(con.out, "Metrics: http://%s/metrics\n", admin)
	}
	where := "PostgreSQL"
	if cfg.Database.URL.Reveal() == "" {
		where = cfg.Database.Data + "/" + databaseFile
	}
	fmt.Fprintf(con.out, "Data: %s\n", where)
	fmt.Fprintf(con.out, "Mail: %s\n", mail)
}
