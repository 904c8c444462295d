package session

// A handle tells an open session with an id: its place in Builder.briefs or,
// with the highest bit, in Builder.states. It is one more than the place, so
// that 0 is none.
type handle uint32

const isState handle = 1 << 31

// An index finds the handles of sessions by a hash. It is an open-addressing
// table of hashes beside handles: what does not match is passed over without a
// look at the session.
type index struct {
	places []uint64 // the hash, and in the lower half the handle; 0 is free
	used   int
}

// get returns the first handle with that hash from place i on, and the next
// place. The first place of a hash is the hash itself.
func (x *index) get(hash, i uint32) (h handle, next uint32) {
	mask := uint32(len(x.places) - 1)
	if x.used == 0 {
		return 0, 0
	}
	for {
		i &= mask
		p := x.places[i]
		i++
		if p == 0 || uint32(p>>32) == hash {
			return handle(p), i
		}
	}
}

// add adds a handle.
func (x *index) add(hash uint32, h handle) {
	if 2*x.used >= len(x.places) {
		before := x.places
		x.places = make([]uint64, max(64, 2*len(before)))
		for _, p := range before {
			if p != 0 {
				x.put(p)
			}
		}
	}
	x.used++
	x.put(uint64(hash)<<32 | uint64(h))
}

func (x *index) put(p uint64) {
	mask := uint32(len(x.places) - 1)
	i := uint32(p>>32) & mask
	for x.places[i] != 0 {
		i = (i + 1) & mask
	}
	x.places[i] = p
}

// at returns the place of a handle that the index holds.
func (x *index) at(hash uint32, h handle) uint32 {
	mask := uint32(len(x.places) - 1)
	p := uint64(hash)<<32 | uint64(h)
	i := hash & mask
	for x.places[i] != p {
		i = (i + 1) & mask
	}
	return i
}

// replace puts another handle in the place of one.
func (x *index) replace(hash uint32, before, h handle) {
	x.places[x.at(hash, before)] = uint64(hash)<<32 | uint64(h)
}

// remove takes a handle out, and moves those behind it up that would not be
// found any more.
func (x *index) remove(hash uint32, h handle) {
	mask := uint32(len(x.places) - 1)
	free := x.at(hash, h)
	x.used--
	for i := (free + 1) & mask; x.places[i] != 0; i = (i + 1) & mask {
		home := uint32(x.places[i]>>32) & mask
		if (i-home)&mask >= (i-free)&mask {
			x.places[free], free = x.places[i], i
		}
	}
	x.places[free] = 0
}
