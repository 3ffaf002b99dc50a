package app

import (
	"context"
	"io"
	"os"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/config"
	"clinicgraph/internal/store"
	"clinicgraph/internal/trail"
)

// stream opens what the settings say about the stream of the record; nil: there is
// none. What goes to stdout begins with what is sealed from now on.
func stream(cfg config.Config, db *store.DB, out io.Writer) (func(context.Context) error, error) {
	switch {
	case cfg.Audit.Stream == "off" || cfg.Audit.Stream == "" || cfg.Audit.Stream == "stdout" && out == nil:
		return nil, nil
	case cfg.Audit.Stream == "stdout":
		last, err := chain.Last(context.Background(), db)
		if err != nil {
			return nil, store.Classify(err)
		}
		return trail.FollowFrom(db, out, last).Next, nil
	}
	file, err := os.OpenFile(cfg.Audit.Stream, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, unusable(cfg, err)
	}
	f, err := trail.Follow(db, file)
	if err != nil {
		_ = file.Close()
		return nil, unusable(cfg, err)
	}
	return f.Next, nil
}

func unusable(cfg config.Config, err error) error {
	return &config.Error{Key: "CLINICGRAPH_AUDIT_STREAM", Value: cfg.Audit.Stream, Reason: "cannot be used: " + err.Error(), Remedy: "use off, stdout, or a file that the server may write and that has nothing else in it"}
}
