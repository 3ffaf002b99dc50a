package clinic

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"clinicgraph/internal/ids"
)

// mix scatters a number over all 64 bits. No two numbers give the same
// (splitmix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// mint gives the id of the n-th object of a kind, made at a time: as ids.NewAt,
// but the same in every run.
func mint(k ids.Kind, at time.Time, n int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|0x8000|uint64(k))
	binary.BigEndian.PutUint64(id[8:], mix(uint64(k)<<48|uint64(n)))
	id[8] = id[8]&0x3f | 0x80
	return id
}

// dice gives a number from 0 to below sides that belongs to the n-th object and
// to the question asked of it.
func dice(question string, n, sides int) int {
	seed := uint64(14695981039346656037) // FNV-1a
	for i := range len(question) {
		seed = (seed ^ uint64(question[i])) * 1099511628211
	}
	return int(mix(seed^uint64(n)) % uint64(sides))
}
