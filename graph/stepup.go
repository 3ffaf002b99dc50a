package graph

import (
	"context"
	"time"

	"clinicgraph/internal/access"
	"clinicgraph/internal/fault"
)

// fresh refuses a caller who has not proven of late who they are. A token of a
// program proves nothing of the kind and never is fresh; background work, which
// does not come through the graph, is not asked. Errors: STEP_UP_REQUIRED.
func fresh(ctx context.Context, most time.Duration) error {
	v := access.FromContext(ctx)
	if v == nil || v.System() != "" || v.Anonymous() {
		return nil // for the door to answer
	}
	if v.AuthTime.IsZero() || v.Clock().Sub(v.AuthTime) > most {
		return fault.New(fault.CodeStepUpRequired, "Please prove anew who you are (reauthenticate), and then try again.")
	}
	return nil
}
