package datakeys_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"clinicgraph/ent"
	"clinicgraph/ent/operationlog"
	"clinicgraph/internal/access"
	"clinicgraph/internal/audit"
	"clinicgraph/internal/datakeys"
	"clinicgraph/internal/fault"
	"clinicgraph/internal/guard"
	"clinicgraph/internal/seal"
	"clinicgraph/internal/store"
	"clinicgraph/internal/testdb"
)

// with gives the store a client whose log is sealed, and its keys, as one server has
// them.
func with(t testing.TB, s *store.Store, secret byte, former ...byte) (*store.Store, *datakeys.Keys) {
	t.Helper()
	var before [][]byte
	for _, b := range former {
		before = append(before, bytes.Repeat([]byte{b}, 32))
	}
	wrap, err := seal.New(bytes.Repeat([]byte{secret}, 32), "people", before...)
	if err != nil {
		t.Fatal(err)
	}
	keys := &datakeys.Keys{Wrap: wrap}
	client := ent.NewClient(ent.Driver(s.DB.Driver))
	guard.Install(client, testdb.Now, guard.Record{People: keys})
	return &store.Store{Client: client, DB: s.DB}, keys
}

func system() context.Context { return access.System(context.Background(), "test") }

// customer makes a profile with a telephone number.
func customer(t testing.TB, s *store.Store, number string) uuid.UUID {
	t.Helper()
	var id uuid.UUID
	err := s.InTx(system(), func(c *ent.Client, _ *sql.Tx) error {
		made, err := c.Customer.Create().SetNumber(number).SetPhone("+48canary").Save(system())
		if err == nil {
			id = made.ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func note(s *store.Store, id uuid.UUID, text string) error {
	return s.InTx(system(), func(c *ent.Client, _ *sql.Tx) error {
		return c.Customer.UpdateOneID(id).SetNotes(text).Exec(system())
	})
}

func move(s *store.Store, id uuid.UUID, address string) error {
	return s.InTx(system(), func(c *ent.Client, _ *sql.Tx) error {
		return c.Customer.UpdateOneID(id).SetAddress(address).Exec(system())
	})
}

// read opens the values of a column in the log of an object, oldest first; "" where
// there is no key, "?" where something does not open.
func read(t testing.TB, s *store.Store, keys *datakeys.Keys, id uuid.UUID, column string) (values []string) {
	t.Helper()
	log := s.Client.OperationLog.Query().Where(operationlog.EntityID(id)).Order(operationlog.ByID()).AllX(system())
	for _, l := range log {
		person, sealed := audit.Sealed(l.EntityType, l.NewValues)[column]
		if !sealed {
			continue
		}
		found, err := keys.ForReading(system(), s.Client, person)
		if err != nil {
			t.Fatal(err)
		}
		if found[person] == nil {
			values = append(values, "")
			continue
		}
		v, err := audit.Unseal(found[person], l, audit.New, column)
		if err != nil {
			v = "?"
		}
		values = append(values, v.(string))
	}
	return values
}

func equal(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %q, want %q", what, got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
}

// TestTwoWhoMakeTheFirstKeyOfSomebodyGetOne: two servers, which share nothing but the
// database, write what is about one person for the first time.
func TestTwoWhoMakeTheFirstKeyOfSomebodyGetOne(t *testing.T) {
	testdb.Each(t, func(t *testing.T, s *store.Store) {
		id := customer(t, s, "C-1") // whose log has no key yet
		const writers = 6
		var all sync.WaitGroup
		begin := make(chan struct{})
		errs := make([]error, writers)
		for i := range writers {
			one, _ := with(t, s, 1)
			all.Go(func() {
				<-begin
				errs[i] = note(one, id, "same")
			})
		}
		close(begin)
		all.Wait()
		written := 0
		for _, err := range errs {
			if err == nil {
				written++
			}
		}
		if written == 0 {
			t.Fatal(errs)
		}
		var rows int
		if err := s.DB.Read.QueryRow(`SELECT count(*) FROM data_keys`).Scan(&rows); err != nil || rows != 1 {
			t.Errorf("%d keys, %v", rows, err)
		}
		reader, keys := with(t, s, 1)
		got := read(t, reader, keys, id, "notes")
		for _, v := range got {
			if v != "same" {
				t.Errorf("sealed with another key: %q", got)
			}
		}
		if len(got) != written {
			t.Errorf("%d of %d", len(got), written)
		}
	})
}

// TestATextThatLooksSealedIsAText: whoever writes one hides nothing by it.
func TestATextThatLooksSealedIsAText(t *testing.T) {
	testdb.Each(t, func(t *testing.T, plain *store.Store) {
		s, keys := with(t, plain, 1)
		id := customer(t, s, "C-1")
		looks := datakeys.Prefix + base64.RawStdEncoding.EncodeToString(append(id[:], "made up, and long enough to be one"...))
		err := s.InTx(system(), func(c *ent.Client, _ *sql.Tx) error {
			return c.Customer.UpdateOneID(id).SetNotes(looks).SetAddress(looks).Exec(system())
		})
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "notes", read(t, s, keys, id, "notes"), looks)
		equal(t, "an address", read(t, s, keys, id, "address"), looks)
		if found := audit.Sealed(ent.TypeProduct, map[string]any{"name": looks}); found != nil {
			t.Errorf("the name of a product is sealed for %v", found)
		}
	})
}

// TestAKeyThatIsRolledBackIsNotUsedAgain: what is sealed with it would be lost.
func TestAKeyThatIsRolledBackIsNotUsedAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, plain *store.Store) {
		id := customer(t, plain, "C-1")
		s, keys := with(t, plain, 1)
		undone := errors.New("undone")
		err := s.InTx(system(), func(c *ent.Client, _ *sql.Tx) error {
			if err := c.Customer.UpdateOneID(id).SetNotes("undone").Exec(system()); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if err := note(s, id, "done"); err != nil {
			t.Fatal(err)
		}
		equal(t, "after a rollback", read(t, s, keys, id, "notes"), "done")
	})
}

// TestADestroyedKeyIsGoneForGood, on all servers at once: nothing reads what it has
// sealed, whoever holds it in memory; what they still write nobody reads; and no key is
// made again.
func TestADestroyedKeyIsGoneForGood(t *testing.T) {
	testdb.Each(t, func(t *testing.T, plain *store.Store) {
		here, keys := with(t, plain, 1)
		there, theirs := with(t, plain, 1)
		id, other := customer(t, here, "C-1"), customer(t, here, "C-2")
		if err := move(there, id, "there"); err != nil { // which holds the key from now on
			t.Fatal(err)
		}
		equal(t, "before", read(t, here, keys, id, "address"), "there")
		for range 2 {
			if err := here.InTx(system(), func(c *ent.Client, _ *sql.Tx) error { return keys.Destroy(system(), c, id, testdb.Now()) }); err != nil {
				t.Fatal(err)
			}
			keys.Forget(id)
		}
		if err := move(there, id, "late"); err != nil {
			t.Fatal(err)
		}
		if err := move(here, id, "later"); err != nil {
			t.Fatal(err)
		}
		if err := note(here, id, "a note"); fault.CodeOf(err) != fault.CodeConflict {
			t.Errorf("a note about somebody who was erased: %v", err)
		}
		equal(t, "here", read(t, here, keys, id, "address"), "", "")
		equal(t, "there", read(t, there, theirs, id, "address"), "", "")
		// The server that destroyed the key logs no value; the other one seals with a key that
		// is gone. Entries of two servers of one moment have no order among each other.
		empty := 0
		for _, entry := range here.Client.OperationLog.Query().Where(operationlog.EntityID(id)).AllX(system()) {
			if entry.NewValues["address"] == audit.Personal {
				empty++
			}
		}
		if empty != 1 {
			t.Errorf("of somebody who was erased the log holds %d changes without their values, not one", empty)
		}
		equal(t, "somebody else", read(t, here, keys, other, "phone"), "+48canary")
		var whole int
		if err := here.DB.Read.QueryRow(`SELECT count(*) FROM data_keys WHERE sealed IS NULL AND destroyed_at IS NOT NULL`).Scan(&whole); err != nil || whole != 1 {
			t.Errorf("%d destroyed keys, %v", whole, err)
		}
	})
}

// TestKeysOpenInTheirRowAndGoWithTheSecret: a key that was moved to another person
// opens nothing, and the keys are sealed anew when the master secret changes.
func TestKeysOpenInTheirRowAndGoWithTheSecret(t *testing.T) {
	testdb.Each(t, func(t *testing.T, plain *store.Store) {
		s, _ := with(t, plain, 1)
		var all []uuid.UUID
		for _, number := range []string{"C-1", "C-2", "C-3"} {
			all = append(all, customer(t, s, number))
		}
		s, keys := with(t, plain, 2, 1)
		if n, err := keys.Adopt(system(), s); n != 3 || err != nil {
			t.Errorf("sealed anew: %d, %v", n, err)
		}
		if n, err := keys.Adopt(system(), s); n != 0 || err != nil {
			t.Errorf("a second time: %d, %v", n, err)
		}
		s, keys = with(t, plain, 2)
		for _, id := range all {
			equal(t, "with the new secret alone", read(t, s, keys, id, "phone"), "+48canary")
		}
		_, strangers := with(t, plain, 3)
		if _, err := strangers.ForReading(system(), s.Client, all[0]); err == nil {
			t.Error("it opens with a stranger's secret")
		}
		if _, err := strangers.Adopt(system(), s); err == nil {
			t.Error("a key that no secret opens is lost without a word")
		}
		err := s.InTx(system(), func(_ *ent.Client, tx *sql.Tx) error {
			_, err := tx.Exec(`UPDATE data_keys SET sealed = (SELECT sealed FROM data_keys WHERE subject_id = $1) WHERE subject_id = $2`, all[0], all[1])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := keys.ForReading(system(), s.Client, all[1]); err == nil {
			t.Error("the key of somebody else opens")
		}
		if found, err := keys.ForReading(system(), s.Client); len(found) != 0 || err != nil {
			t.Errorf("of nobody: %v, %v", found, err)
		}
	})
}
