package reply

import (
	"hash/maphash"
	"sync/atomic"
)

// A cache remembers values in a fixed number of places: a new entry takes the
// place of the one whose hash falls on the same place. It only ever saves
// work; whoever asks compares the whole key.
type cache[K, V any] struct {
	places []atomic.Pointer[entry[K, V]]
}

type entry[K, V any] struct {
	key   K
	value V
}

type exactKey struct {
	text string
	d    Direction
}

type foldedKey struct {
	words string
	q     question
}

// newCache returns a cache of that many places, a power of two.
func newCache[K, V any](places int) *cache[K, V] {
	return &cache[K, V]{places: make([]atomic.Pointer[entry[K, V]], places)}
}

func (c *cache[K, V]) get(hash uint64) *entry[K, V] {
	return c.places[hash&uint64(len(c.places)-1)].Load()
}

func (c *cache[K, V]) put(hash uint64, key K, value V) {
	c.places[hash&uint64(len(c.places)-1)].Store(&entry[K, V]{key, value})
}

var hashSeed = maphash.MakeSeed()

func hashString(s string, salt uint64) uint64 {
	return maphash.String(hashSeed, s) ^ salt*0x9E3779B97F4A7C15
}

func hashBytes(b []byte, salt uint64) uint64 {
	return maphash.Bytes(hashSeed, b) ^ salt*0x9E3779B97F4A7C15
}

// hash folds the question into one number.
func (q question) hash() uint64 {
	return uint64(q.code) | uint64(q.enhanced.Major)<<16 | uint64(q.enhanced.Subject)<<24 |
		uint64(q.enhanced.Detail)<<36 | uint64(q.class)<<48 | uint64(q.verb)<<52
}
