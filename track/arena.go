package track

// An arena holds the packed rows of clusters in large blocks, so that the many
// clusters of a busy hour are neither garbage as they grow nor searched for
// pointers. Regions that were given back are used again.
type arena struct {
	blocks [][]byte
	live   []int                   // regions in each block
	last   uint32                  // the block that regions are cut from
	left   int                     // bytes of it that are left
	free   [arenaClasses + 1][]int // of each size, by their places
	gone   []uint32                // numbers of blocks that were one large region

	closing bool // what is given back is not used again
}

// Sizes of blocks and regions. A larger region is a block of its own.
const (
	arenaBlock   = 64 << 10
	arenaStep    = 32
	arenaClasses = 4 << 10 / arenaStep
	arenaLargest = arenaClasses * arenaStep
	arenaMore    = 48 // room for more than what is put first: most messages have two followers or three
)

// A region is some room in an arena, and how much of it is used.
type region struct {
	block, at  uint32
	room, size uint32
}

// bytes returns what the region holds.
func (a *arena) bytes(p *region) []byte {
	if p.room == 0 {
		return nil
	}
	return a.blocks[p.block][p.at : p.at+p.size]
}

// append appends to a region, which may move.
func (a *arena) append(p *region, b []byte) {
	n := int(p.size) + len(b)
	if len(b) == 0 {
		return
	}
	if n > int(p.room) {
		if p.room == 0 {
			n += arenaMore
		}
		bigger := a.take(n)
		bigger.size = uint32(copy(a.blocks[bigger.block][bigger.at:], a.bytes(p)))
		a.give(p)
		*p = bigger
	}
	p.size += uint32(copy(a.blocks[p.block][p.at+p.size:], b))
}

// take returns an empty region with room for n bytes.
func (a *arena) take(n int) region {
	class := (n + arenaStep - 1) / arenaStep
	if class > arenaClasses {
		return a.large(n + n/4)
	}
	room := class * arenaStep
	if free := a.free[class]; len(free) > 0 {
		at := free[len(free)-1]
		a.free[class] = a.free[class][:len(free)-1]
		a.live[at/arenaBlock]++
		return region{block: uint32(at / arenaBlock), at: uint32(at % arenaBlock), room: uint32(room)}
	}
	if room > a.left {
		if a.closing && len(a.blocks) > 0 && a.live[a.last] == 0 {
			a.blocks[a.last] = nil
		}
		a.last, a.left = a.add(arenaBlock), arenaBlock
	}
	p := region{block: a.last, at: uint32(arenaBlock - a.left), room: uint32(room)}
	a.left -= room
	a.live[p.block]++
	return p
}

// large returns a region that is a block of its own.
func (a *arena) large(n int) region {
	p := region{block: a.add(n), room: uint32(n)}
	a.live[p.block]++
	return p
}

// add adds a block and returns its number.
func (a *arena) add(n int) uint32 {
	b := make([]byte, n)
	if k := len(a.gone); k > 0 {
		number := a.gone[k-1]
		a.gone = a.gone[:k-1]
		a.blocks[number] = b
		return number
	}
	a.blocks, a.live = append(a.blocks, b), append(a.live, 0)
	return uint32(len(a.blocks) - 1)
}

// give takes a region back, which is then empty.
func (a *arena) give(p *region) {
	switch {
	case p.room == 0:
	case p.room > arenaLargest:
		a.blocks[p.block] = nil
		a.live[p.block]--
		a.gone = append(a.gone, p.block)
	case a.closing:
		if a.live[p.block]--; a.live[p.block] == 0 && p.block != a.last {
			a.blocks[p.block] = nil
		}
	default:
		a.live[p.block]--
		class := int(p.room) / arenaStep
		a.free[class] = append(a.free[class], int(p.block)*arenaBlock+int(p.at))
	}
	*p = region{}
}

// close says that little more is taken, and memory that was given back is to be
// free.
func (a *arena) close() {
	a.closing, a.free, a.left = true, [arenaClasses + 1][]int{}, 0
	for n, live := range a.live {
		if live == 0 {
			a.blocks[n] = nil
		}
	}
}
