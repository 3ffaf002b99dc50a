package scalar

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/internal/fault"
)

const dayMinutes = 24 * 60

// MarshalDate writes a day as the database keeps it, YYYY-MM-DD.
func MarshalDate(day string) graphql.ContextMarshaler { return text(day) }

// UnmarshalDate reads a day of the calendar as YYYY-MM-DD.
func UnmarshalDate(ctx context.Context, v any) (string, error) {
	if s, ok := v.(string); ok {
		if _, err := time.Parse(time.DateOnly, s); err == nil {
			return s, nil
		}
	}
	return "", fault.Invalid(at(ctx), "This must be a day such as 2026-01-31.")
}

// MarshalLocalTime writes minutes after local midnight as HH:MM. A value that is
// no time of day is a defect and an error.
func MarshalLocalTime(minutes int32) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		if minutes < 0 || minutes >= dayMinutes {
			return fmt.Errorf("%d minutes are no time of day", minutes)
		}
		_, err := fmt.Fprintf(w, `"%02d:%02d"`, minutes/60, minutes%60)
		return err
	})
}

// UnmarshalLocalTime reads HH:MM as minutes after local midnight.
func UnmarshalLocalTime(ctx context.Context, v any) (int32, error) {
	if s, ok := v.(string); ok {
		if t, err := time.Parse("15:04", s); err == nil && len(s) == len("15:04") {
			return int32(t.Hour()*60 + t.Minute()), nil
		}
	}
	return 0, fault.Invalid(at(ctx), "This must be a time of day such as 09:30.")
}
