package track

// An index lists the places of events under their keys, in their order. It is
// used again for the next message.
type index[K comparable] struct {
	keys  []K
	lists [][]int
	many  map[K]int // of keys, once there are more than fewKeys
}

// fewKeys is how many keys are compared one after the other.
const fewKeys = 8

// reset empties the index.
func (x *index[K]) reset() {
	x.keys, x.many = x.keys[:0], emptied(x.many)
	if cap(x.keys) > keptEvents {
		*x = index[K]{many: x.many}
	}
}

// find returns the place of a key, -1 if it is not there.
func (x *index[K]) find(key K) int {
	if len(x.keys) > fewKeys {
		if n, ok := x.many[key]; ok {
			return n
		}
		return -1
	}
	for n, k := range x.keys {
		if k == key {
			return n
		}
	}
	return -1
}

// add appends a place.
func (x *index[K]) add(key K, place int) {
	n := x.find(key)
	if n < 0 {
		n = len(x.keys)
		x.keys = append(x.keys, key)
		x.lists = longer(x.lists[:n])
		x.lists[n] = x.lists[n][:0]
		switch {
		case n > fewKeys:
			x.many[key] = n
		case n == fewKeys:
			for i, k := range x.keys {
				x.many[k] = i
			}
		}
	}
	x.lists[n] = append(x.lists[n], place)
}

// at returns the places under a key.
func (x *index[K]) at(key K) []int {
	if n := x.find(key); n >= 0 {
		return x.lists[n]
	}
	return nil
}

// all returns the lists of all keys.
func (x *index[K]) all() [][]int { return x.lists[:len(x.keys)] }

// emptied returns an empty map: m itself, unless it grew large.
func emptied[K comparable, V any](m map[K]V) map[K]V {
	if m == nil || len(m) > keptEvents {
		return map[K]V{}
	}
	clear(m)
	return m
}

// longer returns s with one more element, which holds what was there before.
func longer[T any](s []T) []T {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	var zero T
	return append(s, zero)
}

// resized returns a slice of n elements, whatever they hold: s itself if it
// has the room, and not much more.
func resized[T any](s []T, n int) []T {
	if n > cap(s) || cap(s) > 16*keptEvents && n < cap(s)/2 {
		return make([]T, n)
	}
	return s[:n]
}
