package differential

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"clinicgraph/graph"
)

var (
	documents = flag.Int("documents", 10_400, "how many documents are drawn for each database")
	seedOf    = flag.Uint64("seed", 20300107, "what they are drawn from")
)

// mostFailures of one database are shrunk and told; the rest is counted.
const mostFailures = 5

// TestTheCompiledWayIsNeverDifferent asks the two servers whatever was different
// once, what people have written, and what is drawn from the schema.
func TestTheCompiledWayIsNeverDifferent(t *testing.T) {
	schema := published(t)
	for n, d := range []string{dialect.SQLite, dialect.Postgres} {
		t.Run(d, func(t *testing.T) {
			t.Parallel()
			c := open(t, d, schema)
			run := &run{clinic: c, tally: newTally(), seed: *seedOf + uint64(n)}
			for name, kept := range cases(t) {
				kept.kind = "case"
				run.hold(kept, name)
			}
			for i, text := range written(t) {
				for n := range 60 {
					if run.failed >= mostFailures {
						break
					}
					run.hold(c.asked(text, run.seed, uint64(i*1000+n)), "written")
				}
			}
			for n := range *documents {
				if run.failed >= mostFailures {
					break
				}
				run.hold(c.draw(run.seed, uint64(n)), fmt.Sprintf("-seed %d, number %d", run.seed, n))
			}
			t.Logf("%s: %s", d, run.tally)
			run.tally.mustHold(t, c)
			run.atOnce(t)
			run.uses(t)
		})
	}
}

func published(t testing.TB) *ast.Schema {
	t.Helper()
	text, err := graph.SDL()
	if err != nil {
		t.Fatal(err)
	}
	return gqlparser.MustLoadSchema(&ast.Source{Input: text})
}

// run is the test on one database.
type run struct {
	*clinic
	tally  *tally
	seed   uint64
	failed int
	seen   map[string]bool // failures that were told
}

// hold asks a document both ways. Where the answers differ it is shrunk and kept.
func (r *run) hold(d document, what string) {
	r.t.Helper()
	before := r.compiled.counted()
	diff, o := r.differ(d)
	r.tally.note(d, o, before, r.compiled.counted())
	if len(o.errors) > 0 {
		r.t.Errorf("%s: %s asks %s with %s: the log has %s", what, d.Viewer, d.Query, d.Variables, o.errors)
	}
	if diff == "" {
		return
	}
	if again, _ := r.differ(d); again == "" {
		r.t.Errorf("%s: once, and not again:\n%s asks %s with %s\n%s", what, d.Viewer, d.Query, d.Variables, diff)
		r.failed++
		return
	}
	small := shrink(d, func(d document) bool { diff, _ := r.differ(d); return diff != "" })
	if key := small.Viewer + small.Query + string(small.Variables); r.seen[key] {
		return
	} else if r.seen == nil {
		r.seen = map[string]bool{key: true}
	} else {
		r.seen[key] = true
	}
	r.failed++
	small.Why, _ = r.differ(small)
	small.Why = strings.SplitN(small.Why, ":", 2)[0]
	kept := what
	if d.kind != "case" {
		kept = keep(r.t, small)
	}
	diff, _ = r.differ(small)
	r.t.Errorf("%s, kept as %s: %s asks\n%s\nwith %s\n%s", what, kept, small.Viewer, small.Query, small.Variables, diff)
}

// atOnce asks the server that compiles many documents at once, again and again: what
// its plans keep must be nobody's.
func (r *run) atOnce(t *testing.T) {
	type question struct {
		document
		want string
	}
	var all []question
	for n := 0; len(all) < 120; n++ {
		d := r.draw(r.seed+7, uint64(n))
		// The record grows meanwhile.
		if strings.Contains(d.Query, "Logs") || strings.Contains(d.Query, "accessReport") || strings.Contains(d.Query, "timeline") || strings.Contains(d.Query, "lastUsed") || strings.Contains(d.Query, "accessFindings") {
			continue
		}
		o := r.send(r.ordinary, d)
		if p := apart(o.body); len(p.all) < 2 {
			all = append(all, question{d, string(r.readable(r.viewer(d.Viewer), o.body))})
		}
		r.record()
	}
	var wait sync.WaitGroup
	var told sync.Map
	for g := range 8 {
		order := rand.New(rand.NewPCG(r.seed, uint64(g))).Perm(len(all))
		wait.Go(func() {
			for _, i := range order {
				q := all[i]
				o := r.send(r.compiled, q.document)
				got := string(r.readable(r.viewer(q.Viewer), o.body))
				if got == q.want {
					continue
				}
				if _, again := told.LoadOrStore(i, true); !again {
					t.Errorf("at once, %s asks %s %s\nalone:   %s\nat once: %s", q.Viewer, q.Query, q.Variables, q.want, got)
				}
			}
		})
	}
	wait.Wait()
	r.record()
}

// uses asks some documents each on a day of its own, so that each notes anew which
// permissions it came through the door by. Tokens of programs live that long.
func (r *run) uses(t *testing.T) {
	var program []*viewer
	for _, v := range r.viewers {
		if v.program {
			program = append(program, v)
		}
	}
	day, noted := r.now(), 0
	for n := range 120 {
		d := r.draw(r.seed+11, uint64(n))
		d.Viewer = program[n%len(program)].name
		r.resolve(d.Query + string(d.Variables)) // whoever's cursors are in it, they are asked for now
		r.must(r.ordinary.app.Uses.Flush(context.Background()), "write the uses")
		day = day.Add(24 * time.Hour)
		r.set(day)
		want, got := r.usesOf(r.ordinary, d), r.usesOf(r.compiled, d)
		noted += len(want)
		if !slices.Equal(want, got) {
			t.Errorf("uses of %s asking %s %s:\nordinary: %v\ncompiled: %v", d.Viewer, d.Query, d.Variables, want, got)
		}
	}
	if noted < 60 {
		t.Errorf("only %d uses were noted", noted)
	}
}

// usesOf asks and gives the uses that were noted of it, which it takes back.
func (r *run) usesOf(s *server, d document) (uses []string) {
	r.t.Helper()
	r.ask(s, d)
	r.must(s.app.Uses.Flush(context.Background()), "write the uses")
	day := r.now().Unix() / (24 * 60 * 60)
	for _, row := range r.scan(`SELECT user_id, permission FROM permission_uses WHERE last_used_on = $1 ORDER BY user_id, permission`, day) {
		uses = append(uses, fmt.Sprint(row...))
	}
	r.must(r.clinic.run(`DELETE FROM permission_uses WHERE last_used_on = $1`, day), "take the uses back")
	return uses
}
