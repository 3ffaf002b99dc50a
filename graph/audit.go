package graph

import (
	"context"
	"encoding/base64"
	"encoding/hex"

	"github.com/google/uuid"

	"clinicgraph/graph/model"
	"clinicgraph/internal/chain"
	"clinicgraph/internal/fault"
)

func (r *queryResolver) AuditChain(ctx context.Context, fromSeq, toSeq *int64) (*model.AuditChain, error) {
	shown := &model.AuditChain{}
	if fromSeq == nil && toSeq != nil {
		return nil, fault.Invalid("fromSeq", "Both ends are needed.")
	}
	if fromSeq != nil {
		if toSeq == nil {
			return nil, fault.Invalid("toSeq", "Both ends are needed.")
		}
		p, err := r.Record.Check(ctx, *fromSeq, *toSeq)
		if err != nil {
			return nil, err
		}
		shown.Check = &model.AuditCheck{FromSeq: *fromSeq, ToSeq: *toSeq, Problem: auditProblem(p)}
	}
	head, err := r.Record.Head(ctx)
	if err != nil {
		return nil, err
	}
	text := base64.StdEncoding.EncodeToString
	if head.Seq > 0 {
		shown.Head = &model.AuditHead{Seq: head.Seq, Code: text(head.Code), At: head.At, Key: text(head.Key), Signature: text(head.Signature)}
	}
	archives, err := r.Record.Archives(ctx)
	if err != nil {
		return nil, err
	}
	shown.Archives = make([]*model.AuditArchive, len(archives))
	for i, m := range archives {
		shown.Archives[i] = &model.AuditArchive{
			File: m.File, Sha256: hex.EncodeToString(m.SHA256), FirstSeq: m.First, LastSeq: m.Last, SealedFrom: m.From, SealedTo: m.To,
		}
	}
	return shown, nil
}

func auditProblem(p *chain.Problem) *model.AuditProblem {
	if p == nil {
		return nil
	}
	shown := &model.AuditProblem{Kind: p.Kind, Seq: p.Seq}
	if p.Row != uuid.Nil {
		row := p.Row.String()
		shown.RowID, shown.Log = &row, &p.Table
	}
	return shown
}
