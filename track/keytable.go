package track

// A keyTable finds clusters by their keys, which are hashes. It is small, as most
// keys are looked up among very many others, and has no pointers that would have
// to be followed to collect garbage: a slot has half of the key, the cluster the
// whole.
type keyTable struct {
	slots []keySlot // a power of two, at most two thirds of them taken
	count int
	holds func(cluster uint32, key uint64) bool // reports whether it is one of the cluster's keys
}

type keySlot struct {
	tag     uint32 // the lower half of the key
	cluster uint32 // its number plus one; 0 where the slot is free
}

// minKeys is how many slots the smallest table has.
const minKeys = 1 << 10

// find returns the place of a key, or the free one where it would be.
func (t *keyTable) find(key uint64) int {
	mask, tag := len(t.slots)-1, uint32(key)
	i := int(tag) & mask
	for t.slots[i].cluster != 0 && (t.slots[i].tag != tag || !t.holds(t.slots[i].cluster-1, key)) {
		i = (i + 1) & mask
	}
	return i
}

// get returns the number of the cluster with that key.
func (t *keyTable) get(key uint64) (cluster uint32, ok bool) {
	if t.count == 0 {
		return 0, false
	}
	s := t.slots[t.find(key)]
	return s.cluster - 1, s.cluster != 0
}

// touch reads the place of a key, whatever is there.
func (t *keyTable) touch(key uint64) uint32 {
	if len(t.slots) == 0 {
		return 0
	}
	return t.slots[int(uint32(key))&(len(t.slots)-1)].tag
}

// add puts a cluster under a key, which is then to be one of its own. It reports
// false if there is one already.
func (t *keyTable) add(key uint64, cluster uint32) bool {
	if 3*t.count >= 2*len(t.slots) {
		t.resize(max(minKeys, 2*len(t.slots)))
	}
	s := &t.slots[t.find(key)]
	if s.cluster != 0 {
		return false
	}
	t.count++
	*s = keySlot{uint32(key), cluster + 1}
	return true
}

// move puts another cluster under a key, which is to be one of its own then.
func (t *keyTable) move(key uint64, cluster uint32) { t.slots[t.find(key)].cluster = cluster + 1 }

func (t *keyTable) resize(n int) {
	old := t.slots
	t.slots = make([]keySlot, n)
	for _, s := range old {
		if s.cluster == 0 {
			continue
		}
		i := int(s.tag) & (n - 1)
		for t.slots[i].cluster != 0 {
			i = (i + 1) & (n - 1)
		}
		t.slots[i] = s
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
	for i := (free + 1) & mask; t.slots[i].cluster != 0; i = (i + 1) & mask {
		// A key may not move in front of its own place.
		if home := int(t.slots[i].tag) & mask; (i-home)&mask >= (i-free)&mask {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = keySlot{}
	if n := len(t.slots); n > minKeys && 8*t.count < n {
		t.resize(n / 2)
	}
}
