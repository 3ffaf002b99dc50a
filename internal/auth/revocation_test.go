package auth

import (
	stdsql "database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/blacklistedtoken"
	"clinicgraph/internal/access"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// revoker is a service on an empty database, and an account in it.
func revoker(t *testing.T, s *store.Store) (*Service, uuid.UUID) {
	t.Helper()
	service := &Service{Store: s, Tokens: tokensAt(t, testNow), Revoked: &Revocations{}, Now: func() time.Time { return testNow }}
	s.Client.BlacklistedToken.Use(service.Revoked.Hook())
	user := uuid.New()
	ctx := access.System(t.Context(), "test")
	err := s.InTx(ctx, func(c *ent.Client, _ *stdsql.Tx) error {
		return c.User.Create().SetID(user).SetUsername("anna").SetUsernameKey("anna").SetEmail("a@example.org").SetEmailKey("a@example.org").Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return service, user
}

func TestARevocationHoldsFromItsCommitAndNotBefore(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		service, user := revoker(t, s)
		ctx := access.System(t.Context(), "test")
		claims := Claims{Subject: user, Session: uuid.New(), ID: TokenID{1}, Version: 1}
		for name, r := range map[string]Revocation{
			"session": {User: user, Session: claims.Session, Reason: blacklistedtoken.ReasonLogout},
			"epoch":   {User: user, Epoch: 2, Reason: blacklistedtoken.ReasonAdmin},
			"token":   {User: user, Token: claims.ID, Reason: blacklistedtoken.ReasonRevoked},
		} {
			t.Run(name, func(t *testing.T) {
				service.Revoked.clear()
				rolledBack := errors.New("rolled back")
				for _, outcome := range []error{rolledBack, nil, nil} {
					err := s.InTx(ctx, func(c *ent.Client, _ *stdsql.Tx) error {
						if err := service.revoke(ctx, c, r); err != nil {
							return err
						}
						if service.Revoked.Refuses(claims) && outcome != nil {
							t.Error("refused before the commit")
						}
						return outcome
					})
					if !errors.Is(err, outcome) || service.Revoked.Refuses(claims) != (outcome == nil) {
						t.Errorf("ended with %v: refused %v, %v", outcome, service.Revoked.Refuses(claims), err)
					}
				}
			})
		}
		rows, err := s.Client.BlacklistedToken.Query().All(ctx)
		if err != nil || len(rows) != 3 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			if !row.ExpiresAt.After(testNow.Add(testTTL + tokenLeeway)) {
				t.Errorf("%s: forgotten at %s, before its last token", row.Kind, row.ExpiresAt)
			}
		}
	})
}

func TestARevocationNamesSomething(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		service, user := revoker(t, s)
		ctx := access.System(t.Context(), "test")
		err := s.InTx(ctx, func(c *ent.Client, _ *stdsql.Tx) error { return service.revoke(ctx, c, Revocation{User: user}) })
		if err == nil {
			t.Error("a revocation of nothing went through")
		}
	})
}

func (r *Revocations) clear() {
	for i := range r.shards {
		part := &r.shards[i]
		part.sessions, part.tokens, part.epochs = nil, nil, nil
	}
	r.size.Store(0)
	r.tokens.Store(0)
}

// A row that was made before a reading and commits after it is found by the next.
func TestARevocationThatCommitsLateIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		service, user := revoker(t, s)
		service.Now = time.Now
		ctx := access.System(t.Context(), "test")
		elsewhere, claims := &Revocations{}, Claims{Subject: user, Session: uuid.New(), ID: TokenID{1}, Version: 1}
		load := func() {
			t.Helper()
			if err := elsewhere.Load(ctx, s.Client, time.Now().UTC()); err != nil {
				t.Fatal(err)
			}
		}
		err := s.InTx(ctx, func(c *ent.Client, _ *stdsql.Tx) error {
			if err := service.revoke(ctx, c, Revocation{User: user, Session: claims.Session, Reason: blacklistedtoken.ReasonLogout}); err != nil {
				return err
			}
			load()
			return nil
		})
		if err != nil || elsewhere.Refuses(claims) {
			t.Fatalf("known elsewhere before the commit, or %v", err)
		}
		load()
		if !elsewhere.Refuses(claims) {
			t.Error("not known elsewhere")
		}
	})
}
