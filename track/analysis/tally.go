package analysis

// A tally counts values of which there are few: it takes less to look through
// them than a map does.
type tally[K comparable] struct {
	values []K
	counts []int64
}

func (t *tally[K]) add(value K) {
	for i := range t.values {
		if t.values[i] == value {
			t.counts[i]++
			return
		}
	}
	t.values, t.counts = append(t.values, value), append(t.counts, 1)
}

// all returns the counts by value.
func (t *tally[K]) all() map[K]int64 {
	m := make(map[K]int64, len(t.values))
	for i, v := range t.values {
		m[v] = t.counts[i]
	}
	return m
}
