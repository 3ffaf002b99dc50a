//go:build linux

package main

import "slices"

// auc is how often a time of a is longer than one of b, ties half: the area under
// the curve of the best classifier by a threshold (Mann and Whitney).
func auc(a, b []float64) float64 {
	wins := 0.0
	for _, x := range a {
		for _, y := range b {
			switch {
			case x > y:
				wins++
			case x == y:
				wins += .5
			}
		}
	}
	return wins / float64(len(a)*len(b))
}

func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1))]
}
