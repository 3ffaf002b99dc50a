package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/usersession"
	"clinicgraph/internal/app"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// another is a further server of the same PostgreSQL, with the same secret and
// clock. One that is deaf is never told anything by the others.
func (c *clinic) another(deaf bool) *clinic {
	t := c.t
	t.Helper()
	options := store.Options{URL: c.database(), Wait: -1}
	if deaf {
		nobody, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		options.ListenAddr = nobody.Addr().String() // where nobody answers any more
		if err := nobody.Close(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := store.OpenPostgres(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	return c.serve(db, deaf)
}

// serve has a further server serve the clinic.
func (c *clinic) serve(db *store.DB, broken bool) *clinic {
	c.t.Helper()
	return serveOn(c.t, &clinic{
		world: c.world, t: c.t, dialect: c.dialect, log: &journal{}, clock: c.clock, secrets: c.secrets, clients: map[string]*client{}, broken: broken,
	}, db, func(*config.Config, *app.Options) {})
}

// database is where the clinic's PostgreSQL is.
func (c *clinic) database() string {
	c.t.Helper()
	var name string
	if err := c.app.Store.DB.Write.QueryRowContext(c.t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
		c.t.Fatal(err)
	}
	there, err := url.Parse(testdb.Postgres(c.t))
	if err != nil {
		c.t.Fatal(err)
	}
	there.Path = "/" + name
	return there.String()
}

// at is the same client on another server.
func (cl *client) at(c *clinic) *client { return &client{c: c, token: cl.token, refresh: cl.refresh} }

// committed tells when transactions that revoke something have committed here.
func (c *clinic) committed() <-chan time.Time {
	told := make(chan time.Time, 100)
	c.app.Store.Client.BlacklistedToken.Use(func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			if tx, err := m.(*ent.BlacklistedTokenMutation).Tx(); err == nil {
				tx.OnCommit(func(next ent.Committer) ent.Committer {
					return ent.CommitFunc(func(ctx context.Context, tx *ent.Tx) error {
						err := next.Commit(ctx, tx)
						told <- time.Now()
						return err
					})
				})
			}
			return next.Mutate(ctx, m)
		})
	})
	return told
}

// get asks for a page of the server.
func (c *clinic) get(method, path string) (status int, header http.Header, body string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, http.NoBody)
	if err != nil {
		c.t.Fatal(err)
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(text)
}

// hammer sends requests with the token to each server at once until two seconds
// after it was revoked, and counts what was served: in all, and of requests that
// began later than a second after the commit.
func hammer(me *client, servers []*clinic, revoke func(), committed <-chan time.Time) (served, late int64, at time.Time) {

	var all sync.WaitGroup
	var mu sync.Mutex
	var successes []time.Time
	var stop atomic.Bool
	warm := make(chan struct{}, 100)
	for _, server := range servers {
		for range 2 {
			all.Go(func() {
				told := false
				for !stop.Load() {
					began := time.Now()
					if me.at(server).do(whoAmI).status != http.StatusOK {
						continue
					}
					mu.Lock()
					successes = append(successes, began)
					mu.Unlock()
					if !told {
						told = true
						warm <- struct{}{}
					}
				}
			})
		}
	}
	for range 2 * len(servers) {
		<-warm
	}
	revoke()
	at = <-committed
	<-time.After(time.Until(at.Add(2 * time.Second)))
	stop.Store(true)
	all.Wait()
	for _, s := range successes {
		served++
		if s.After(at.Add(time.Second)) {
			late++
		}
	}
	return served, late, at
}

func TestARevokedSessionStopsOnEveryServerWithinASecond(t *testing.T) {
	t.Parallel()
	here := open(t, dialect.Postgres)
	servers := []*clinic{here, here.another(false), here.another(true)}
	committed := here.committed()
	for range 3 {
		me := here.signIn(customerA, password)
		served, late, _ := hammer(me, servers, func() { me.do(`mutation { logout { loggedOut } }`).ok() }, committed)
		if late > 0 {
			t.Errorf("%d of %d requests were served that began later than a second after the commit", late, served)
		}
		t.Logf("%d requests served, %d of them late", served, late)
		for i, server := range servers {
			if a := me.at(server).do(whoAmI).refused("UNAUTHENTICATED"); a.status != http.StatusUnauthorized {
				t.Errorf("server %d: %d", i, a.status)
			}
		}
	}
}

func TestAServerThatStartsKnowsWhatWasRevokedBefore(t *testing.T) {
	t.Parallel()
	here := open(t, dialect.Postgres)
	me := here.signIn(customerA, password)
	me.do(`mutation { logout { loggedOut } }`).ok()
	other := here.signIn(customerB, password)
	there := here.another(true)
	me.at(there).do(whoAmI).refused("UNAUTHENTICATED")
	other.at(there).do(whoAmI).ok()
}

func TestNobodyIsLetInWhileNobodyKnowsWhoWasSentAway(t *testing.T) {
	t.Parallel()
	c := open(t, dialect.Postgres)
	me := c.as(customerA)
	c.broken = true
	execute := func(statement string) {
		t.Helper()
		if _, err := c.app.Store.DB.Write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	// All else can be read as before.
	execute(`ALTER TABLE blacklisted_tokens RENAME TO lost`)
	for me.do(whoAmI).status == http.StatusOK { // for five seconds
	}
	for range 20 {
		for _, ask := range []string{whoAmI, `{ products { totalCount } }`, `mutation { logout { loggedOut } }`} {
			if a := me.do(ask).refused("UNAVAILABLE"); a.status != http.StatusServiceUnavailable {
				t.Errorf("%s: %d %s", ask, a.status, a.body)
			}
		}
	}
	c.anyone().login(customerB, password).ok() // who brings a password needs no token
	if status, _, _ := c.get(http.MethodGet, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("ready: %d", status)
	}
	execute(`ALTER TABLE lost RENAME TO blacklisted_tokens`)
	for me.do(whoAmI).status != http.StatusOK {
	}
	if status, _, _ := c.get(http.MethodGet, "/readyz"); status != http.StatusOK {
		t.Errorf("not ready: %d", status)
	}
}

// cable is the network between a server and its database.
type cable struct {
	url         string // of the database, through the cable
	network, to string
	mu          sync.Mutex
	cut         bool
	ends        []net.Conn
	swallows    atomic.Bool // what the database says
}

// ear is the end of a cable where the database is heard.
type ear struct {
	net.Conn
	l *cable
}

func (e ear) Write(said []byte) (int, error) {
	if e.l.swallows.Load() {
		return len(said), nil
	}
	return e.Conn.Write(said)
}

// newCable puts a cable before a database. lib/pq asks for sockets by folder.
func newCable(t *testing.T, database string) *cable {
	t.Helper()
	there, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := there.Query()
	l := &cable{network: "unix", to: filepath.Join(query.Get("host"), ".s.PGSQL.5432")}
	if there.Host != "" {
		l.network, l.to = "tcp", there.Host
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	query.Del("host")
	there.Host, there.RawQuery = listener.Addr().String(), query.Encode()
	l.url = there.String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { l.carry(near) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		l.set(true)
		all.Wait()
	})
	return l
}

// carry carries what is said on one connection until the cable is cut.
func (l *cable) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial(l.network, l.to)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	cut := l.cut
	l.ends = append(l.ends, near, far)
	l.mu.Unlock()
	if cut {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(far, near); _ = far.Close() })
	both.Go(func() { _, _ = io.Copy(ear{near, l}, far); _ = near.Close() })
	both.Wait()
}

// set cuts the cable or mends it.
func (l *cable) set(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for _, end := range l.ends {
		_ = end.Close()
	}
	l.ends = nil
}

func TestWithoutADatabaseATokenIsWorthNothing(t *testing.T) {
	t.Parallel()
	here := open(t, dialect.Postgres)
	wire := newCable(t, here.database())
	db, err := store.OpenPostgres(t.Context(), store.Options{URL: wire.url})
	if err != nil {
		t.Fatal(err)
	}
	far := here.serve(db, true)
	me, gone := here.signIn(customerA, password).at(far), here.signIn(customerB, password).at(far)
	me.do(whoAmI).ok()
	gone.do(whoAmI).ok()
	wire.set(true)
	// Nobody can tell the server that this one has left.
	gone.at(here).do(`mutation { logout { loggedOut } }`).ok()
	// For a second it is still known who they are, and nothing of theirs can be read.
	for gone.do(whoAmI).refused("UNAVAILABLE").status != http.StatusServiceUnavailable {
		me.do(whoAmI).refused("UNAVAILABLE")
	}
	for range 50 {
		for _, cl := range []*client{me, gone} {
			if a := cl.do(whoAmI).refused("UNAVAILABLE"); a.status != http.StatusServiceUnavailable {
				t.Errorf("%d %s", a.status, a.body)
			}
		}
	}
	if status, _, _ := far.get(http.MethodGet, "/readyz"); status != http.StatusServiceUnavailable {
		t.Errorf("ready: %d", status)
	}
	wire.set(false)
	for me.do(whoAmI).status != http.StatusOK {
	}
}

// A revocation that has not got around yet stops what grants, pays or signs.
func TestWhatIsSensitiveAsksTheDatabaseForTheSession(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		me := c.signIn(admin, password)
		c.arrange(func(client *ent.Client) error { // as another server would, unheard
			open, err := client.UserSession.Query().Where(usersession.UserID(uuid.MustParse(c.id(admin)))).Only(c.system())
			if err != nil {
				return err
			}
			return open.Update().SetStatus(usersession.StatusRevoked).Exec(c.system())
		})
		me.do(whoAmI).ok()
		me.grant(customerA, "booking:read", false).refused("UNAUTHENTICATED")
		if n := c.count(`SELECT count(*) FROM user_permissions`); n != 0 {
			t.Errorf("%d permissions granted", n)
		}
	})
}
