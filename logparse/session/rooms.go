package session

import "math/bits"

// rooms are what briefs keep their words in and gave back, by size. A brief that
// needs more changes its room: were each to grow its own, all would become as
// large as the longest session needs.
type rooms [roomSizes][][]byte

const (
	smallRoom = 6 // the smallest rooms have 1<<smallRoom bytes
	roomSizes = 8 // each twice as large as the one before
	largeRoom = 3 // of rooms of this size and above few are kept
	maxRooms  = 64
)

// take returns an empty room for n bytes or more.
func (r *rooms) take(n int) []byte {
	size := max(bits.Len(uint(n-1)), smallRoom) - smallRoom
	if size >= roomSizes {
		return make([]byte, 0, n)
	}
	free := r[size]
	if len(free) == 0 {
		return make([]byte, 0, 1<<(size+smallRoom))
	}
	w := free[len(free)-1]
	r[size] = free[:len(free)-1]
	return w
}

// put takes a room back.
func (r *rooms) put(w []byte) {
	size := bits.Len(uint(cap(w))) - 1 - smallRoom
	if size < 0 || size >= roomSizes || size >= largeRoom && len(r[size]) >= maxRooms {
		return
	}
	r[size] = append(r[size], w[:0])
}

// makeRoom makes room for n more bytes of words.
func (br *brief) makeRoom(b *Builder, n int) {
	if n += len(br.words); n > cap(br.words) {
		br.words = b.rooms.change(br.words, n)
	}
}

// change returns a room for n bytes or more that holds w, whose room it takes
// back.
func (r *rooms) change(w []byte, n int) []byte {
	larger := append(r.take(n), w...)
	r.put(w)
	return larger
}
