package track

// A keyTable finds clusters by their keys, which are hashes. It has no pointers
// that would have to be followed to collect garbage.
type keyTable struct {
	slots  []keySlot // a power of two, at most two thirds of them taken
	count  int
	recent [1 << 10]keySlot // those that were used last, by their lowest bits
}

type keySlot struct {
	key     uint64
	cluster uint32 // its number plus one; 0 where the slot is free
}

// minKeys is how many slots the smallest table has.
const minKeys = 1 << 10

// find returns the place of a key, or the free one where it would be.
func (t *keyTable) find(key uint64) int {
	mask := len(t.slots) - 1
	i := int(key) & mask
	for t.slots[i].cluster != 0 && t.slots[i].key != key {
		i = (i + 1) & mask
	}
	return i
}

// get returns the number of the cluster with that key.
func (t *keyTable) get(key uint64) (cluster uint32, ok bool) {
	if t.count == 0 {
		return 0, false
	}
	recent := &t.recent[key%uint64(len(t.recent))]
	if recent.key != key || recent.cluster == 0 {
		s := t.slots[t.find(key)]
		if s.cluster == 0 {
			return 0, false
		}
		*recent = s
	}
	return recent.cluster - 1, true
}

// set puts a cluster under a key.
func (t *keyTable) set(key uint64, cluster uint32) {
	if 3*t.count >= 2*len(t.slots) {
		t.resize(max(minKeys, 2*len(t.slots)))
	}
	s := &t.slots[t.find(key)]
	if s.cluster == 0 {
		t.count++
	}
	*s = keySlot{key, cluster + 1}
	t.recent[key%uint64(len(t.recent))] = *s
}

func (t *keyTable) resize(n int) {
	old := t.slots
	t.slots = make([]keySlot, n)
	for _, s := range old {
		if s.cluster != 0 {
			t.slots[t.find(s.key)] = s
		}
	}
}

// remove takes a key out. What was put behind it for its sake moves up.
func (t *keyTable) remove(key uint64) {
	if t.count == 0 {
		return
	}
	mask := len(t.slots) - 1
	free := t.find(key)
	if t.slots[free].cluster == 0 {
		return
	}
	t.count--
	if recent := &t.recent[key%uint64(len(t.recent))]; recent.key == key {
		*recent = keySlot{}
	}
	for i := (free + 1) & mask; t.slots[i].cluster != 0; i = (i + 1) & mask {
		// A key may not move in front of its own place.
		if home := int(t.slots[i].key) & mask; (i-home)&mask >= (i-free)&mask {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = keySlot{}
	if n := len(t.slots); n > minKeys && 8*t.count < n {
		t.resize(n / 2)
	}
}
