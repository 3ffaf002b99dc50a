package auth

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// following runs a test in time that does not pass by itself, with a follower of
// a database that is down as long as the flag says so.
func following(t *testing.T, alone bool, test func(f *Follower, readings *atomic.Int64, down *atomic.Bool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var readings atomic.Int64
		var down atomic.Bool
		f := NewFollower(func(ctx context.Context) error {
			readings.Add(1)
			if down.Load() {
				return errors.New("the database is down")
			}
			return ctx.Err()
		}, alone, slog.New(slog.DiscardHandler))
		test(f, &readings, &down)
	})
}

func TestWhatIsHeldIsReadTwiceASecondThoughNobodyTells(t *testing.T) {
	following(t, false, func(f *Follower, readings *atomic.Int64, _ *atomic.Bool) {
		f.Start()
		defer f.Close()
		time.Sleep(5*time.Second + time.Millisecond)
		if n := readings.Load(); n != 10 {
			t.Errorf("%d readings in five seconds", n)
		}
	})
}

func TestAHintIsFollowedAtOnceAndManyAsFew(t *testing.T) {
	following(t, false, func(f *Follower, readings *atomic.Int64, _ *atomic.Bool) {
		f.Start()
		defer f.Close()
		f.Poke()
		synctest.Wait()
		if n := readings.Load(); n != 1 {
			t.Errorf("%d readings after a hint", n)
		}
		for range 1000 {
			f.Poke()
		}
		time.Sleep(2 * followRest)
		if n := readings.Load(); n != 2 {
			t.Errorf("%d readings after a thousand hints more", n)
		}
	})
}

func TestWhatIsHeldIsStaleAfterFiveSecondsAndFreshWithTheNextReading(t *testing.T) {
	following(t, false, func(f *Follower, _ *atomic.Int64, down *atomic.Bool) {
		if !f.Stale() {
			t.Error("fresh before the first reading")
		}
		if err := f.Refresh(context.Background()); err != nil || f.Stale() {
			t.Fatalf("stale after the first reading, %v", err)
		}
		down.Store(true)
		f.Start()
		defer f.Close()
		time.Sleep(staleAfter)
		if f.Stale() {
			t.Errorf("stale after %s", f.Age())
		}
		time.Sleep(time.Millisecond)
		if !f.Stale() {
			t.Errorf("fresh after %s", f.Age())
		}
		time.Sleep(time.Hour)
		down.Store(false)
		time.Sleep(followEvery)
		if f.Stale() {
			t.Errorf("stale with the database there again: %s", f.Age())
		}
	})
}

func TestNothingIsStaleWhereNobodyElseCanRevoke(t *testing.T) {
	following(t, true, func(f *Follower, _ *atomic.Int64, down *atomic.Bool) {
		down.Store(true)
		f.Start()
		defer f.Close()
		time.Sleep(time.Hour)
		if f.Stale() {
			t.Error("stale")
		}
	})
	if (*Follower)(nil).Stale() {
		t.Error("stale where nothing is followed")
	}
}

func TestAReadingThatIsNotAnsweredEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFollower(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, false, slog.New(slog.DiscardHandler))
		began := time.Now()
		if err := f.Refresh(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != followTimeout {
			t.Errorf("%v after %s", err, time.Since(began))
		}
	})
}
