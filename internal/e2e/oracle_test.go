package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"clinicgraph/graph"
	"clinicgraph/internal/config"
)

// TestNoQuestionTellsOfWhatTheCallerCannotSee asks everything that the schema lets
// a caller filter and order by, as every role, about values that hidden rows have.
// Then what the caller cannot see is changed behind the server's back: each hidden
// row gets other values in all that can be filtered and ordered by, each field that
// is closed to the caller another one in every row, and every second hidden row is
// deleted. What was a right guess is a wrong one now, and every answer is the same,
// byte for byte.
func TestNoQuestionTellsOfWhatTheCallerCannotSee(t *testing.T) {
	for _, d := range []string{dialect.SQLite, dialect.Postgres} {
		for _, name := range []string{"customer", "doctor", "staff", "manager", "customer, all own", "staff, all of the unit"} {
			t.Run(d+"/"+name, func(t *testing.T) {
				t.Parallel()
				diary := withDiary(t, open(t, d, generous))
				// The doctor sees the customer, and not this booking.
				diary.as(customerA).book(diary.chat, diary.practitioners[doctorSouth], at(15, 0)).ok()
				name, extra, wide := strings.Cut(name, ", all ")
				i := slices.IndexFunc(diary.callers(), func(c caller) bool { return c.name == name })
				asking := diary.callers()[i]
				if wide {
					diary.widen(asking.account, map[string]string{"own": "OWN", "of the unit": "UNIT"}[extra])
				}
				(&oracle{diary: diary, caller: asking}).examine()
			})
		}
	}
}

// generous lets a story ask for much at once.
func generous(cfg *config.Config) {
	cfg.Limits = config.Limits(graph.DefaultLimits())
	l := &cfg.Limits
	l.Tokens, l.DocumentBytes, l.BodyBytes, l.Depth, l.Aliases = 30_000, 1<<20, 1<<20, 20, 200
	l.QueryFields, l.Fragments, l.FilterConditions, l.FilterDepth, l.CostUser, l.CostStaff = 200, 200, 10_000, 10, 10_000_000, 10_000_000
	l.Duration, cfg.Load.RateUser, cfg.Load.RateStaff = time.Minute, 0, 0
}

// widen lets an account read everything, so far.
func (d *diary) widen(login, scope string) {
	d.t.Helper()
	var all []vars
	for _, p := range d.as(admin).do(`{ permissions(first: 100) { edges { node { name } } } }`).ok().list("permissions.edges") {
		name := p.(map[string]any)["node"].(map[string]any)["name"].(string)
		if _, verb, _ := strings.Cut(name, ":"); verb == "read" {
			all = append(all, may(name, scope))
		}
	}
	role := d.as(admin).createRole("reads "+scope, all...).ok().text("createRole.role.id")
	d.as(admin).assign(login, role).ok()
}

// oracle is one caller who guesses.
type oracle struct {
	*diary
	caller
	may     map[string]bool     // the caller's permissions
	hidden  map[string][]string // ids by entity
	seen    map[string][]string
	reached map[string]bool // entities that are asked about
	truth   map[string]vars // values of one hidden row by entity, as the graph gives them
	asked   []asked
	pairs   [][2]int // of those asked: a right guess and a wrong one about an id
	cursors int      // of hidden rows that were tried
	closed  int      // questions that are refused, right or wrong
	timed   int      // pairs of which the statements were compared
	line    *socket
}

// asked is one field of a document, with its variables.
type asked struct {
	what  string // for messages
	field string // with $w, $o and $c for its variables
	where any
	kind  string // of where
	order any
	sort  string // its type
	after any
}

func (o *oracle) examine() {
	t := o.diary.t
	o.look()
	o.lists()
	o.nested()
	o.closedFields()
	o.alike()
	first, said := o.answers()
	for _, p := range o.pairs {
		if first[p[0]] != first[p[1]] {
			t.Errorf("%s: a right guess about an id is answered\n%s\na wrong one\n%s", o.asked[p[0]].what, first[p[0]], first[p[1]])
		}
	}
	changed := o.change()
	gone := o.remove()
	o.compare(first, said)
	t.Logf("%s: %d questions, %d pairs, %d cursors of hidden rows, %d closed questions, %d pairs timed; %d hidden values changed, %d hidden rows deleted",
		o.name, len(o.asked), len(o.pairs), o.cursors, o.closed, o.timed, changed, gone)
	// A walk that asks nothing proves nothing. The manager sees nearly all.
	if len(o.asked) < 800 || o.closed < 4 || changed < 20 || o.name != "manager" && (len(o.pairs) < 100 || o.cursors < 5 || gone < 10) {
		t.Errorf("%s asked too little", o.name)
	}
}

// look finds what the caller may do and sees, and one hidden row of each entity.
func (o *oracle) look() {
	o.may, o.reached = map[string]bool{}, map[string]bool{}
	o.hidden, o.seen, o.truth = map[string][]string{}, map[string][]string{}, map[string]vars{}
	for _, p := range o.do(`{ viewer { permissions { name } } }`).ok().list("viewer.permissions") {
		o.may[p.(map[string]any)["name"].(string)] = true
	}
	for entity := range kinds {
		if schema.Types[entity] == nil {
			continue
		}
		for part := range slices.Chunk(o.everyID(entity), 100) {
			var document strings.Builder
			for i, id := range part {
				fmt.Fprintf(&document, " n%d: node(id: %q) { id }", i, id)
			}
			data := o.do(`{` + document.String() + ` }`).data.(map[string]any)
			for i, id := range part {
				if data[fmt.Sprint("n", i)] == nil {
					o.hidden[entity] = append(o.hidden[entity], id)
				} else {
					o.seen[entity] = append(o.seen[entity], id)
				}
			}
		}
		if len(o.hidden[entity]) > 0 {
			o.truth[entity] = o.reveal(entity, o.hidden[entity])
		}
	}
}

// reveal gives what can be filtered by of one of the rows, by somebody who sees it.
func (o *oracle) reveal(entity string, ids []string) vars {
	fields := []string{"id"}
	for _, l := range leavesOf(entity) {
		if l.base != "" {
			fields = append(fields, l.base)
		}
	}
	slices.Sort(fields)
	for _, login := range []string{admin, customerB, doctorSouth, staffSouth, customerA, doctorNorth} {
		for _, id := range ids[:min(len(ids), 20)] {
			a := o.as(login).do(`query($id: ID!) { node(id: $id) { ... on `+entity+` { `+strings.Join(slices.Compact(fields), " ")+` } } }`, vars{"id": id})
			if a.code() == "" {
				return a.at("node").(map[string]any)
			}
		}
	}
	return nil
}

// answers asks everything, and gives what each question was answered, and what was
// said of some of them together.
func (o *oracle) answers() (all, said []string) {
	t := o.diary.t
	t.Helper()
	for part := range slices.Chunk(o.asked, 60) {
		var head, body strings.Builder
		values := vars{}
		for i, q := range part {
			field := q.field
			for mark, variable := range map[string]struct {
				kind  string
				value any
			}{"$w": {q.kind, q.where}, "$o": {q.sort, q.order}, "$c": {"Cursor", q.after}} {
				if strings.Contains(field, mark) {
					name := fmt.Sprint(mark, i)
					fmt.Fprintf(&head, "%s: %s ", name, variable.kind)
					field = strings.ReplaceAll(field, mark, name)
					values[name[1:]] = variable.value
				}
			}
			fmt.Fprintf(&body, " q%d: %s", i, field)
		}
		document := `{` + body.String() + ` }`
		if head.Len() > 0 {
			document = `query(` + head.String() + `) ` + document
		}
		a := o.do(document, values)
		data, ok := a.data.(map[string]any)
		if !ok {
			t.Fatalf("%s: no data: %.2000s", part[0].what, a.body)
		}
		for i := range part {
			text, err := json.Marshal(data[fmt.Sprint("q", i)])
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "{}") {
				t.Errorf("%s: nothing is answered: %s", part[i].what, text)
			}
			all = append(all, string(text))
		}
		said = append(said, fmt.Sprint(a.status, a.code(), len(a.errs)))
	}
	return all, said
}

func (o *oracle) compare(first, said []string) {
	t := o.diary.t
	t.Helper()
	told := 0
	answers, errs := o.answers()
	if !slices.Equal(errs, said) {
		t.Errorf("the errors differ after what is hidden has changed: %v, %v", said, errs)
	}
	for i, now := range answers {
		if now != first[i] {
			if told++; told > 10 {
				t.Fatal("and more")
			}
			t.Errorf("%s: the answer differs after what is hidden has changed:\n%s\n%s", o.asked[i].what, first[i], now)
		}
	}
}
