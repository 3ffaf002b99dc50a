package auth

import (
	"testing"
	"time"

	"clinicgraph/ent"
)

func TestARefreshTokenIsJudgedByItsAgeAndItsSuccessor(t *testing.T) {
	now := testNow
	ago := func(d time.Duration) *time.Time { at := now.Add(-d); return &at }
	fresh, taken := &ent.RefreshToken{}, &ent.RefreshToken{UsedAt: ago(0)}
	token := func(used *time.Time, change ...func(*ent.RefreshToken)) *ent.RefreshToken {
		it := &ent.RefreshToken{UsedAt: used, ExpiresAt: now.Add(time.Microsecond)}
		for _, c := range change {
			c(it)
		}
		return it
	}
	expired := func(it *ent.RefreshToken) { it.ExpiresAt = now }
	revoked := func(it *ent.RefreshToken) { it.RevokedAt = ago(0) }
	repeats := func(n int32) func(*ent.RefreshToken) { return func(it *ent.RefreshToken) { it.ReuseCount = n } }
	for name, c := range map[string]struct {
		token, successor *ent.RefreshToken
		want             worth
	}{
		"unused":                         {token(nil), nil, good},
		"unused, expired":                {token(nil, expired), nil, refused},
		"unused, revoked":                {token(nil, revoked), nil, refused},
		"used, revoked":                  {token(ago(0), revoked), fresh, refused},
		"at once":                        {token(ago(0)), fresh, repeated},
		"in parallel, the fiftieth":      {token(ago(time.Second), repeats(50)), fresh, repeated},
		"the third repetition":           {token(ago(2*time.Second), repeats(2)), fresh, repeated},
		"the fourth":                     {token(ago(time.Second+1), repeats(3)), fresh, reused},
		"at the end of the grace period": {token(ago(10 * time.Second)), fresh, repeated},
		"after it":                       {token(ago(10*time.Second + 1)), fresh, reused},
		"within it, expired":             {token(ago(time.Second), expired), fresh, refused},
		"after it, expired":              {token(ago(time.Hour), expired), fresh, reused},
		"its successor was used":         {token(ago(0)), taken, reused},
		"its successor was revoked":      {token(ago(0)), &ent.RefreshToken{RevokedAt: ago(0)}, reused},
		"of a server that kept none":     {token(ago(0)), nil, reused},
	} {
		if got := judge(c.token, c.successor, now); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
