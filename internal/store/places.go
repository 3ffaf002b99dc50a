package store

import "strconv"

// Places are n places for the arguments of a statement, the first of which has the
// number first: "$1,$2". Both databases read them.
func Places(first, n int) string {
	b := make([]byte, 0, 4*n)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, '$'), int64(first+i), 10)
	}
	return string(b)
}
