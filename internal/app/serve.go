package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"clinicgraph/internal/config"
	"clinicgraph/internal/console"
	"clinicgraph/internal/httpserver"
)

// stopTimeout bounds an orderly stop; what is not done by then is cut off.
const stopTimeout = 15 * time.Second

type serveCmd struct {
	Demo bool `help:"Make the demo clinic first, where the database is empty."`
}

// Run serves until the context ends, then lets requests and jobs finish.
func (s serveCmd) Run(con terminal, cfg config.Config) error {
	a, err := New(con.ctx, cfg, con.log, Options{Version: con.version})
	if err != nil {
		return err
	}
	a.greet(con)
	admin, err := a.openAdmin(cfg, con.log)
	if err != nil {
		return errors.Join(err, a.Store.DB.Close())
	}
	defer admin.close()
	if s.Demo {
		if err := a.demo(con, cfg); err != nil {
			return errors.Join(err, a.Store.DB.Close())
		}
	}
	listener, err := net.Listen("tcp", cfg.Server.Addr)
	if err != nil {
		return errors.Join(&config.Error{Key: "CLINICGRAPH_ADDR", Value: cfg.Server.Addr, Reason: "cannot be listened on", Remedy: "choose another address or stop what uses it"}, a.Store.DB.Close())
	}
	if err := a.Jobs.Start(con.ctx); err != nil {
		return errors.Join(err, listener.Close(), a.Store.DB.Close())
	}
	server := httpserver.New(cfg.Server.Addr, a.Handler, con.log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	announce(con, cfg, listener.Addr(), admin.addr)

	select {
	case err = <-failed:
	case <-con.ctx.Done():
		con.log.Info("stopping")
	}
	return errors.Join(err, stop(a, server))
}

// stop lets requests and jobs finish, and closes the database.
func stop(a *App, server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := server.Shutdown(ctx)
	return errors.Join(err, a.Close(ctx))
}

// announce prints where things are.
func announce(con terminal, cfg config.Config, addr, admin net.Addr) {
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
}
