package chain

import "context"

// What the tests look at from outside.

// Batch is how much is sealed at once.
const Batch = batch

// Forged are the keys of somebody who does not know the database's.
func Forged(adopted int64) *Keys {
	k, err := derive(make([]byte, 40))
	if err != nil {
		panic(err)
	}
	k.adopted = adopted
	return k
}

// Columns are the columns that the code of a row covers, by entity.
func Columns() map[string][]string {
	all := map[string][]string{}
	for _, s := range streams {
		for _, c := range s.columns {
			all[s.entity] = append(all[s.entity], c.name)
		}
	}
	return all
}

// Work does what a sealer does four times a second.
func (s *Sealer) Work(ctx context.Context) { s.work(ctx) }

// Begin has the sealer's first minute begin now.
func (s *Sealer) Begin() { s.told = s.Now() }
