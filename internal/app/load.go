package app

import (
	"time"

	"clinicgraph/internal/admission"
	"clinicgraph/internal/config"
	"clinicgraph/internal/ratelimit"
	"clinicgraph/internal/store"
)

// limiter makes what limits the rates; nil where nothing does.
func limiter(l config.Load, s *store.Store) *ratelimit.Limiter {
	if l.RateAnonymous+l.RateUser+l.RateStaff+l.RateActions == 0 {
		return nil
	}
	var actions *ratelimit.Actions
	if l.RateActions > 0 {
		actions = &ratelimit.Actions{Store: s, Quota: l.RateActions, Now: time.Now}
	}
	return ratelimit.New(ratelimit.Rates{Anonymous: l.RateAnonymous, User: l.RateUser, Staff: l.RateStaff}, actions, time.Now)
}

// gate makes what lets requests in; nil where all are.
func gate(l config.Load) *admission.Gate {
	if l.InFlight == 0 {
		return nil
	}
	return admission.New(l.InFlight, time.Now)
}
