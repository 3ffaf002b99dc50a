package chain_test

import (
	"strings"
	"testing"

	"clinicgraph/internal/chain"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/testdb"
)

// What is checked for one request is bounded: as much as that is checked, one entry
// more is not.
func TestSoMuchIsCheckedAtOnce(t *testing.T) {
	each(t, func(r *record) {
		r.write(10) // 20 entries
		r.seal()
		small := &chain.Record{DB: r.s.DB, Keys: r.keys, Now: testdb.Now, Most: 8}
		usual := &chain.Record{DB: r.s.DB, Keys: r.keys, Now: testdb.Now}
		for _, c := range []struct {
			record   *chain.Record
			from, to int64
			says     string // nothing: it is checked
		}{
			{small, 3, 10, ""},
			{small, 3, 11, "At most 8 entries are checked at once."},
			{usual, 1, 20, ""},
			{usual, 1, 20_000, "The chain ends with entry 20."},
			{usual, 1, 20_001, "At most 20000 entries are checked at once."},
		} {
			p, err := c.record.Check(r.Context(), c.from, c.to)
			if p != nil {
				r.Errorf("%d to %d: %s", c.from, c.to, p)
			}
			switch {
			case c.says == "" && err == nil:
			case c.says == "" || err == nil || !strings.Contains(err.Error(), c.says) || fault.CodeOf(err) != fault.CodeBadUserInput:
				r.Errorf("%d to %d: %v, want %q", c.from, c.to, err, c.says)
			}
		}
		r.tamper("UPDATE audit_logs SET actor = 'b' WHERE id = (SELECT row_id FROM audit_chain WHERE seq = 10)", "UPDATE operation_logs SET actor = 'b' WHERE id = (SELECT row_id FROM audit_chain WHERE seq = 10)")
		if p, err := small.Check(r.Context(), 3, 10); err != nil || p == nil || p.Seq != 10 {
			r.Errorf("the last of them is changed: %v, %v", p, err)
		}
		if p, err := small.Check(r.Context(), 3, 9); err != nil || p != nil {
			r.Errorf("the one after them is changed: %v, %v", p, err)
		}
	})
}
