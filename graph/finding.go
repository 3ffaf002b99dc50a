package graph

import (
	"context"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"clinicgraph/graph/model"
	"clinicgraph/internal/accounts"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/paging"
)

// findingList names the list to its cursors.
var findingList = paging.List{Kind: "AccessFinding"}

func (r *queryResolver) AccessFindings(ctx context.Context, reasons []model.AccessFindingReason, ending, unused int, after *paging.Cursor, first *int, before *paging.Cursor, last *int) (*model.AccessFindingConnection, error) {
	sought, err := soughtBy("", reasons, ending, unused)
	if err != nil {
		return nil, err
	}
	if first, last, err = paging.Bounds(first, last); err != nil {
		return nil, err
	}
	if err := paging.CheckBoth(after, before, findingList); err != nil {
		return nil, err
	}
	w := accounts.Window{Limit: paging.Limit(first, last), Backward: last != nil}
	if after != nil {
		w.After = &after.ID
	}
	if before != nil {
		w.Before = &before.ID
	}
	found, err := r.Accounts.Findings(ctx, sought, w)
	if err != nil {
		return nil, err
	}
	more := len(found) == w.Limit
	page := paging.Info{HasNextPage: before != nil, HasPreviousPage: after != nil}
	if w.Backward {
		page.HasPreviousPage = more
		found = found[max(0, len(found)-*last):]
	} else {
		page.HasNextPage = more
		found = found[:min(len(found), *first)]
	}
	out := &model.AccessFindingConnection{Edges: make([]*model.AccessFindingEdge, len(found))}
	for i, f := range found {
		out.Edges[i] = &model.AccessFindingEdge{Cursor: paging.NewCursor(findingList, f.ID(), nil), Node: &model.AccessFinding{
			Reasons: named[model.AccessFindingReason](f.Findings), Risks: named[model.AccessRisk](f.Risks), UserRole: f.Role, UserPermission: f.Direct, LastUsedOn: day(f.LastUsed),
		}}
	}
	if n := len(out.Edges); n > 0 {
		page.StartCursor, page.EndCursor = &out.Edges[0].Cursor, &out.Edges[n-1].Cursor
	}
	out.PageInfo = &page
	if slices.Contains(graphql.CollectAllFields(ctx), "totalCount") {
		if out.TotalCount, err = r.Accounts.CountFindings(ctx, sought); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// soughtBy reads what a report looks for; at is where its arguments stand.
func soughtBy(at string, reasons []model.AccessFindingReason, ending, unused int) (accounts.Sought, error) {
	const day = 24 * time.Hour
	if ending < 1 || ending > 366 {
		return accounts.Sought{}, fault.Invalid(at+"endingWithinDays", "This is a number of days from 1 to 366.")
	}
	if unused < 1 || unused > 730 {
		return accounts.Sought{}, fault.Invalid(at+"unusedForDays", "This is a number of days from 1 to 730.")
	}
	return accounts.Sought{Findings: named[accounts.Finding](reasons), Ending: time.Duration(ending) * day, Idle: time.Duration(unused) * day}, nil
}

// day is the day of an instant, in UTC; nil is none.
func day(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := t.UTC().Format(time.DateOnly)
	return &text
}

// named gives the values of one enum as those of another of the same names.
func named[To, From ~string](from []From) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = To(v)
	}
	return to
}
