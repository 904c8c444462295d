package track

// An index lists the places of events under their keys, in their order. It is
// used again for the next message.
type index[K comparable] struct {
	lines map[K]int // of each key, in lists
	lists [][]int
}

// reset empties the index.
func (x *index[K]) reset() { x.lines = emptied(x.lines) }

// add appends a place.
func (x *index[K]) add(key K, place int) {
	n, ok := x.lines[key]
	if !ok {
		n = len(x.lines)
		x.lines[key] = n
		if n < len(x.lists) && cap(x.lists[n]) <= keptEvents {
			x.lists[n] = x.lists[n][:0]
		} else {
			x.lists = append(x.lists[:n], nil)
		}
	}
	x.lists[n] = append(x.lists[n], place)
}

// at returns the places under a key.
func (x *index[K]) at(key K) []int {
	if n, ok := x.lines[key]; ok {
		return x.lists[n]
	}
	return nil
}

// emptied returns an empty map: m itself, unless it grew large.
func emptied[K comparable, V any](m map[K]V) map[K]V {
	if m == nil || len(m) > keptEvents {
		return map[K]V{}
	}
	clear(m)
	return m
}
