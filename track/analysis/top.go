package analysis

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strings"
)

// MaxNames bounds the names that a Top counts, which strangers choose, and maxName
// the bytes of one.
const (
	MaxNames = 200_000
	maxName  = 255
)

// A Top counts names. The zero Top has none.
//
// It has no pointers that would have to be followed to collect garbage.
type Top struct {
	slots   []topSlot // a power of two, at most two thirds of them taken until there are topMost
	count   int       // names
	texts   [][]byte  // of the names, one behind the other, each with its length before it
	seed    maphash.Seed
	dropped int64

	waiting  [32]waitingName // to be counted
	waits    int             // how many they are
	searched uint32          // what was read ahead comes to
}

// A waitingName waits to be counted. Where names are in the slots is far apart: of
// many it is read at a time, as each would have to be waited for.
type waitingName struct {
	name string
	hash uint64
}

// A topSlot counts a name, which its hash stands for: most names are looked up
// among very many others, and what is not touched costs no time.
type topSlot struct {
	hash  uint64
	count uint32 // it stays at the highest number
	place uint32 // of the name in all texts, plus one; 0 where the slot is free
}

// Room for names: slots at the beginning and at most, of which MaxNames leave a
// quarter free, and bytes of one of the texts.
const (
	topLeast = 1 << 10
	topMost  = 1 << 18
	topRoom  = 16 << 10
)

// add counts a name. It keeps the text for a while.
func (t *Top) add(name string) {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	if t.slots == nil {
		t.slots, t.seed = make([]topSlot, topLeast), maphash.MakeSeed()
	}
	if t.waits == len(t.waiting) {
		t.countWaiting()
	}
	t.waiting[t.waits] = waitingName{name, maphash.String(t.seed, name)}
	t.waits++
}

// countWaiting counts the names that wait.
func (t *Top) countWaiting() {
	if t.waits == 0 {
		return
	}
	mask := uint64(len(t.slots) - 1)
	for i := range t.waits {
		t.searched += t.slots[t.waiting[i].hash&mask].place
	}
	for i := range t.waits {
		t.countOne(t.waiting[i].name, t.waiting[i].hash)
	}
	clear(t.waiting[:t.waits])
	t.waits = 0
}

// countOne counts a name of that hash.
func (t *Top) countOne(name string, hash uint64) {
	s := t.slot(hash)
	if s.place != 0 {
		s.count = max(s.count, s.count+1)
		return
	}
	if t.count >= MaxNames {
		t.dropped++
		return
	}
	t.count++
	*s = topSlot{hash, 1, t.keep(name) + 1}
	if 3*t.count >= 2*len(t.slots) && len(t.slots) < topMost {
		t.widen()
	}
}

// slot returns the slot of the hash, or the free one where it would be.
func (t *Top) slot(hash uint64) *topSlot {
	mask := len(t.slots) - 1
	i := int(hash) & mask
	for t.slots[i].place != 0 && t.slots[i].hash != hash {
		i = (i + 1) & mask
	}
	return &t.slots[i]
}

// widen doubles the slots.
func (t *Top) widen() {
	old := t.slots
	t.slots = make([]topSlot, 2*len(old))
	for _, s := range old {
		if s.place != 0 {
			*t.slot(s.hash) = s
		}
	}
}

// keep returns the place of a copy of the name.
func (t *Top) keep(name string) uint32 {
	last := len(t.texts) - 1
	if last < 0 || len(t.texts[last])+2+len(name) > topRoom {
		t.texts = append(t.texts, make([]byte, 0, topRoom))
		last++
	}
	text := &t.texts[last]
	at := len(*text)
	*text = append(binary.LittleEndian.AppendUint16(*text, uint16(len(name))), name...)
	return uint32(last*topRoom + at)
}

// name returns the name at a place.
func (t *Top) name(place uint32) string {
	text := t.texts[place/topRoom][place%topRoom:]
	return string(text[2:][:binary.LittleEndian.Uint16(text)])
}

// A Count is how often a name came.
type Count struct {
	Name  string
	Count int64
}

// Dropped returns how often names came that are not counted, for there were
// [MaxNames] others before them.
func (t *Top) Dropped() int64 {
	t.countWaiting()
	return t.dropped
}

// Most returns the n names that came most often, then by name; all for n below
// 1.
func (t *Top) Most(n int) []Count {
	t.countWaiting()
	if n < 1 || n > t.count {
		n = t.count
	}
	least := t.least(n)
	var list []Count
	for _, s := range t.slots {
		if s.place != 0 && s.count >= least {
			list = append(list, Count{t.name(s.place - 1), int64(s.count)})
		}
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name)) })
	return list[:n]
}

// least returns how often the n-th of the names came that came most often.
func (t *Top) least(n int) uint32 {
	if n == t.count {
		return 0
	}
	counts := make([]uint32, 0, t.count)
	for _, s := range t.slots {
		if s.place != 0 {
			counts = append(counts, s.count)
		}
	}
	slices.Sort(counts)
	return counts[len(counts)-n]
}
