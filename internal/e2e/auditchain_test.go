package e2e

import (
	"fmt"
	"testing"
)

// verifyChain asks for a check of some entries of the record.
func (cl *client) verifyChain(from, to any) *answer {
	cl.c.t.Helper()
	return cl.do(`query($from: Int64, $to: Int64) { auditChain(fromSeq: $from, toSeq: $to) {
		head { seq code at key signature } archives { file sha256 firstSeq lastSeq sealedFrom sealedTo }
		check { fromSeq toSeq problem { kind seq log rowId } }
	} }`, vars{"from": from, "to": to})
}

// Whoever may check the record finds the first entry that is wrong, within the
// bounds of one request, and reads nothing of what is on record.
func TestTheRecordIsCheckedThroughTheGraph(t *testing.T) {
	each(t, func(t *testing.T, c *clinic) {
		for n := 1; n > 0; {
			var err error
			if n, err = c.app.Sealer.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		boss := c.as(manager)
		last := boss.verifyChain(nil, nil).ok().want("auditChain.check", `null`).want("auditChain.archives", `[]`).number("auditChain.head.seq")
		if last < 10 {
			t.Fatalf("%d entries", last)
		}
		boss.verifyChain(1, last).ok().want("auditChain.check.problem", `null`).want("auditChain.check.toSeq", fmt.Sprint(last))
		boss.verifyChain(last, last).ok().want("auditChain.check.problem", `null`)
		for ends, field := range map[[2]any]string{
			{0, 1}: "fromSeq", {nil, 1}: "fromSeq", {1, nil}: "toSeq", {2, 1}: "toSeq", {1, 1_000_000_000}: "toSeq",
		} {
			boss.verifyChain(ends[0], ends[1]).refused("BAD_USER_INPUT").about(field)
		}
		c.as(staffNorth).verifyChain(1, 1).refused("FORBIDDEN")

		off := "DROP TRIGGER audit_chain_no_update"
		if c.app.Store.DB.LocksRows() {
			off = "ALTER TABLE audit_chain DISABLE TRIGGER USER"
		}
		for _, statement := range []string{off, "UPDATE audit_chain SET sealed_at = 1 WHERE seq = 7"} {
			if _, err := c.app.Store.DB.Write.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		boss.verifyChain(1, 6).ok().want("auditChain.check.problem", `null`)
		boss.verifyChain(3, last).ok().want("auditChain.check.problem.kind", `"ENTRY"`).want("auditChain.check.problem.seq", `7`)
	})
}
