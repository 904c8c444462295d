package analysis

// A tally counts values of which there are few: it takes less to look through
// them than a map does.
type tally[K comparable] struct {
	values []K
	counts []int64
}

func (t *tally[K]) add(value K) { t.addMany(value, 1) }

func (t *tally[K]) addMany(value K, n int64) {
	for i := range t.values {
		if t.values[i] == value {
			t.counts[i] += n
			return
		}
	}
	t.values, t.counts = append(t.values, value), append(t.counts, n)
}

func (t *tally[K]) join(other *tally[K]) {
	for i, value := range other.values {
		t.addMany(value, other.counts[i])
	}
}

// all returns the counts by value.
func (t *tally[K]) all() map[K]int64 {
	m := make(map[K]int64, len(t.values))
	for i, v := range t.values {
		m[v] = t.counts[i]
	}
	return m
}
